bd/obj/lib/chacha20.o: lib/chacha20.c lib/chacha20.h lib/compiler.h \
 lib/string.h
lib/chacha20.h:
lib/compiler.h:
lib/string.h:
