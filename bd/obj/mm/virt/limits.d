bd/obj/mm/virt/limits.o: mm/virt/limits.c kernel/sched/cred.h \
 lib/compiler.h mm/phys/pmm.h lib/bootinfo.h mm/phys/page.h \
 kernel/base/lock.h kernel/base/types.h lib/list.h mm/virt/mmap.h \
 mm/virt/aspace.h kernel/sched/mutex.h kernel/sched/waitq.h lib/rbtree.h \
 mm/phys/mapper.h mm/virt/memobj.h lib/radix.h mm/virt/vma.h
kernel/sched/cred.h:
lib/compiler.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
kernel/base/lock.h:
kernel/base/types.h:
lib/list.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
lib/rbtree.h:
mm/phys/mapper.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/vma.h:
