bd/obj/mm/virt/fault.o: mm/virt/fault.c lib/string.h lib/compiler.h \
 mm/phys/physmap.h kernel/base/types.h mm/phys/pmm.h lib/bootinfo.h \
 mm/phys/page.h kernel/base/lock.h lib/list.h mm/phys/tlb.h \
 mm/phys/mapper.h mm/virt/aspace.h kernel/sched/mutex.h \
 kernel/sched/waitq.h lib/rbtree.h mm/virt/memobj.h lib/radix.h \
 mm/virt/slots.h mm/virt/vma.h
lib/string.h:
lib/compiler.h:
mm/phys/physmap.h:
kernel/base/types.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
kernel/base/lock.h:
lib/list.h:
mm/phys/tlb.h:
mm/phys/mapper.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
lib/rbtree.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/slots.h:
mm/virt/vma.h:
