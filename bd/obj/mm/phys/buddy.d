bd/obj/mm/phys/buddy.o: mm/phys/buddy.c mm/phys/buddy.h mm/phys/pmm.h \
 lib/bootinfo.h lib/compiler.h mm/phys/page.h kernel/base/lock.h \
 kernel/base/types.h lib/list.h mm/phys/debug.h mm/phys/physmap.h \
 mm/phys/virgin.h
mm/phys/buddy.h:
mm/phys/pmm.h:
lib/bootinfo.h:
lib/compiler.h:
mm/phys/page.h:
kernel/base/lock.h:
kernel/base/types.h:
lib/list.h:
mm/phys/debug.h:
mm/phys/physmap.h:
mm/phys/virgin.h:
