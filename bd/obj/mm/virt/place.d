bd/obj/mm/virt/place.o: mm/virt/place.c mm/virt/place.h mm/virt/aspace.h \
 kernel/sched/mutex.h kernel/sched/waitq.h kernel/base/lock.h \
 lib/compiler.h lib/list.h lib/rbtree.h mm/phys/mapper.h \
 kernel/base/types.h mm/phys/page.h mm/virt/memobj.h lib/radix.h \
 kernel/sched/cred.h mm/virt/mmap.h mm/virt/vma.h
mm/virt/place.h:
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
kernel/sched/cred.h:
mm/virt/mmap.h:
mm/virt/vma.h:
