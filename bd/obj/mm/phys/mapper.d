bd/obj/mm/phys/mapper.o: mm/phys/mapper.c mm/phys/mapper.h \
 kernel/base/lock.h lib/compiler.h kernel/base/types.h mm/phys/page.h \
 lib/list.h lib/string.h mm/phys/mapper_impl.h mm/phys/physmap.h \
 mm/phys/pte.h mm/phys/tlb.h mm/phys/pmm.h lib/bootinfo.h
mm/phys/mapper.h:
kernel/base/lock.h:
lib/compiler.h:
kernel/base/types.h:
mm/phys/page.h:
lib/list.h:
lib/string.h:
mm/phys/mapper_impl.h:
mm/phys/physmap.h:
mm/phys/pte.h:
mm/phys/tlb.h:
mm/phys/pmm.h:
lib/bootinfo.h:
