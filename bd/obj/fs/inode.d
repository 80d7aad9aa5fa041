bd/obj/fs/inode.o: fs/inode.c fs/inode.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h lib/compiler.h lib/list.h \
 fs/file.h fs/path.h lib/rbtree.h kernel/base/types.h fs/flock.h \
 fs/mount.h fs/namei.h fs/stat.h kernel/base/clock.h kernel/base/panic.h \
 kernel/base/ptregs.h kernel/sched/cred.h
fs/inode.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/compiler.h:
lib/list.h:
fs/file.h:
fs/path.h:
lib/rbtree.h:
kernel/base/types.h:
fs/flock.h:
fs/mount.h:
fs/namei.h:
fs/stat.h:
kernel/base/clock.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/sched/cred.h:
