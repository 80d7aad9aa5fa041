bd/obj/lib/cmdline.o: lib/cmdline.c lib/cmdline.h lib/compiler.h \
 lib/string.h
lib/cmdline.h:
lib/compiler.h:
lib/string.h:
