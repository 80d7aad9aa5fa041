bd/obj/kernel/init/offsets.s: kernel/init/offsets.c kernel/base/ptregs.h \
 lib/compiler.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/base/types.h lib/list.h
kernel/base/ptregs.h:
lib/compiler.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/types.h:
lib/list.h:
