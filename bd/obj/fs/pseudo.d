bd/obj/fs/pseudo.o: fs/pseudo.c fs/pseudo.h lib/compiler.h fs/dentry.h \
 fs/path.h lib/list.h lib/rbtree.h kernel/base/lock.h fs/dir.h \
 fs/fdtable.h fs/file.h kernel/base/types.h kernel/sched/mutex.h \
 kernel/sched/waitq.h fs/mount.h fs/inode.h fs/pseudo_inode.h fs/stat.h \
 fs/vfs.h lib/string.h mm/phys/kmalloc.h
fs/pseudo.h:
lib/compiler.h:
fs/dentry.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/lock.h:
fs/dir.h:
fs/fdtable.h:
fs/file.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
fs/mount.h:
fs/inode.h:
fs/pseudo_inode.h:
fs/stat.h:
fs/vfs.h:
lib/string.h:
mm/phys/kmalloc.h:
