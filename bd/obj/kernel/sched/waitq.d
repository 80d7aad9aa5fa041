bd/obj/kernel/sched/waitq.o: kernel/sched/waitq.c kernel/sched/waitq.h \
 kernel/base/lock.h lib/compiler.h lib/list.h kernel/sched/sched.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/base/ptregs.h \
 kernel/base/types.h kernel/sched/timer.h lib/rbtree.h
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/compiler.h:
lib/list.h:
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
kernel/base/types.h:
kernel/sched/timer.h:
lib/rbtree.h:
