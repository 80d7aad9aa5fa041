bd/obj/kernel/base/usercopy.S.o: kernel/base/usercopy.S \
 kernel/base/smap.h
kernel/base/smap.h:
