// Split virtqueues and the start of a device; see virtio.h. Virtio 1.2 sections 2.7 and 3.1.
#include "drivers/virtio.h"

#include <linux/errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "lib/string.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"

#define LEGACY_ALIGN 4096u

// The device and other CPUs see what was stored before, and loads after it are fresh.
static inline void full_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

int virtio_start(struct virtio_device *d, uint64_t wanted, uint64_t *agreed)
{
	uint64_t offered;

	d->ops->set_status(d, 0);
	d->ops->set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	d->ops->set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	offered = d->ops->get_features(d);
	if (!d->legacy)
		wanted |= 1ull << VIRTIO_F_VERSION_1;
	*agreed = offered & wanted;
	d->ops->set_features(d, *agreed);
	if (d->legacy)
		return 0;
	if (!(*agreed >> VIRTIO_F_VERSION_1 & 1))
		return -EIO;
	d->ops->set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
				      VIRTIO_CONFIG_S_FEATURES_OK);
	return d->ops->get_status(d) & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -EIO;
}

void virtio_driver_ok(struct virtio_device *d)
{
	d->ops->set_status(d, d->ops->get_status(d) | VIRTIO_CONFIG_S_DRIVER_OK);
}

void virtio_fail(struct virtio_device *d)
{
	d->ops->set_status(d, 0);
	d->ops->set_status(d, VIRTIO_CONFIG_S_FAILED);
}

// Everything in one page, except that the legacy layout puts the used ring on a page of its own.
int virtqueue_init(struct virtqueue *q, struct virtio_device *d, unsigned index, unsigned max_size)
{
	uint16_t most = d->ops->queue_max(d, index);
	unsigned size = MIN((unsigned)most, MIN(max_size, VIRTQUEUE_MAX + 0u));
	uint32_t avail_at, used_at;
	struct page *page;
	uint8_t *base;

	if (size == 0)
		return -ENODEV;
	while (size & (size - 1))
		size &= size - 1; // down to a power of two
	avail_at = size * sizeof(struct vring_desc);
	used_at = ALIGN_UP(avail_at + (uint32_t)sizeof(uint16_t) * (3 + size),
			   d->legacy ? LEGACY_ALIGN : 8u);
	page = pmm_alloc(d->legacy ? 1 : 0, PMM_ZERO);
	if (!page)
		return -ENOMEM;
	*q = (struct virtqueue){ .device = d, .index = (uint16_t)index, .size = (uint16_t)size };
	q->desc_pa = page_to_pa(page);
	q->avail_pa = q->desc_pa + avail_at;
	q->used_pa = q->desc_pa + used_at;
	base = phys_to_virt(q->desc_pa);
	q->desc = (struct vring_desc *)base;
	q->avail = (struct vring_avail *)(base + avail_at);
	q->used = (struct vring_used *)(base + used_at);
	d->ops->queue_start(d, q);
	return 0;
}

void virtqueue_offer(struct virtqueue *q, uint16_t id, pa_t pa, uint32_t bytes, bool device_writes)
{
	q->desc[id] = (struct vring_desc){ .addr = pa,
					   .len = bytes,
					   .flags = device_writes ? VRING_DESC_F_WRITE : 0 };
	q->avail->ring[q->avail_next++ & (q->size - 1)] = id;
	// The descriptor and the ring entry before the index.
	__atomic_store_n(&q->avail->idx, q->avail_next, __ATOMIC_RELEASE);
}

void virtqueue_kick(struct virtqueue *q)
{
	full_barrier();
	if (!(READ_ONCE(q->used->flags) & VRING_USED_F_NO_NOTIFY))
		q->device->ops->notify(q->device, q->index);
}

bool virtqueue_take(struct virtqueue *q, uint16_t *id, uint32_t *bytes)
{
	const struct vring_used_elem *e;

	if (__atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE) == q->used_next)
		return false;
	e = &q->used->ring[q->used_next++ & (q->size - 1)];
	*id = (uint16_t)(READ_ONCE(e->id) & (q->size - 1));
	*bytes = READ_ONCE(e->len);
	return true;
}

void virtqueue_want_irq(struct virtqueue *q, bool on)
{
	WRITE_ONCE(q->avail->flags, on ? 0 : VRING_AVAIL_F_NO_INTERRUPT);
	full_barrier();
}
