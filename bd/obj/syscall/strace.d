bd/obj/syscall/strace.o: syscall/strace.c syscall/strace.h \
 kernel/base/ptregs.h lib/compiler.h fs/pseudo.h kernel/base/log.h \
 kernel/proc/process.h kernel/base/lock.h kernel/base/types.h \
 kernel/proc/rlimit.h kernel/proc/signal.h lib/list.h lib/restart.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/sched/timer.h \
 lib/rbtree.h kernel/sched/waitq.h lib/string.h mm/phys/kmalloc.h \
 syscall/calls.h syscall/kinds.def syscall/syscalls.def \
 syscall/dispatch.h syscall/strace_args.h syscall/strace_names.h
syscall/strace.h:
kernel/base/ptregs.h:
lib/compiler.h:
fs/pseudo.h:
kernel/base/log.h:
kernel/proc/process.h:
kernel/base/lock.h:
kernel/base/types.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
lib/list.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
lib/rbtree.h:
kernel/sched/waitq.h:
lib/string.h:
mm/phys/kmalloc.h:
syscall/calls.h:
syscall/kinds.def:
syscall/syscalls.def:
syscall/dispatch.h:
syscall/strace_args.h:
syscall/strace_names.h:
