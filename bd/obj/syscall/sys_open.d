bd/obj/syscall/sys_open.o: syscall/sys_open.c fs/fdtable.h fs/file.h \
 fs/path.h lib/list.h lib/compiler.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/memfd.h \
 fs/namei.h fs/inode.h fs/pipe.h lib/restart.h lib/string.h \
 lib/uapi_new.h mm/virt/uaccess.h syscall/args.h syscall/calls.h \
 kernel/base/ptregs.h syscall/kinds.def syscall/syscalls.def
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
fs/memfd.h:
fs/namei.h:
fs/inode.h:
fs/pipe.h:
lib/restart.h:
lib/string.h:
lib/uapi_new.h:
mm/virt/uaccess.h:
syscall/args.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
