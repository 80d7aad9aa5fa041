bd/obj/drivers/power.o: drivers/power.c drivers/power.h lib/compiler.h \
 kernel/base/cpu.h
drivers/power.h:
lib/compiler.h:
kernel/base/cpu.h:
