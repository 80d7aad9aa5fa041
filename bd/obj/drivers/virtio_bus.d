bd/obj/drivers/virtio_bus.o: drivers/virtio_bus.c drivers/virtio.h \
 kernel/base/irq.h kernel/base/ptregs.h lib/compiler.h \
 kernel/base/types.h drivers/acpi.h drivers/acpi_tables.h lib/bootinfo.h \
 drivers/pci.h drivers/virtio_mmio.h drivers/virtio_pci.h \
 kernel/base/cmdline.h lib/cmdline.h lib/string.h
drivers/virtio.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/types.h:
drivers/acpi.h:
drivers/acpi_tables.h:
lib/bootinfo.h:
drivers/pci.h:
drivers/virtio_mmio.h:
drivers/virtio_pci.h:
kernel/base/cmdline.h:
lib/cmdline.h:
lib/string.h:
