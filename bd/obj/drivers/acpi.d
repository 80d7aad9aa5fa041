bd/obj/drivers/acpi.o: drivers/acpi.c drivers/acpi.h \
 drivers/acpi_tables.h lib/compiler.h lib/bootinfo.h drivers/power.h \
 kernel/base/apic.h kernel/base/log.h mm/phys/physmap.h \
 kernel/base/types.h
drivers/acpi.h:
drivers/acpi_tables.h:
lib/compiler.h:
lib/bootinfo.h:
drivers/power.h:
kernel/base/apic.h:
kernel/base/log.h:
mm/phys/physmap.h:
kernel/base/types.h:
