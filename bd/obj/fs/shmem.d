bd/obj/fs/shmem.o: fs/shmem.c fs/shmem.h fs/inode.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h lib/compiler.h lib/list.h \
 mm/virt/memobj.h lib/radix.h lib/rbtree.h mm/phys/page.h \
 kernel/base/types.h fs/fdtable.h fs/file.h fs/path.h fs/mount.h \
 fs/stat.h kernel/sched/sched.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/base/ptregs.h lib/string.h lib/uapi_new.h \
 mm/phys/kmalloc.h mm/phys/physmap.h mm/phys/pmm.h lib/bootinfo.h \
 mm/virt/mmap.h mm/virt/aspace.h mm/phys/mapper.h mm/virt/uio.h
fs/shmem.h:
fs/inode.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/compiler.h:
lib/list.h:
mm/virt/memobj.h:
lib/radix.h:
lib/rbtree.h:
mm/phys/page.h:
kernel/base/types.h:
fs/fdtable.h:
fs/file.h:
fs/path.h:
fs/mount.h:
fs/stat.h:
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
lib/string.h:
lib/uapi_new.h:
mm/phys/kmalloc.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
mm/phys/mapper.h:
mm/virt/uio.h:
