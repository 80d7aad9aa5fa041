bd/obj/syscall/sys_fd.o: syscall/sys_fd.c fs/file.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/types.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h mm/virt/uio.h syscall/args.h \
 syscall/calls.h kernel/base/ptregs.h syscall/kinds.def \
 syscall/syscalls.def
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
mm/virt/uio.h:
syscall/args.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
