bd/obj/kernel/proc/vdso.o: kernel/proc/vdso.c kernel/proc/vdso.h \
 kernel/base/types.h lib/compiler.h kernel/base/clock.h \
 kernel/base/lock.h kernel/proc/vdso/vvar.h lib/string.h \
 mm/phys/physmap.h mm/virt/mmap.h mm/virt/aspace.h kernel/sched/mutex.h \
 kernel/sched/waitq.h lib/list.h lib/rbtree.h mm/phys/mapper.h \
 mm/phys/page.h mm/virt/memobj.h lib/radix.h kernel/proc/vdso_image.h
kernel/proc/vdso.h:
kernel/base/types.h:
lib/compiler.h:
kernel/base/clock.h:
kernel/base/lock.h:
kernel/proc/vdso/vvar.h:
lib/string.h:
mm/phys/physmap.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
lib/list.h:
lib/rbtree.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
kernel/proc/vdso_image.h:
