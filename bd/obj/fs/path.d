bd/obj/fs/path.o: fs/path.c fs/path.h lib/list.h lib/compiler.h \
 lib/rbtree.h fs/dentry.h kernel/base/lock.h fs/mount.h fs/inode.h \
 kernel/sched/mutex.h kernel/sched/waitq.h lib/string.h
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
fs/dentry.h:
kernel/base/lock.h:
fs/mount.h:
fs/inode.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
lib/string.h:
