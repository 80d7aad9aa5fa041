bd/obj/kernel/base/earlycon.o: kernel/base/earlycon.c \
 kernel/base/earlycon.h kernel/base/cpu.h lib/compiler.h
kernel/base/earlycon.h:
kernel/base/cpu.h:
lib/compiler.h:
