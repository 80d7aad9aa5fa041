bd/obj/boot/bootinfo.o: boot/bootinfo.c boot/bootinfo.h lib/bootinfo.h \
 lib/compiler.h lib/checked.h lib/string.h
boot/bootinfo.h:
lib/bootinfo.h:
lib/compiler.h:
lib/checked.h:
lib/string.h:
