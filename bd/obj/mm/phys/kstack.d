bd/obj/mm/phys/kstack.o: mm/phys/kstack.c mm/phys/kstack.h lib/compiler.h \
 kernel/base/lock.h mm/phys/debug.h kernel/base/types.h mm/phys/kmalloc.h \
 mm/phys/kva.h
mm/phys/kstack.h:
lib/compiler.h:
kernel/base/lock.h:
mm/phys/debug.h:
kernel/base/types.h:
mm/phys/kmalloc.h:
mm/phys/kva.h:
