bd/obj/fs/pseudo_file.o: fs/pseudo_file.c fs/file.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/types.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h fs/pseudo_inode.h fs/inode.h \
 fs/pseudo.h mm/phys/kmalloc.h mm/virt/uio.h
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/pseudo_inode.h:
fs/inode.h:
fs/pseudo.h:
mm/phys/kmalloc.h:
mm/virt/uio.h:
