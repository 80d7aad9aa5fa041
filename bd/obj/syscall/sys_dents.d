bd/obj/syscall/sys_dents.o: syscall/sys_dents.c fs/dir.h lib/compiler.h \
 fs/file.h fs/path.h lib/list.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h \
 lib/string.h mm/virt/uaccess.h syscall/args.h syscall/calls.h \
 kernel/base/ptregs.h syscall/kinds.def syscall/syscalls.def
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
lib/string.h:
mm/virt/uaccess.h:
syscall/args.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
