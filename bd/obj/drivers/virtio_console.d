bd/obj/drivers/virtio_console.o: drivers/virtio_console.c \
 drivers/ctl_link.h lib/compiler.h drivers/virtio.h kernel/base/irq.h \
 kernel/base/ptregs.h kernel/base/types.h kernel/base/lock.h lib/string.h \
 mm/phys/physmap.h mm/phys/pmm.h lib/bootinfo.h mm/phys/page.h lib/list.h
drivers/ctl_link.h:
lib/compiler.h:
drivers/virtio.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
kernel/base/types.h:
kernel/base/lock.h:
lib/string.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
lib/list.h:
