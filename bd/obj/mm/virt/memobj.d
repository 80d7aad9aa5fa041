bd/obj/mm/virt/memobj.o: mm/virt/memobj.c mm/virt/memobj.h \
 kernel/base/lock.h lib/compiler.h kernel/sched/waitq.h lib/list.h \
 lib/radix.h lib/rbtree.h mm/phys/page.h kernel/base/types.h \
 kernel/sched/mutex.h kernel/sched/sched.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/base/ptregs.h mm/phys/kmalloc.h \
 mm/phys/pmm.h lib/bootinfo.h mm/virt/slots.h
mm/virt/memobj.h:
kernel/base/lock.h:
lib/compiler.h:
kernel/sched/waitq.h:
lib/list.h:
lib/radix.h:
lib/rbtree.h:
mm/phys/page.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
mm/phys/kmalloc.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/virt/slots.h:
