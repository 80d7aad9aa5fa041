bd/obj/kernel/base/cpufeat.o: kernel/base/cpufeat.c kernel/base/cpufeat.h \
 lib/compiler.h kernel/base/cpu.h lib/string.h
kernel/base/cpufeat.h:
lib/compiler.h:
kernel/base/cpu.h:
lib/string.h:
