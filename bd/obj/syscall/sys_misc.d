bd/obj/syscall/sys_misc.o: syscall/sys_misc.c fs/fdtable.h fs/file.h \
 fs/path.h lib/list.h lib/compiler.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/inode.h \
 fs/vfs.h kernel/base/clock.h kernel/proc/uts.h lib/string.h \
 mm/phys/pmm.h lib/bootinfo.h mm/phys/page.h mm/virt/uaccess.h \
 mm/virt/uio.h syscall/args.h syscall/calls.h kernel/base/ptregs.h \
 syscall/kinds.def syscall/syscalls.def
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
fs/inode.h:
fs/vfs.h:
kernel/base/clock.h:
kernel/proc/uts.h:
lib/string.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
mm/virt/uaccess.h:
mm/virt/uio.h:
syscall/args.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
