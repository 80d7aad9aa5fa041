bd/obj/kernel/base/irq.o: kernel/base/irq.c kernel/base/irq.h \
 kernel/base/ptregs.h lib/compiler.h kernel/base/apic.h \
 kernel/base/lock.h
kernel/base/irq.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/apic.h:
kernel/base/lock.h:
