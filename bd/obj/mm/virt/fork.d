bd/obj/mm/virt/fork.o: mm/virt/fork.c kernel/sched/sched.h \
 kernel/sched/thread.h kernel/base/percpu.h lib/compiler.h \
 kernel/base/ptregs.h kernel/base/types.h lib/list.h mm/phys/tlb.h \
 mm/phys/mapper.h kernel/base/lock.h mm/phys/page.h mm/virt/mmap.h \
 mm/virt/aspace.h kernel/sched/mutex.h kernel/sched/waitq.h lib/rbtree.h \
 mm/virt/memobj.h lib/radix.h mm/virt/vma.h
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
lib/compiler.h:
kernel/base/ptregs.h:
kernel/base/types.h:
lib/list.h:
mm/phys/tlb.h:
mm/phys/mapper.h:
kernel/base/lock.h:
mm/phys/page.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
lib/rbtree.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/vma.h:
