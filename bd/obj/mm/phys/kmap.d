bd/obj/mm/phys/kmap.o: mm/phys/kmap.c mm/phys/kmap.h mm/phys/mapper.h \
 kernel/base/lock.h lib/compiler.h kernel/base/types.h mm/phys/page.h \
 lib/list.h kernel/base/cpu.h mm/phys/physmap.h mm/phys/pmm.h \
 lib/bootinfo.h mm/phys/pte.h mm/phys/tlb.h
mm/phys/kmap.h:
mm/phys/mapper.h:
kernel/base/lock.h:
lib/compiler.h:
kernel/base/types.h:
mm/phys/page.h:
lib/list.h:
kernel/base/cpu.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/pte.h:
mm/phys/tlb.h:
