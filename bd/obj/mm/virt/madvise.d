bd/obj/mm/virt/madvise.o: mm/virt/madvise.c mm/phys/tlb.h \
 mm/phys/mapper.h kernel/base/lock.h lib/compiler.h kernel/base/types.h \
 mm/phys/page.h lib/list.h mm/virt/mmap.h mm/virt/aspace.h \
 kernel/sched/mutex.h kernel/sched/waitq.h lib/rbtree.h mm/virt/memobj.h \
 lib/radix.h mm/virt/populate.h mm/virt/slots.h mm/virt/vma.h
mm/phys/tlb.h:
mm/phys/mapper.h:
kernel/base/lock.h:
lib/compiler.h:
kernel/base/types.h:
mm/phys/page.h:
lib/list.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
lib/rbtree.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/populate.h:
mm/virt/slots.h:
mm/virt/vma.h:
