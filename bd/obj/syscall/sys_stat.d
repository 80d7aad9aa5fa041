bd/obj/syscall/sys_stat.o: syscall/sys_stat.c fs/dir.h lib/compiler.h \
 fs/file.h fs/path.h lib/list.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/namei.h \
 fs/inode.h fs/stat.h lib/string.h lib/uapi_new.h mm/virt/uaccess.h \
 syscall/args.h syscall/calls.h kernel/base/ptregs.h syscall/kinds.def \
 syscall/syscalls.def
fs/dir.h:
lib/compiler.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/namei.h:
fs/inode.h:
fs/stat.h:
lib/string.h:
lib/uapi_new.h:
mm/virt/uaccess.h:
syscall/args.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
