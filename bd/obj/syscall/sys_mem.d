bd/obj/syscall/sys_mem.o: syscall/sys_mem.c fs/file.h fs/path.h \
 lib/list.h lib/compiler.h lib/rbtree.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/base/ptregs.h \
 mm/virt/mmap.h mm/virt/aspace.h mm/phys/mapper.h mm/phys/page.h \
 mm/virt/memobj.h lib/radix.h syscall/args.h syscall/calls.h \
 syscall/kinds.def syscall/syscalls.def
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
syscall/args.h:
syscall/calls.h:
syscall/kinds.def:
syscall/syscalls.def:
