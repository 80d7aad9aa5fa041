bd/obj/kernel/sched/mutex.o: kernel/sched/mutex.c kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h lib/compiler.h lib/list.h \
 kernel/base/panic.h kernel/base/ptregs.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/base/types.h
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/compiler.h:
lib/list.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/types.h:
