bd/obj/drivers/virtio_queue.o: drivers/virtio_queue.c drivers/virtio.h \
 kernel/base/irq.h kernel/base/ptregs.h lib/compiler.h \
 kernel/base/types.h lib/string.h mm/phys/physmap.h mm/phys/pmm.h \
 lib/bootinfo.h mm/phys/page.h kernel/base/lock.h lib/list.h
drivers/virtio.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/types.h:
lib/string.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
kernel/base/lock.h:
lib/list.h:
