bd/obj/fs/seq.o: fs/seq.c fs/pseudo.h lib/compiler.h lib/fmt.h \
 lib/string.h mm/phys/kmalloc.h
fs/pseudo.h:
lib/compiler.h:
lib/fmt.h:
lib/string.h:
mm/phys/kmalloc.h:
