// See virtio_mmio.h. Virtio 1.2 section 4.2.
#include "drivers/virtio_mmio.h"

#include <linux/errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "mm/phys/physmap.h"

#define MMIO_MAGIC  0x74726976u // "virt"
#define SLOT_BYTES  512u
#define LEGACY_PAGE 4096u

static uint32_t read32(const struct virtio_device *d, unsigned reg)
{
	return *(volatile uint32_t *)(d->mmio.regs + reg);
}

static void write32(const struct virtio_device *d, unsigned reg, uint32_t v)
{
	*(volatile uint32_t *)(d->mmio.regs + reg) = v;
}

static uint8_t get_status(struct virtio_device *d)
{
	return (uint8_t)read32(d, VIRTIO_MMIO_STATUS);
}

static void set_status(struct virtio_device *d, uint8_t status)
{
	write32(d, VIRTIO_MMIO_STATUS, status);
}

static uint64_t get_features(struct virtio_device *d)
{
	uint64_t features;

	write32(d, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	features = read32(d, VIRTIO_MMIO_DEVICE_FEATURES);
	if (d->legacy)
		return features;
	write32(d, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	return features | (uint64_t)read32(d, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
}

static void set_features(struct virtio_device *d, uint64_t features)
{
	write32(d, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	write32(d, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	if (d->legacy) {
		write32(d, VIRTIO_MMIO_GUEST_PAGE_SIZE, LEGACY_PAGE);
		return;
	}
	write32(d, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	write32(d, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
}

static uint16_t queue_max(struct virtio_device *d, unsigned index)
{
	write32(d, VIRTIO_MMIO_QUEUE_SEL, index);
	return (uint16_t)MIN(read32(d, VIRTIO_MMIO_QUEUE_NUM_MAX), 32768u);
}

static void write_address(struct virtio_device *d, unsigned low_reg, pa_t pa)
{
	write32(d, low_reg, (uint32_t)pa);
	write32(d, low_reg + 4, (uint32_t)(pa >> 32));
}

static void queue_start(struct virtio_device *d, const struct virtqueue *q)
{
	write32(d, VIRTIO_MMIO_QUEUE_SEL, q->index);
	write32(d, VIRTIO_MMIO_QUEUE_NUM, q->size);
	if (d->legacy) {
		write32(d, VIRTIO_MMIO_QUEUE_ALIGN, LEGACY_PAGE);
		write32(d, VIRTIO_MMIO_QUEUE_PFN, (uint32_t)(q->desc_pa / LEGACY_PAGE));
		return;
	}
	write_address(d, VIRTIO_MMIO_QUEUE_DESC_LOW, q->desc_pa);
	write_address(d, VIRTIO_MMIO_QUEUE_AVAIL_LOW, q->avail_pa);
	write_address(d, VIRTIO_MMIO_QUEUE_USED_LOW, q->used_pa);
	write32(d, VIRTIO_MMIO_QUEUE_READY, 1);
}

static void notify(struct virtio_device *d, unsigned index)
{
	write32(d, VIRTIO_MMIO_QUEUE_NOTIFY, index);
}

static uint32_t acknowledge(struct virtio_device *d)
{
	uint32_t why = read32(d, VIRTIO_MMIO_INTERRUPT_STATUS);

	if (why)
		write32(d, VIRTIO_MMIO_INTERRUPT_ACK, why);
	return why;
}

static int connect_irq(struct virtio_device *d, irq_handler_fn *fn, void *arg)
{
	return irq_route_gsi(d->mmio.gsi, !d->mmio.edge, d->mmio.active_low, fn, arg);
}

static const struct virtio_transport mmio_transport = {
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.queue_max = queue_max,
	.queue_start = queue_start,
	.notify = notify,
	.acknowledge = acknowledge,
	.connect_irq = connect_irq,
};

int virtio_mmio_open(pa_t base_pa, unsigned gsi, struct virtio_device *out)
{
	uint32_t version;
	int err = physmap_ensure(base_pa, SLOT_BYTES, true);

	if (err)
		return err;
	*out = (struct virtio_device){ .ops = &mmio_transport };
	out->mmio.regs = phys_to_virt(base_pa);
	out->mmio.gsi = gsi;
	out->config = out->mmio.regs + VIRTIO_MMIO_CONFIG;
	if (read32(out, VIRTIO_MMIO_MAGIC_VALUE) != MMIO_MAGIC)
		return -ENODEV;
	version = read32(out, VIRTIO_MMIO_VERSION);
	out->device_id = read32(out, VIRTIO_MMIO_DEVICE_ID);
	out->legacy = version == 1;
	return out->device_id && (version == 1 || version == 2) ? 0 : -ENODEV;
}
