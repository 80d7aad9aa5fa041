bd/obj/fs/initramfs.o: fs/initramfs.c fs/initramfs.h lib/image.h \
 lib/compiler.h fs/vfs.h lib/checked.h lib/cpio.h lib/string.h
fs/initramfs.h:
lib/image.h:
lib/compiler.h:
fs/vfs.h:
lib/checked.h:
lib/cpio.h:
lib/string.h:
