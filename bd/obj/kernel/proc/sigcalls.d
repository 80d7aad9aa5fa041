bd/obj/kernel/proc/sigcalls.o: kernel/proc/sigcalls.c \
 kernel/proc/signal_internal.h kernel/proc/process_internal.h \
 kernel/proc/process.h kernel/base/lock.h lib/compiler.h \
 kernel/base/types.h kernel/proc/rlimit.h kernel/proc/signal.h \
 kernel/base/ptregs.h lib/list.h lib/restart.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/sched/timer.h lib/rbtree.h \
 kernel/sched/waitq.h kernel/sched/cred.h kernel/sched/pid.h \
 kernel/sched/sched.h lib/string.h
kernel/proc/signal_internal.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/base/lock.h:
lib/compiler.h:
kernel/base/types.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
kernel/base/ptregs.h:
lib/list.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
lib/rbtree.h:
kernel/sched/waitq.h:
kernel/sched/cred.h:
kernel/sched/pid.h:
kernel/sched/sched.h:
lib/string.h:
