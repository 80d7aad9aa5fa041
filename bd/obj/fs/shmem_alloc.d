bd/obj/fs/shmem_alloc.o: fs/shmem_alloc.c fs/file.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/types.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h fs/shmem.h fs/inode.h \
 mm/virt/memobj.h lib/radix.h mm/phys/page.h fs/stat.h
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/shmem.h:
fs/inode.h:
mm/virt/memobj.h:
lib/radix.h:
mm/phys/page.h:
fs/stat.h:
