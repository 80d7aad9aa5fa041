bd/obj/syscall/sys_prctl.o: syscall/sys_prctl.c kernel/proc/process.h \
 kernel/base/lock.h lib/compiler.h kernel/base/types.h \
 kernel/proc/rlimit.h kernel/proc/signal.h kernel/base/ptregs.h \
 lib/list.h lib/restart.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/sched/timer.h lib/rbtree.h kernel/sched/waitq.h \
 kernel/sched/cred.h lib/string.h mm/virt/uaccess.h syscall/args.h \
 fs/path.h syscall/calls.h syscall/kinds.def syscall/syscalls.def
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
lib/string.h:
mm/virt/uaccess.h:
syscall/args.h:
fs/path.h:
syscall/calls.h:
syscall/kinds.def:
syscall/syscalls.def:
