bd/obj/kernel/proc/aslr.o: kernel/proc/aslr.c kernel/proc/aslr.h \
 kernel/base/types.h lib/compiler.h
kernel/proc/aslr.h:
kernel/base/types.h:
lib/compiler.h:
