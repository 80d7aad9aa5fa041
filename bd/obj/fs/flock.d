bd/obj/fs/flock.o: fs/flock.c fs/flock.h lib/compiler.h fs/file.h \
 fs/path.h lib/list.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/inode.h \
 fs/vfs.h lib/checked.h lib/restart.h mm/phys/kmalloc.h
fs/flock.h:
lib/compiler.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/inode.h:
fs/vfs.h:
lib/checked.h:
lib/restart.h:
mm/phys/kmalloc.h:
