bd/obj/boot/header.S.o: boot/header.S
