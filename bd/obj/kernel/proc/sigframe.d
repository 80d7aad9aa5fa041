bd/obj/kernel/proc/sigframe.o: kernel/proc/sigframe.c \
 kernel/proc/sigframe.h kernel/base/ptregs.h lib/compiler.h \
 kernel/base/types.h kernel/proc/signal.h kernel/base/lock.h lib/list.h \
 lib/restart.h kernel/base/desc.h kernel/base/fpu.h lib/string.h
kernel/proc/sigframe.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/types.h:
kernel/proc/signal.h:
kernel/base/lock.h:
lib/list.h:
lib/restart.h:
kernel/base/desc.h:
kernel/base/fpu.h:
lib/string.h:
