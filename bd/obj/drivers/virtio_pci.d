bd/obj/drivers/virtio_pci.o: drivers/virtio_pci.c drivers/virtio_pci.h \
 drivers/virtio.h kernel/base/irq.h kernel/base/ptregs.h lib/compiler.h \
 kernel/base/types.h drivers/pci.h mm/phys/physmap.h
drivers/virtio_pci.h:
drivers/virtio.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/types.h:
drivers/pci.h:
mm/phys/physmap.h:
