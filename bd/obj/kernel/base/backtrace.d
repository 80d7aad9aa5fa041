bd/obj/kernel/base/backtrace.o: kernel/base/backtrace.c \
 kernel/base/backtrace.h kernel/base/ptregs.h lib/compiler.h \
 kernel/base/log.h kernel/base/sections.h kernel/base/usercopy.h \
 lib/fmt.h lib/symtab.h
kernel/base/backtrace.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/log.h:
kernel/base/sections.h:
kernel/base/usercopy.h:
lib/fmt.h:
lib/symtab.h:
