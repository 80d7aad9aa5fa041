// The virtio core: devices found on any transport, and split virtqueues. Virtio 1.2, and the legacy
// layout of virtio-mmio version 1. A driver finds its device, agrees on features, sets its queues
// up and uses them; locking of a queue is the driver's.
#pragma once

#include "kernel/base/irq.h"
#include "kernel/base/types.h"

struct virtio_device;
struct virtqueue;

struct virtio_transport {
	uint8_t (*get_status)(struct virtio_device *d);
	void (*set_status)(struct virtio_device *d, uint8_t status); // 0 resets
	uint64_t (*get_features)(struct virtio_device *d);
	void (*set_features)(struct virtio_device *d, uint64_t features);
	uint16_t (*queue_max)(struct virtio_device *d, unsigned index);
	void (*queue_start)(struct virtio_device *d, const struct virtqueue *q);
	void (*notify)(struct virtio_device *d, unsigned index);
	// Reads why the device interrupted and acknowledges it.
	uint32_t (*acknowledge)(struct virtio_device *d);
	int (*connect_irq)(struct virtio_device *d, irq_handler_fn *fn, void *arg);
};

struct virtio_device {
	const struct virtio_transport *ops;
	uint32_t device_id; // VIRTIO_ID_*
	bool legacy;        // virtio-mmio version 1: queues of the old layout
	volatile uint8_t *config;

	union {
		struct {
			volatile uint8_t *regs;
			unsigned gsi;
			bool edge, active_low;
		} mmio;
		struct {
			volatile uint8_t *common, *isr, *notify;
			uint32_t notify_multiplier;
			uint16_t function; // bus << 8 | device << 3 | function
			uint8_t msix_cap;  // offset of the capability, 0: none
		} pci;
	};
};

// Finds the |nth| device of this kind: virtio_mmio.device= words, then the DSDT's, then PCI. Looks
// at nothing that is not there. 0, -ENODEV, -ENOMEM.
int __must_check virtio_find(uint32_t device_id, unsigned nth, struct virtio_device *out);

// Resets the device and agrees on those of |wanted| that it offers (VERSION_1 is added). The result
// goes to |*agreed|. -EIO: the device refuses.
int __must_check virtio_start(struct virtio_device *d, uint64_t wanted, uint64_t *agreed);
void virtio_driver_ok(struct virtio_device *d);
void virtio_fail(struct virtio_device *d); // gives up: reset, FAILED

#define VIRTQUEUE_MAX 64 // buffers at once that a queue here ever has

// A split virtqueue of single buffers (no chains): what a console or an entropy source needs.
struct virtqueue {
	struct virtio_device *device;
	uint16_t index, size;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	pa_t desc_pa, avail_pa, used_pa;
	uint16_t avail_next, used_next; // free running
};

// Memory for the queue, handed to the device. Frames are never given back. -ENOMEM, -ENODEV.
int __must_check virtqueue_init(struct virtqueue *q, struct virtio_device *d, unsigned index,
				unsigned max_size);
// Offers buffer |id| (the caller's number, below q->size, not in flight).
void virtqueue_offer(struct virtqueue *q, uint16_t id, pa_t pa, uint32_t bytes, bool device_writes);
// Tells the device about all that was offered, if it wants to know.
void virtqueue_kick(struct virtqueue *q);
// Takes back one used buffer: true, its id and how many bytes the device wrote.
bool virtqueue_take(struct virtqueue *q, uint16_t *id, uint32_t *bytes);
// Whether the device shall interrupt for used buffers. After switching on, take once more.
void virtqueue_want_irq(struct virtqueue *q, bool on);
