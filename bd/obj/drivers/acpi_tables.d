bd/obj/drivers/acpi_tables.o: drivers/acpi_tables.c drivers/acpi_tables.h \
 lib/compiler.h lib/string.h
drivers/acpi_tables.h:
lib/compiler.h:
lib/string.h:
