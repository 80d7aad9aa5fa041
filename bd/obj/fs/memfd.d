bd/obj/fs/memfd.o: fs/memfd.c fs/memfd.h lib/compiler.h fs/dentry.h \
 fs/path.h lib/list.h lib/rbtree.h kernel/base/lock.h fs/file.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h fs/mount.h \
 fs/inode.h fs/shmem.h mm/virt/memobj.h lib/radix.h mm/phys/page.h \
 lib/fmt.h lib/string.h lib/uapi_new.h mm/phys/kmalloc.h
fs/memfd.h:
lib/compiler.h:
fs/dentry.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/lock.h:
fs/file.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
fs/mount.h:
fs/inode.h:
fs/shmem.h:
mm/virt/memobj.h:
lib/radix.h:
mm/phys/page.h:
lib/fmt.h:
lib/string.h:
lib/uapi_new.h:
mm/phys/kmalloc.h:
