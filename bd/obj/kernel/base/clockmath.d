bd/obj/kernel/base/clockmath.o: kernel/base/clockmath.c \
 kernel/base/clockmath.h lib/compiler.h
kernel/base/clockmath.h:
lib/compiler.h:
