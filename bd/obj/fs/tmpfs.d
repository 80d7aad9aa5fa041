bd/obj/fs/tmpfs.o: fs/tmpfs.c fs/tmpfs.h fs/mount.h fs/inode.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h \
 lib/compiler.h lib/list.h fs/path.h lib/rbtree.h fs/dentry.h fs/shmem.h \
 mm/virt/memobj.h lib/radix.h mm/phys/page.h kernel/base/types.h \
 fs/stat.h fs/tmpfs_inode.h fs/initramfs.h lib/image.h \
 kernel/sched/cred.h lib/string.h mm/phys/kmalloc.h mm/phys/physmap.h
fs/tmpfs.h:
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
fs/shmem.h:
mm/virt/memobj.h:
lib/radix.h:
mm/phys/page.h:
kernel/base/types.h:
fs/stat.h:
fs/tmpfs_inode.h:
fs/initramfs.h:
lib/image.h:
kernel/sched/cred.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/phys/physmap.h:
