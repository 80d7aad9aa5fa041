bd/obj/syscall/sys_fcntl.o: syscall/sys_fcntl.c fs/fdtable.h fs/file.h \
 fs/path.h lib/list.h lib/compiler.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/flock.h \
 fs/inode.h fs/memfd.h fs/pipe.h kernel/proc/process.h \
 kernel/proc/rlimit.h kernel/proc/signal.h kernel/base/ptregs.h \
 lib/restart.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/sched/timer.h lib/uapi_new.h mm/virt/uaccess.h syscall/args.h \
 syscall/calls.h syscall/kinds.def syscall/syscalls.def
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
fs/flock.h:
fs/inode.h:
fs/memfd.h:
fs/pipe.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
kernel/base/ptregs.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
lib/uapi_new.h:
mm/virt/uaccess.h:
syscall/args.h:
syscall/calls.h:
syscall/kinds.def:
syscall/syscalls.def:
