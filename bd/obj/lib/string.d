bd/obj/lib/string.o: lib/string.c lib/checked.h lib/compiler.h \
 lib/string.h
lib/checked.h:
lib/compiler.h:
lib/string.h:
