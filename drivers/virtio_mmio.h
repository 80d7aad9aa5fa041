// The virtio-mmio transport, version 2 and version 1 (legacy).
#pragma once

#include "drivers/virtio.h"

// Looks at the slot at |base_pa|. 0, -ENODEV (no device in it), -ENOMEM.
int __must_check virtio_mmio_open(pa_t base_pa, unsigned gsi, struct virtio_device *out);
