bd/obj/kernel/proc/init.o: kernel/proc/init.c drivers/ctl.h \
 lib/compiler.h lib/ctlproto.h fs/vfs.h kernel/base/random.h \
 kernel/proc/process_internal.h kernel/proc/process.h kernel/base/lock.h \
 kernel/base/types.h kernel/proc/rlimit.h kernel/proc/signal.h \
 kernel/base/ptregs.h lib/list.h lib/restart.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/sched/timer.h lib/rbtree.h \
 kernel/sched/waitq.h kernel/proc/procfs.h kernel/proc/vdso.h \
 kernel/sched/sched.h
drivers/ctl.h:
lib/compiler.h:
lib/ctlproto.h:
fs/vfs.h:
kernel/base/random.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/base/lock.h:
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
kernel/proc/procfs.h:
kernel/proc/vdso.h:
kernel/sched/sched.h:
