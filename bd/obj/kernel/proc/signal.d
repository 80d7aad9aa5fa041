bd/obj/kernel/proc/signal.o: kernel/proc/signal.c kernel/proc/signal.h \
 kernel/base/lock.h lib/compiler.h kernel/base/ptregs.h \
 kernel/base/types.h lib/list.h lib/restart.h \
 kernel/proc/signal_internal.h kernel/proc/process_internal.h \
 kernel/proc/process.h kernel/proc/rlimit.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/sched/timer.h lib/rbtree.h \
 kernel/sched/waitq.h kernel/sched/cred.h kernel/sched/sched.h \
 lib/string.h mm/phys/kmalloc.h
kernel/proc/signal.h:
kernel/base/lock.h:
lib/compiler.h:
kernel/base/ptregs.h:
kernel/base/types.h:
lib/list.h:
lib/restart.h:
kernel/proc/signal_internal.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
lib/rbtree.h:
kernel/sched/waitq.h:
kernel/sched/cred.h:
kernel/sched/sched.h:
lib/string.h:
mm/phys/kmalloc.h:
