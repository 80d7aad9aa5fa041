bd/obj/mm/phys/tlb.o: mm/phys/tlb.c mm/phys/tlb.h mm/phys/mapper.h \
 kernel/base/lock.h lib/compiler.h kernel/base/types.h mm/phys/page.h \
 lib/list.h kernel/base/cpu.h kernel/base/panic.h kernel/base/ptregs.h \
 kernel/base/percpu.h mm/phys/pmm.h lib/bootinfo.h
mm/phys/tlb.h:
mm/phys/mapper.h:
kernel/base/lock.h:
lib/compiler.h:
kernel/base/types.h:
mm/phys/page.h:
lib/list.h:
kernel/base/cpu.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/base/percpu.h:
mm/phys/pmm.h:
lib/bootinfo.h:
