bd/obj/syscall/sys_path.o: syscall/sys_path.c fs/fdtable.h fs/file.h \
 fs/path.h lib/list.h lib/compiler.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/namei.h \
 fs/inode.h fs/stat.h lib/string.h mm/phys/kmalloc.h mm/virt/uaccess.h \
 syscall/args.h syscall/calls.h kernel/base/ptregs.h syscall/kinds.def \
 syscall/syscalls.def
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
fs/stat.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/virt/uaccess.h:
syscall/args.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
