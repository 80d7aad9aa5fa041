bd/obj/kernel/sched/switch.S.o: kernel/sched/switch.S
