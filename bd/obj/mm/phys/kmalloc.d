bd/obj/mm/phys/kmalloc.o: mm/phys/kmalloc.c mm/phys/kmalloc.h \
 lib/compiler.h kernel/base/cpu.h kernel/base/lock.h kernel/base/panic.h \
 kernel/base/ptregs.h kernel/base/percpu.h lib/string.h mm/phys/debug.h \
 kernel/base/types.h mm/phys/kmem_check.h mm/phys/physmap.h mm/phys/pmm.h \
 lib/bootinfo.h mm/phys/page.h lib/list.h
mm/phys/kmalloc.h:
lib/compiler.h:
kernel/base/cpu.h:
kernel/base/lock.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/base/percpu.h:
lib/string.h:
mm/phys/debug.h:
kernel/base/types.h:
mm/phys/kmem_check.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
lib/list.h:
