bd/obj/kernel/base/fpu.o: kernel/base/fpu.c kernel/base/fpu.h \
 lib/compiler.h kernel/base/cpu.h kernel/base/cpufeat.h lib/string.h
kernel/base/fpu.h:
lib/compiler.h:
kernel/base/cpu.h:
kernel/base/cpufeat.h:
lib/string.h:
