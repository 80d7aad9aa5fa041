bd/obj/fs/mount.o: fs/mount.c fs/mount.h fs/inode.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h lib/compiler.h lib/list.h \
 fs/path.h lib/rbtree.h fs/dentry.h fs/namei.h fs/stat.h fs/vfs.h \
 kernel/base/panic.h kernel/base/ptregs.h lib/string.h mm/phys/kmalloc.h
fs/mount.h:
fs/inode.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/compiler.h:
lib/list.h:
fs/path.h:
lib/rbtree.h:
fs/dentry.h:
fs/namei.h:
fs/stat.h:
fs/vfs.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
lib/string.h:
mm/phys/kmalloc.h:
