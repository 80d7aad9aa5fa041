bd/obj/drivers/pci.o: drivers/pci.c drivers/pci.h kernel/base/types.h \
 lib/compiler.h kernel/base/cpu.h kernel/base/lock.h
drivers/pci.h:
kernel/base/types.h:
lib/compiler.h:
kernel/base/cpu.h:
kernel/base/lock.h:
