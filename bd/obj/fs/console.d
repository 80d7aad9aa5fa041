bd/obj/fs/console.o: fs/console.c fs/console.h lib/compiler.h \
 drivers/ctl.h lib/ctlproto.h fs/anon.h fs/file.h fs/path.h lib/list.h \
 lib/rbtree.h kernel/base/types.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h fs/inode.h fs/mount.h \
 fs/fdtable.h fs/namei.h fs/poll.h fs/tty.h fs/vfs.h mm/phys/kmalloc.h \
 mm/virt/uio.h
fs/console.h:
lib/compiler.h:
drivers/ctl.h:
lib/ctlproto.h:
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
fs/fdtable.h:
fs/namei.h:
fs/poll.h:
fs/tty.h:
fs/vfs.h:
mm/phys/kmalloc.h:
mm/virt/uio.h:
