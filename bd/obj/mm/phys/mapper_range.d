bd/obj/mm/phys/mapper_range.o: mm/phys/mapper_range.c kernel/base/cpu.h \
 lib/compiler.h kernel/base/panic.h kernel/base/ptregs.h \
 mm/phys/mapper_impl.h mm/phys/physmap.h kernel/base/types.h \
 mm/phys/pte.h mm/phys/mapper.h kernel/base/lock.h mm/phys/page.h \
 lib/list.h mm/phys/tlb.h mm/phys/pmm.h lib/bootinfo.h
kernel/base/cpu.h:
lib/compiler.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
mm/phys/mapper_impl.h:
mm/phys/physmap.h:
kernel/base/types.h:
mm/phys/pte.h:
mm/phys/mapper.h:
kernel/base/lock.h:
mm/phys/page.h:
lib/list.h:
mm/phys/tlb.h:
mm/phys/pmm.h:
lib/bootinfo.h:
