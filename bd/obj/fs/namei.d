bd/obj/fs/namei.o: fs/namei.c fs/namei.h fs/inode.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h lib/compiler.h lib/list.h \
 fs/path.h lib/rbtree.h fs/dentry.h fs/fdtable.h fs/file.h \
 kernel/base/types.h fs/mount.h fs/stat.h fs/vfs.h fs/walk.h lib/string.h \
 mm/phys/kmalloc.h
fs/namei.h:
fs/inode.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/compiler.h:
lib/list.h:
fs/path.h:
lib/rbtree.h:
fs/dentry.h:
fs/fdtable.h:
fs/file.h:
kernel/base/types.h:
fs/mount.h:
fs/stat.h:
fs/vfs.h:
fs/walk.h:
lib/string.h:
mm/phys/kmalloc.h:
