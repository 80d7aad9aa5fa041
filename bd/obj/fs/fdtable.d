bd/obj/fs/fdtable.o: fs/fdtable.c fs/fdtable.h fs/file.h fs/path.h \
 lib/list.h lib/compiler.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h fs/flock.h \
 fs/inode.h kernel/base/panic.h kernel/base/ptregs.h kernel/sched/sched.h \
 kernel/sched/thread.h kernel/base/percpu.h lib/string.h \
 mm/phys/kmalloc.h
fs/fdtable.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/flock.h:
fs/inode.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
lib/string.h:
mm/phys/kmalloc.h:
