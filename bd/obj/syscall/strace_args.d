bd/obj/syscall/strace_args.o: syscall/strace_args.c syscall/strace_args.h \
 lib/compiler.h fs/file.h fs/path.h lib/list.h lib/rbtree.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h \
 kernel/base/lock.h fs/pseudo.h lib/bitmap.h lib/string.h \
 mm/phys/kmalloc.h mm/virt/uaccess.h syscall/args.h syscall/calls.h \
 kernel/base/ptregs.h syscall/kinds.def syscall/syscalls.def \
 syscall/strace_names.h
syscall/strace_args.h:
lib/compiler.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/pseudo.h:
lib/bitmap.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/virt/uaccess.h:
syscall/args.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
syscall/strace_names.h:
