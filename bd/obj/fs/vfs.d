bd/obj/fs/vfs.o: fs/vfs.c fs/vfs.h lib/compiler.h fs/anon.h fs/file.h \
 fs/path.h lib/list.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/inode.h \
 fs/mount.h fs/console.h drivers/ctl.h lib/ctlproto.h fs/dentry.h \
 fs/dev.h fs/flock.h fs/initramfs.h lib/image.h fs/memfd.h fs/pipe.h \
 fs/pseudo.h fs/stat.h fs/tmpfs.h fs/tty.h fs/walk.h fs/namei.h \
 kernel/base/log.h
fs/vfs.h:
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
fs/console.h:
drivers/ctl.h:
lib/ctlproto.h:
fs/dentry.h:
fs/dev.h:
fs/flock.h:
fs/initramfs.h:
lib/image.h:
fs/memfd.h:
fs/pipe.h:
fs/pseudo.h:
fs/stat.h:
fs/tmpfs.h:
fs/tty.h:
fs/walk.h:
fs/namei.h:
kernel/base/log.h:
