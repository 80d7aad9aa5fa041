// The modern virtio PCI transport (transitional devices are used through their modern half).
#pragma once

#include "drivers/virtio.h"

// 0 if |function| is a virtio device and its registers can be reached; -ENODEV, -ENOMEM.
int __must_check virtio_pci_open(uint16_t function, uint16_t vendor, uint16_t device,
				 struct virtio_device *out);
