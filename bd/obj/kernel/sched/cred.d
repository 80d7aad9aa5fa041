bd/obj/kernel/sched/cred.o: kernel/sched/cred.c kernel/sched/cred.h \
 lib/compiler.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/base/ptregs.h kernel/base/types.h lib/list.h mm/phys/kmalloc.h
kernel/sched/cred.h:
lib/compiler.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
kernel/base/types.h:
lib/list.h:
mm/phys/kmalloc.h:
