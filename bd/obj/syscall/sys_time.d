bd/obj/syscall/sys_time.o: syscall/sys_time.c kernel/base/clock.h \
 lib/compiler.h kernel/proc/process.h kernel/base/lock.h \
 kernel/base/types.h kernel/proc/rlimit.h kernel/proc/signal.h \
 kernel/base/ptregs.h lib/list.h lib/restart.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/sched/timer.h lib/rbtree.h \
 kernel/sched/waitq.h kernel/sched/pid.h kernel/sched/sched.h \
 mm/virt/uaccess.h syscall/args.h fs/path.h syscall/calls.h \
 syscall/kinds.def syscall/syscalls.def
kernel/base/clock.h:
lib/compiler.h:
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
kernel/sched/pid.h:
kernel/sched/sched.h:
mm/virt/uaccess.h:
syscall/args.h:
fs/path.h:
syscall/calls.h:
syscall/kinds.def:
syscall/syscalls.def:
