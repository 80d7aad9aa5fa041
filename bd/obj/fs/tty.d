bd/obj/fs/tty.o: fs/tty.c fs/tty.h lib/compiler.h drivers/ctl.h \
 lib/ctlproto.h fs/console.h fs/file.h fs/path.h lib/list.h lib/rbtree.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h \
 kernel/base/lock.h fs/inode.h fs/poll.h fs/pseudo.h fs/stat.h fs/vfs.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/base/ptregs.h \
 lib/restart.h lib/string.h mm/virt/uaccess.h mm/virt/uio.h
fs/tty.h:
lib/compiler.h:
drivers/ctl.h:
lib/ctlproto.h:
fs/console.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/inode.h:
fs/poll.h:
fs/pseudo.h:
fs/stat.h:
fs/vfs.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
lib/restart.h:
lib/string.h:
mm/virt/uaccess.h:
mm/virt/uio.h:
