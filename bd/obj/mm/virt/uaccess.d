bd/obj/mm/virt/uaccess.o: mm/virt/uaccess.c mm/virt/uaccess.h \
 kernel/base/types.h lib/compiler.h kernel/base/usercopy.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/base/ptregs.h \
 lib/list.h mm/virt/aspace.h kernel/sched/mutex.h kernel/sched/waitq.h \
 kernel/base/lock.h lib/rbtree.h mm/phys/mapper.h mm/phys/page.h \
 mm/virt/memobj.h lib/radix.h
mm/virt/uaccess.h:
kernel/base/types.h:
lib/compiler.h:
kernel/base/usercopy.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/base/ptregs.h:
lib/list.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/rbtree.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
