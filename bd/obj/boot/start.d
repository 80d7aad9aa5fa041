bd/obj/boot/start.o: boot/start.c boot/start.h lib/bootinfo.h \
 lib/compiler.h boot/bootinfo.h drivers/power.h kernel/base/boottables.h \
 kernel/base/types.h kernel/base/cpu.h kernel/base/cpufeat.h \
 kernel/base/earlycon.h kernel/base/sections.h kernel/init/main.h \
 lib/fmt.h lib/image.h
boot/start.h:
lib/bootinfo.h:
lib/compiler.h:
boot/bootinfo.h:
drivers/power.h:
kernel/base/boottables.h:
kernel/base/types.h:
kernel/base/cpu.h:
kernel/base/cpufeat.h:
kernel/base/earlycon.h:
kernel/base/sections.h:
kernel/init/main.h:
lib/fmt.h:
lib/image.h:
