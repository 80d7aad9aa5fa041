bd/obj/fs/tmpfs_dir.o: fs/tmpfs_dir.c fs/dentry.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/lock.h fs/dir.h fs/file.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h fs/mount.h \
 fs/inode.h fs/stat.h fs/tmpfs_inode.h fs/initramfs.h lib/image.h \
 fs/tmpfs.h fs/walk.h fs/namei.h lib/string.h mm/phys/kmalloc.h
fs/dentry.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/lock.h:
fs/dir.h:
fs/file.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
fs/mount.h:
fs/inode.h:
fs/stat.h:
fs/tmpfs_inode.h:
fs/initramfs.h:
lib/image.h:
fs/tmpfs.h:
fs/walk.h:
fs/namei.h:
lib/string.h:
mm/phys/kmalloc.h:
