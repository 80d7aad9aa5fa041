bd/obj/lib/elf.o: lib/elf.c lib/checked.h lib/compiler.h lib/elf.h \
 lib/string.h
lib/checked.h:
lib/compiler.h:
lib/elf.h:
lib/string.h:
