bd/obj/mm/phys/pmm.o: mm/phys/pmm.c mm/phys/pmm.h lib/bootinfo.h \
 lib/compiler.h mm/phys/page.h kernel/base/lock.h kernel/base/types.h \
 lib/list.h kernel/base/cpu.h kernel/base/panic.h kernel/base/ptregs.h \
 kernel/base/percpu.h mm/phys/buddy.h mm/phys/debug.h mm/phys/kmap.h \
 mm/phys/mapper.h mm/phys/physmap.h mm/phys/virgin.h
mm/phys/pmm.h:
lib/bootinfo.h:
lib/compiler.h:
mm/phys/page.h:
kernel/base/lock.h:
kernel/base/types.h:
lib/list.h:
kernel/base/cpu.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/base/percpu.h:
mm/phys/buddy.h:
mm/phys/debug.h:
mm/phys/kmap.h:
mm/phys/mapper.h:
mm/phys/physmap.h:
mm/phys/virgin.h:
