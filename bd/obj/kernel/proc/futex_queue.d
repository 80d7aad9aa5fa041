bd/obj/kernel/proc/futex_queue.o: kernel/proc/futex_queue.c \
 kernel/proc/futex_key.h kernel/base/lock.h lib/compiler.h \
 kernel/base/types.h lib/list.h kernel/sched/sched.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/base/ptregs.h
kernel/proc/futex_key.h:
kernel/base/lock.h:
lib/compiler.h:
kernel/base/types.h:
lib/list.h:
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
