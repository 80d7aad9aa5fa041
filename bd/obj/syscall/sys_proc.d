bd/obj/syscall/sys_proc.o: syscall/sys_proc.c fs/fdtable.h fs/file.h \
 fs/path.h lib/list.h lib/compiler.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/namei.h \
 fs/inode.h kernel/base/cpu.h kernel/base/cpufeat.h kernel/base/percpu.h \
 kernel/proc/clone.h kernel/base/ptregs.h kernel/proc/exec.h \
 kernel/proc/process.h kernel/proc/rlimit.h kernel/proc/signal.h \
 lib/restart.h kernel/sched/thread.h kernel/sched/timer.h \
 kernel/sched/pid.h kernel/sched/sched.h lib/string.h mm/virt/uaccess.h \
 syscall/args.h syscall/calls.h syscall/kinds.def syscall/syscalls.def
fs/fdtable.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/namei.h:
fs/inode.h:
kernel/base/cpu.h:
kernel/base/cpufeat.h:
kernel/base/percpu.h:
kernel/proc/clone.h:
kernel/base/ptregs.h:
kernel/proc/exec.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/sched/timer.h:
kernel/sched/pid.h:
kernel/sched/sched.h:
lib/string.h:
mm/virt/uaccess.h:
syscall/args.h:
syscall/calls.h:
syscall/kinds.def:
syscall/syscalls.def:
