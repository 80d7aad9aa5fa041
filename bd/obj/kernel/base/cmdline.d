bd/obj/kernel/base/cmdline.o: kernel/base/cmdline.c kernel/base/cmdline.h \
 lib/compiler.h
kernel/base/cmdline.h:
lib/compiler.h:
