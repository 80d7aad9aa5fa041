bd/obj/drivers/virtio_mmio.o: drivers/virtio_mmio.c drivers/virtio_mmio.h \
 drivers/virtio.h kernel/base/irq.h kernel/base/ptregs.h lib/compiler.h \
 kernel/base/types.h mm/phys/physmap.h
drivers/virtio_mmio.h:
drivers/virtio.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/types.h:
mm/phys/physmap.h:
