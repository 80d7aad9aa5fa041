bd/obj/fs/initramfs_scan.o: fs/initramfs_scan.c fs/dentry.h fs/path.h \
 lib/list.h lib/compiler.h lib/rbtree.h kernel/base/lock.h fs/file.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h \
 fs/initramfs.h lib/image.h fs/namei.h fs/inode.h fs/shmem.h \
 mm/virt/memobj.h lib/radix.h mm/phys/page.h fs/stat.h kernel/base/log.h \
 lib/cpio.h lib/string.h mm/phys/kmalloc.h mm/phys/physmap.h \
 mm/virt/uio.h
fs/dentry.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/lock.h:
fs/file.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
fs/initramfs.h:
lib/image.h:
fs/namei.h:
fs/inode.h:
fs/shmem.h:
mm/virt/memobj.h:
lib/radix.h:
mm/phys/page.h:
fs/stat.h:
kernel/base/log.h:
lib/cpio.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/phys/physmap.h:
mm/virt/uio.h:
