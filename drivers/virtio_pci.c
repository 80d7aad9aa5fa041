// See virtio_pci.h. Virtio 1.2 section 4.1. One MSI-X vector serves all queues of a device.
#include "drivers/virtio_pci.h"

#include <linux/errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "drivers/pci.h"
#include "mm/phys/physmap.h"

#define VENDOR_VIRTIO       0x1af4
#define DEVICE_MODERN       0x1040 // plus the device id
#define DEVICE_TRANSITIONAL 0x1000 // to 0x103f
#define SUBSYSTEM_ID_OFFSET PCI_SUBSYSTEM_ID
#define MSIX_NO_VECTOR      0xffffu
#define MSIX_ENTRY_ADDRESS  0
#define MSIX_ENTRY_DATA     8
#define MSIX_ENTRY_CONTROL  12

#define COMMON(d, field) ((d)->pci.common + __builtin_offsetof(struct virtio_pci_common_cfg, field))

static uint8_t get8(volatile uint8_t *p)
{
	return *p;
}

static uint16_t get16(volatile uint8_t *p)
{
	return *(volatile uint16_t *)p;
}

static uint32_t get32(volatile uint8_t *p)
{
	return *(volatile uint32_t *)p;
}

static void put8(volatile uint8_t *p, uint8_t v)
{
	*p = v;
}

static void put16(volatile uint8_t *p, uint16_t v)
{
	*(volatile uint16_t *)p = v;
}

static void put32(volatile uint8_t *p, uint32_t v)
{
	*(volatile uint32_t *)p = v;
}

static uint8_t get_status(struct virtio_device *d)
{
	return get8(COMMON(d, device_status));
}

static void set_status(struct virtio_device *d, uint8_t status)
{
	put8(COMMON(d, device_status), status);
}

static uint64_t get_features(struct virtio_device *d)
{
	uint64_t features;

	put32(COMMON(d, device_feature_select), 0);
	features = get32(COMMON(d, device_feature));
	put32(COMMON(d, device_feature_select), 1);
	return features | (uint64_t)get32(COMMON(d, device_feature)) << 32;
}

static void set_features(struct virtio_device *d, uint64_t features)
{
	put32(COMMON(d, guest_feature_select), 0);
	put32(COMMON(d, guest_feature), (uint32_t)features);
	put32(COMMON(d, guest_feature_select), 1);
	put32(COMMON(d, guest_feature), (uint32_t)(features >> 32));
}

static uint16_t queue_max(struct virtio_device *d, unsigned index)
{
	put16(COMMON(d, queue_select), (uint16_t)index);
	return get16(COMMON(d, queue_size));
}

static void put_address(volatile uint8_t *low, pa_t pa)
{
	put32(low, (uint32_t)pa);
	put32(low + 4, (uint32_t)(pa >> 32));
}

static void queue_start(struct virtio_device *d, const struct virtqueue *q)
{
	put16(COMMON(d, queue_select), q->index);
	put16(COMMON(d, queue_size), q->size);
	put_address(COMMON(d, queue_desc_lo), q->desc_pa);
	put_address(COMMON(d, queue_avail_lo), q->avail_pa);
	put_address(COMMON(d, queue_used_lo), q->used_pa);
	put16(COMMON(d, queue_msix_vector), d->pci.msix_cap ? 0 : MSIX_NO_VECTOR);
	put16(COMMON(d, queue_enable), 1);
}

static void notify(struct virtio_device *d, unsigned index)
{
	uint16_t at;

	// queue_notify_off of our few queues is their index on every known device, but ask.
	put16(COMMON(d, queue_select), (uint16_t)index);
	at = get16(COMMON(d, queue_notify_off));
	put16(d->pci.notify + (uint32_t)at * d->pci.notify_multiplier, (uint16_t)index);
}

// With MSI-X the interrupt says it all; reading the register would only cost.
static uint32_t acknowledge(struct virtio_device *d)
{
	return d->pci.msix_cap ? 1 : get8(d->pci.isr);
}

// Entry 0 of the MSI-X table gets the vector.
static int connect_irq(struct virtio_device *d, irq_handler_fn *fn, void *arg)
{
	uint16_t f = d->pci.function, cap = d->pci.msix_cap, control;
	uint32_t table, data;
	uint64_t address;
	volatile uint8_t *entry;
	uint8_t vector;
	pa_t pa;
	int err;

	if (!cap)
		return -ENODEV;
	table = pci_read32(f, cap + PCI_MSIX_TABLE);
	pa = pci_bar_pa(f, table & PCI_MSIX_TABLE_BIR);
	if (!pa)
		return -ENODEV;
	pa += table & PCI_MSIX_TABLE_OFFSET;
	err = physmap_ensure(pa, PCI_MSIX_ENTRY_SIZE, true);
	if (err)
		return err;
	err = irq_alloc_vector(fn, arg, &vector);
	if (err)
		return err;
	irq_msi_message(vector, &address, &data);
	entry = phys_to_virt(pa);
	put_address(entry + MSIX_ENTRY_ADDRESS, address);
	put32(entry + MSIX_ENTRY_DATA, data);
	put32(entry + MSIX_ENTRY_CONTROL, 0);
	control = pci_read16(f, cap + PCI_MSIX_FLAGS);
	pci_write16(f, cap + PCI_MSIX_FLAGS,
		    (uint16_t)((control | PCI_MSIX_FLAGS_ENABLE) & ~PCI_MSIX_FLAGS_MASKALL));
	return 0;
}

static const struct virtio_transport pci_transport = {
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

// Maps the structure that one vendor capability describes.
static int map_structure(struct virtio_device *d, uint8_t cap)
{
	uint16_t f = d->pci.function;
	uint8_t type = pci_read8(f, cap + __builtin_offsetof(struct virtio_pci_cap, cfg_type));
	uint8_t bar = pci_read8(f, cap + __builtin_offsetof(struct virtio_pci_cap, bar));
	uint32_t offset = pci_read32(f, cap + __builtin_offsetof(struct virtio_pci_cap, offset));
	uint32_t bytes = pci_read32(f, cap + __builtin_offsetof(struct virtio_pci_cap, length));
	volatile uint8_t **slots[] = {
		[VIRTIO_PCI_CAP_COMMON_CFG] = &d->pci.common,
		[VIRTIO_PCI_CAP_NOTIFY_CFG] = &d->pci.notify,
		[VIRTIO_PCI_CAP_ISR_CFG] = &d->pci.isr,
		[VIRTIO_PCI_CAP_DEVICE_CFG] = &d->config,
	};
	pa_t pa;
	int err;

	if (type >= ARRAY_SIZE(slots) || !slots[type] || *slots[type] || bar > 5)
		return 0; // not one of ours, or a second one: the first is to be used
	pa = pci_bar_pa(f, bar);
	if (!pa)
		return -ENODEV;
	err = physmap_ensure(pa + offset, bytes, true);
	if (err)
		return err;
	*slots[type] = phys_to_virt(pa + offset);
	if (type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		d->pci.notify_multiplier = pci_read32(f, cap + sizeof(struct virtio_pci_cap));
	return 0;
}

__stack_guarded int virtio_pci_open(uint16_t function, uint16_t vendor, uint16_t device,
				    struct virtio_device *out)
{
	uint8_t cap = 0;
	int err = 0;

	if (vendor != VENDOR_VIRTIO || device < DEVICE_TRANSITIONAL ||
	    device > DEVICE_MODERN + 0x3f)
		return -ENODEV;
	*out = (struct virtio_device){ .ops = &pci_transport };
	out->device_id = device >= DEVICE_MODERN ? device - (uint32_t)DEVICE_MODERN
						 : pci_read16(function, SUBSYSTEM_ID_OFFSET);
	out->pci.function = function;
	while (err == 0 && (cap = pci_find_capability(function, PCI_CAP_ID_VNDR, cap)))
		err = map_structure(out, cap);
	if (err)
		return err;
	if (!out->pci.common || !out->pci.notify || !out->pci.isr)
		return -ENODEV;
	out->pci.msix_cap = pci_find_capability(function, PCI_CAP_ID_MSIX, 0);
	pci_enable(function);
	return 0;
}
