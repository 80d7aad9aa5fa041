bd/obj/mm/phys/kva.o: mm/phys/kva.c mm/phys/kva.h kernel/base/types.h \
 lib/compiler.h kernel/base/lock.h kernel/base/panic.h \
 kernel/base/ptregs.h lib/list.h mm/phys/kmalloc.h mm/phys/kmap.h \
 mm/phys/mapper.h mm/phys/page.h mm/phys/kstack.h mm/phys/physmap.h \
 mm/phys/pmm.h lib/bootinfo.h mm/phys/tlb.h
mm/phys/kva.h:
kernel/base/types.h:
lib/compiler.h:
kernel/base/lock.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
lib/list.h:
mm/phys/kmalloc.h:
mm/phys/kmap.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/phys/kstack.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/tlb.h:
