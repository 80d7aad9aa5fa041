bd/obj/syscall/sys_futex.o: syscall/sys_futex.c kernel/base/clock.h \
 lib/compiler.h kernel/proc/futex.h kernel/base/types.h mm/virt/uaccess.h \
 syscall/args.h fs/path.h lib/list.h lib/rbtree.h syscall/calls.h \
 kernel/base/ptregs.h syscall/kinds.def syscall/syscalls.def
kernel/base/clock.h:
lib/compiler.h:
kernel/proc/futex.h:
kernel/base/types.h:
mm/virt/uaccess.h:
syscall/args.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
