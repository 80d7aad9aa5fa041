bd/obj/drivers/ctl.o: drivers/ctl.c drivers/ctl.h lib/compiler.h \
 lib/ctlproto.h drivers/ctl_link.h drivers/uart.h kernel/base/irq.h \
 kernel/base/ptregs.h kernel/base/clock.h kernel/base/cmdline.h \
 kernel/base/cpu.h kernel/base/log.h kernel/base/types.h \
 kernel/sched/waitq.h kernel/base/lock.h lib/list.h lib/cmdline.h \
 lib/ctlframe.h lib/restart.h lib/string.h mm/phys/physmap.h \
 mm/phys/pmm.h lib/bootinfo.h mm/phys/page.h
drivers/ctl.h:
lib/compiler.h:
lib/ctlproto.h:
drivers/ctl_link.h:
drivers/uart.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
kernel/base/clock.h:
kernel/base/cmdline.h:
kernel/base/cpu.h:
kernel/base/log.h:
kernel/base/types.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/list.h:
lib/cmdline.h:
lib/ctlframe.h:
lib/restart.h:
lib/string.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
