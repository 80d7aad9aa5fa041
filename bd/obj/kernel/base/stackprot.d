bd/obj/kernel/base/stackprot.o: kernel/base/stackprot.c \
 kernel/base/stackprot.h lib/compiler.h kernel/base/panic.h \
 kernel/base/ptregs.h
kernel/base/stackprot.h:
lib/compiler.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
