bd/obj/lib/symtab.o: lib/symtab.c lib/symtab.h lib/compiler.h \
 lib/string.h
lib/symtab.h:
lib/compiler.h:
lib/string.h:
