bd/obj/drivers/uart.o: drivers/uart.c drivers/uart.h kernel/base/irq.h \
 kernel/base/ptregs.h lib/compiler.h drivers/acpi.h drivers/acpi_tables.h \
 lib/bootinfo.h kernel/base/cpu.h kernel/base/log.h
drivers/uart.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
lib/compiler.h:
drivers/acpi.h:
drivers/acpi_tables.h:
lib/bootinfo.h:
kernel/base/cpu.h:
kernel/base/log.h:
