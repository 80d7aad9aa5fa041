bd/obj/fs/eventfd.o: fs/eventfd.c fs/eventfd.h lib/compiler.h fs/anon.h \
 fs/file.h fs/path.h lib/list.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/inode.h \
 fs/mount.h fs/poll.h fs/pseudo.h lib/restart.h mm/phys/kmalloc.h \
 mm/virt/uio.h
fs/eventfd.h:
lib/compiler.h:
fs/anon.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/inode.h:
fs/mount.h:
fs/poll.h:
fs/pseudo.h:
lib/restart.h:
mm/phys/kmalloc.h:
mm/virt/uio.h:
