bd/obj/mm/phys/kernelmap.o: mm/phys/kernelmap.c mm/phys/kernelmap.h \
 lib/compiler.h kernel/base/boottables.h kernel/base/types.h \
 kernel/base/cpu.h kernel/base/sections.h mm/phys/pte.h mm/phys/mapper.h \
 kernel/base/lock.h mm/phys/page.h lib/list.h
mm/phys/kernelmap.h:
lib/compiler.h:
kernel/base/boottables.h:
kernel/base/types.h:
kernel/base/cpu.h:
kernel/base/sections.h:
mm/phys/pte.h:
mm/phys/mapper.h:
kernel/base/lock.h:
mm/phys/page.h:
lib/list.h:
