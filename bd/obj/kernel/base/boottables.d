bd/obj/kernel/base/boottables.o: kernel/base/boottables.c \
 kernel/base/boottables.h kernel/base/types.h lib/compiler.h
kernel/base/boottables.h:
kernel/base/types.h:
lib/compiler.h:
