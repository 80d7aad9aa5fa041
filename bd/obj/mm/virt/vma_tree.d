bd/obj/mm/virt/vma_tree.o: mm/virt/vma_tree.c mm/virt/vma.h \
 mm/virt/aspace.h kernel/sched/mutex.h kernel/sched/waitq.h \
 kernel/base/lock.h lib/compiler.h lib/list.h lib/rbtree.h \
 mm/phys/mapper.h kernel/base/types.h mm/phys/page.h mm/virt/memobj.h \
 lib/radix.h
mm/virt/vma.h:
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
