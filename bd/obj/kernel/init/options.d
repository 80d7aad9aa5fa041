bd/obj/kernel/init/options.o: kernel/init/options.c kernel/init/options.h \
 lib/compiler.h fs/vfs.h kernel/base/cmdline.h kernel/base/log.h \
 lib/cmdline.h lib/string.h syscall/dispatch.h kernel/base/ptregs.h \
 lib/restart.h
kernel/init/options.h:
lib/compiler.h:
fs/vfs.h:
kernel/base/cmdline.h:
kernel/base/log.h:
lib/cmdline.h:
lib/string.h:
syscall/dispatch.h:
kernel/base/ptregs.h:
lib/restart.h:
