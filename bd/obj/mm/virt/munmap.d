bd/obj/mm/virt/munmap.o: mm/virt/munmap.c mm/virt/mmap.h mm/virt/aspace.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h \
 lib/compiler.h lib/list.h lib/rbtree.h mm/phys/mapper.h \
 kernel/base/types.h mm/phys/page.h mm/virt/memobj.h lib/radix.h \
 kernel/sched/sched.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/base/ptregs.h mm/phys/tlb.h mm/virt/vma.h
mm/virt/mmap.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/compiler.h:
lib/list.h:
lib/rbtree.h:
mm/phys/mapper.h:
kernel/base/types.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
mm/phys/tlb.h:
mm/virt/vma.h:
