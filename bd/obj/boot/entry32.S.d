bd/obj/boot/entry32.S.o: boot/entry32.S kernel/base/boottables.h
kernel/base/boottables.h:
