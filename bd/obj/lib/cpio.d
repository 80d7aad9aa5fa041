bd/obj/lib/cpio.o: lib/cpio.c lib/cpio.h lib/compiler.h lib/string.h
lib/cpio.h:
lib/compiler.h:
lib/string.h:
