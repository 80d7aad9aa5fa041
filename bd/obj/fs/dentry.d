bd/obj/fs/dentry.o: fs/dentry.c fs/dentry.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/lock.h fs/inode.h \
 kernel/sched/mutex.h kernel/sched/waitq.h fs/mount.h kernel/base/panic.h \
 kernel/base/ptregs.h lib/string.h mm/phys/kmalloc.h
fs/dentry.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/lock.h:
fs/inode.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
fs/mount.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
lib/string.h:
mm/phys/kmalloc.h:
