bd/obj/kernel/proc/rseq.o: kernel/proc/rseq.c kernel/proc/rseq.h \
 kernel/base/ptregs.h lib/compiler.h kernel/base/percpu.h \
 kernel/proc/process.h kernel/base/lock.h kernel/base/types.h \
 kernel/proc/rlimit.h kernel/proc/signal.h lib/list.h lib/restart.h \
 kernel/sched/thread.h kernel/sched/timer.h lib/rbtree.h \
 kernel/sched/waitq.h mm/virt/uaccess.h
kernel/proc/rseq.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/percpu.h:
kernel/proc/process.h:
kernel/base/lock.h:
kernel/base/types.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
lib/list.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/sched/timer.h:
lib/rbtree.h:
kernel/sched/waitq.h:
mm/virt/uaccess.h:
