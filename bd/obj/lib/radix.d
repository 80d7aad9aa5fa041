bd/obj/lib/radix.o: lib/radix.c lib/radix.h lib/compiler.h
lib/radix.h:
lib/compiler.h:
