bd/obj/fs/dev.o: fs/dev.c fs/dev.h fs/file.h fs/path.h lib/list.h \
 lib/compiler.h lib/rbtree.h kernel/base/types.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h fs/pseudo.h fs/stat.h fs/inode.h \
 fs/vfs.h kernel/sched/sched.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/base/ptregs.h lib/string.h mm/virt/mmap.h mm/virt/aspace.h \
 mm/phys/mapper.h mm/phys/page.h mm/virt/memobj.h lib/radix.h \
 mm/virt/uio.h
fs/dev.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/pseudo.h:
fs/stat.h:
fs/inode.h:
fs/vfs.h:
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
lib/string.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/uio.h:
