bd/obj/kernel/base/lock.o: kernel/base/lock.c kernel/base/lock.h \
 lib/compiler.h kernel/base/cpu.h kernel/base/panic.h \
 kernel/base/ptregs.h kernel/base/percpu.h
kernel/base/lock.h:
lib/compiler.h:
kernel/base/cpu.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/base/percpu.h:
