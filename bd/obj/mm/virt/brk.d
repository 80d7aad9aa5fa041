bd/obj/mm/virt/brk.o: mm/virt/brk.c mm/virt/mmap.h mm/virt/aspace.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h \
 lib/compiler.h lib/list.h lib/rbtree.h mm/phys/mapper.h \
 kernel/base/types.h mm/phys/page.h mm/virt/memobj.h lib/radix.h \
 mm/virt/place.h mm/virt/vma.h
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
mm/virt/place.h:
mm/virt/vma.h:
