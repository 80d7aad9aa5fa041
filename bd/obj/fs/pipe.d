bd/obj/fs/pipe.o: fs/pipe.c fs/pipe.h lib/compiler.h fs/anon.h fs/file.h \
 fs/path.h lib/list.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/inode.h \
 fs/mount.h fs/poll.h fs/stat.h kernel/sched/cred.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/base/ptregs.h lib/restart.h lib/string.h \
 mm/phys/kmalloc.h mm/phys/physmap.h mm/phys/pmm.h lib/bootinfo.h \
 mm/phys/page.h mm/virt/uaccess.h mm/virt/uio.h
fs/pipe.h:
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
fs/stat.h:
kernel/sched/cred.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
lib/restart.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
mm/virt/uaccess.h:
mm/virt/uio.h:
