bd/obj/mm/virt/memobj_resize.o: mm/virt/memobj_resize.c \
 kernel/sched/sched.h kernel/sched/thread.h kernel/base/percpu.h \
 lib/compiler.h kernel/base/ptregs.h kernel/base/types.h lib/list.h \
 lib/string.h mm/phys/physmap.h mm/phys/pmm.h lib/bootinfo.h \
 mm/phys/page.h kernel/base/lock.h mm/phys/tlb.h mm/phys/mapper.h \
 mm/virt/mmap.h mm/virt/aspace.h kernel/sched/mutex.h \
 kernel/sched/waitq.h lib/rbtree.h mm/virt/memobj.h lib/radix.h \
 mm/virt/slots.h mm/virt/vma.h
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
lib/compiler.h:
kernel/base/ptregs.h:
kernel/base/types.h:
lib/list.h:
lib/string.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
kernel/base/lock.h:
mm/phys/tlb.h:
mm/phys/mapper.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
lib/rbtree.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/slots.h:
mm/virt/vma.h:
