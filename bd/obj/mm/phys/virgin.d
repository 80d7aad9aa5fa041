bd/obj/mm/phys/virgin.o: mm/phys/virgin.c mm/phys/virgin.h lib/bootinfo.h \
 lib/compiler.h mm/phys/buddy.h mm/phys/pmm.h mm/phys/page.h \
 kernel/base/lock.h kernel/base/types.h lib/list.h kernel/base/cpu.h \
 kernel/base/cpufeat.h kernel/base/log.h mm/phys/debug.h mm/phys/kmap.h \
 mm/phys/mapper.h mm/phys/physmap.h
mm/phys/virgin.h:
lib/bootinfo.h:
lib/compiler.h:
mm/phys/buddy.h:
mm/phys/pmm.h:
mm/phys/page.h:
kernel/base/lock.h:
kernel/base/types.h:
lib/list.h:
kernel/base/cpu.h:
kernel/base/cpufeat.h:
kernel/base/log.h:
mm/phys/debug.h:
mm/phys/kmap.h:
mm/phys/mapper.h:
mm/phys/physmap.h:
