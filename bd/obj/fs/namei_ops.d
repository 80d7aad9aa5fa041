bd/obj/fs/namei_ops.o: fs/namei_ops.c fs/dentry.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/lock.h fs/mount.h fs/inode.h \
 kernel/sched/mutex.h kernel/sched/waitq.h fs/stat.h fs/walk.h fs/namei.h \
 kernel/sched/cred.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/base/ptregs.h kernel/base/types.h
fs/dentry.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/lock.h:
fs/mount.h:
fs/inode.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
fs/stat.h:
fs/walk.h:
fs/namei.h:
kernel/sched/cred.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
kernel/base/types.h:
