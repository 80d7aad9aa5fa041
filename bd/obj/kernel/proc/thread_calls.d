bd/obj/kernel/proc/thread_calls.o: kernel/proc/thread_calls.c \
 kernel/proc/process.h kernel/base/lock.h lib/compiler.h \
 kernel/base/types.h kernel/proc/rlimit.h kernel/proc/signal.h \
 kernel/base/ptregs.h lib/list.h lib/restart.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/sched/timer.h lib/rbtree.h \
 kernel/sched/waitq.h kernel/sched/pid.h
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
kernel/sched/pid.h:
