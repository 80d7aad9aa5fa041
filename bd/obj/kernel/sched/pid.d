bd/obj/kernel/sched/pid.o: kernel/sched/pid.c kernel/sched/pid.h \
 lib/compiler.h kernel/base/lock.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/base/ptregs.h kernel/base/types.h lib/list.h \
 lib/radix.h mm/phys/kmalloc.h
kernel/sched/pid.h:
lib/compiler.h:
kernel/base/lock.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
kernel/base/types.h:
lib/list.h:
lib/radix.h:
mm/phys/kmalloc.h:
