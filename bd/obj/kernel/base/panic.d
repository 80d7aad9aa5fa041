bd/obj/kernel/base/panic.o: kernel/base/panic.c kernel/base/panic.h \
 kernel/base/ptregs.h lib/compiler.h kernel/base/backtrace.h \
 kernel/base/cpu.h kernel/base/earlycon.h kernel/base/log.h lib/fmt.h
kernel/base/panic.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/backtrace.h:
kernel/base/cpu.h:
kernel/base/earlycon.h:
kernel/base/log.h:
lib/fmt.h:
