bd/obj/boot/entry64.S.o: boot/entry64.S kernel/base/boottables.h
kernel/base/boottables.h:
