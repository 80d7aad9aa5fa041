bd/obj/lib/pathname.o: lib/pathname.c lib/pathname.h lib/compiler.h \
 lib/string.h
lib/pathname.h:
lib/compiler.h:
lib/string.h:
