bd/obj/lib/fmt.o: lib/fmt.c lib/fmt.h lib/compiler.h lib/string.h
lib/fmt.h:
lib/compiler.h:
lib/string.h:
