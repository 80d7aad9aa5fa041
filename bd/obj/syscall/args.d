bd/obj/syscall/args.o: syscall/args.c syscall/args.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/types.h fs/fdtable.h fs/file.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/namei.h \
 fs/inode.h kernel/base/clock.h lib/checked.h mm/phys/kmalloc.h \
 mm/virt/uaccess.h
syscall/args.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
fs/fdtable.h:
fs/file.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/namei.h:
fs/inode.h:
kernel/base/clock.h:
lib/checked.h:
mm/phys/kmalloc.h:
mm/virt/uaccess.h:
