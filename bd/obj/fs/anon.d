bd/obj/fs/anon.o: fs/anon.c fs/anon.h fs/file.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/types.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h fs/inode.h fs/mount.h \
 fs/dentry.h lib/fmt.h lib/string.h mm/phys/kmalloc.h
fs/anon.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/inode.h:
fs/mount.h:
fs/dentry.h:
lib/fmt.h:
lib/string.h:
mm/phys/kmalloc.h:
