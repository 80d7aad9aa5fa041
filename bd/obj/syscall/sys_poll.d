bd/obj/syscall/sys_poll.o: syscall/sys_poll.c fs/fdtable.h fs/file.h \
 fs/path.h lib/list.h lib/compiler.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/poll.h \
 kernel/base/clock.h kernel/proc/signal.h kernel/base/ptregs.h \
 lib/restart.h kernel/sched/sched.h kernel/sched/thread.h \
 kernel/base/percpu.h lib/string.h mm/phys/kmalloc.h mm/virt/uaccess.h \
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
fs/poll.h:
kernel/base/clock.h:
kernel/proc/signal.h:
kernel/base/ptregs.h:
lib/restart.h:
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/virt/uaccess.h:
syscall/args.h:
syscall/calls.h:
syscall/kinds.def:
syscall/syscalls.def:
