bd/obj/kernel/proc/procfs.o: kernel/proc/procfs.c kernel/proc/procfs.h
kernel/proc/procfs.h:
