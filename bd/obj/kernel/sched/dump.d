bd/obj/kernel/sched/dump.o: kernel/sched/dump.c kernel/base/log.h \
 lib/compiler.h kernel/sched/sched.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/base/ptregs.h kernel/base/types.h lib/list.h \
 kernel/sched/sched_internal.h
kernel/base/log.h:
lib/compiler.h:
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
kernel/base/types.h:
lib/list.h:
kernel/sched/sched_internal.h:
