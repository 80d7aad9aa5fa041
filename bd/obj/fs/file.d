bd/obj/fs/file.o: fs/file.c fs/file.h fs/path.h lib/list.h lib/compiler.h \
 lib/rbtree.h kernel/base/types.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h fs/dentry.h fs/dir.h \
 fs/fdtable.h fs/flock.h fs/inode.h fs/mount.h fs/namei.h fs/shmem.h \
 mm/virt/memobj.h lib/radix.h mm/phys/page.h fs/stat.h fs/vfs.h \
 kernel/base/panic.h kernel/base/ptregs.h kernel/sched/cred.h \
 lib/checked.h mm/phys/kmalloc.h mm/virt/mmap.h mm/virt/aspace.h \
 mm/phys/mapper.h mm/virt/uio.h
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/dentry.h:
fs/dir.h:
fs/fdtable.h:
fs/flock.h:
fs/inode.h:
fs/mount.h:
fs/namei.h:
fs/shmem.h:
mm/virt/memobj.h:
lib/radix.h:
mm/phys/page.h:
fs/stat.h:
fs/vfs.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/sched/cred.h:
lib/checked.h:
mm/phys/kmalloc.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
mm/phys/mapper.h:
mm/virt/uio.h:
