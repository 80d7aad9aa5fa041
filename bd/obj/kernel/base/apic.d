bd/obj/kernel/base/apic.o: kernel/base/apic.c kernel/base/apic.h \
 lib/compiler.h kernel/base/cpu.h kernel/base/irq.h kernel/base/ptregs.h \
 kernel/base/lock.h
kernel/base/apic.h:
lib/compiler.h:
kernel/base/cpu.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
kernel/base/lock.h:
