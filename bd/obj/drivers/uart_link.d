bd/obj/drivers/uart_link.o: drivers/uart_link.c drivers/ctl_link.h \
 lib/compiler.h drivers/uart.h kernel/base/irq.h kernel/base/ptregs.h
drivers/ctl_link.h:
lib/compiler.h:
drivers/uart.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
