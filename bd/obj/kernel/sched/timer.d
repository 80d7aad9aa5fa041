bd/obj/kernel/sched/timer.o: kernel/sched/timer.c kernel/sched/timer.h \
 lib/compiler.h lib/rbtree.h kernel/base/clock.h kernel/base/cpu.h \
 kernel/base/lock.h kernel/base/percpu.h kernel/sched/timer_internal.h
kernel/sched/timer.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/clock.h:
kernel/base/cpu.h:
kernel/base/lock.h:
kernel/base/percpu.h:
kernel/sched/timer_internal.h:
