bd/obj/fs/open.o: fs/open.c fs/dentry.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/lock.h fs/file.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h fs/mount.h \
 fs/inode.h fs/pipe.h fs/stat.h fs/vfs.h fs/walk.h fs/namei.h \
 kernel/sched/cred.h
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
fs/mount.h:
fs/inode.h:
fs/pipe.h:
fs/stat.h:
fs/vfs.h:
fs/walk.h:
fs/namei.h:
kernel/sched/cred.h:
