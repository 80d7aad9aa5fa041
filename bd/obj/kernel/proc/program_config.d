bd/obj/kernel/proc/program_config.o: kernel/proc/program_config.c \
 kernel/proc/program_config.h lib/compiler.h lib/cmdline.h lib/string.h \
 mm/phys/kmalloc.h
kernel/proc/program_config.h:
lib/compiler.h:
lib/cmdline.h:
lib/string.h:
mm/phys/kmalloc.h:
