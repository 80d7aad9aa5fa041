bd/obj/syscall/sys_copy.o: syscall/sys_copy.c fs/file.h fs/path.h \
 lib/list.h lib/compiler.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/inode.h \
 lib/restart.h mm/phys/kmalloc.h mm/virt/uaccess.h mm/virt/uio.h \
 syscall/args.h syscall/calls.h kernel/base/ptregs.h syscall/kinds.def \
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
fs/inode.h:
lib/restart.h:
mm/phys/kmalloc.h:
mm/virt/uaccess.h:
mm/virt/uio.h:
syscall/args.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
