// Finding virtio devices; see virtio_find in virtio.h. Nothing is remembered: a search is some
// dozens of register reads, and there are few searches.
#include "drivers/virtio.h"

#include <linux/errno.h>

#include "drivers/acpi.h"
#include "drivers/pci.h"
#include "drivers/virtio_mmio.h"
#include "drivers/virtio_pci.h"
#include "kernel/base/cmdline.h"
#include "lib/cmdline.h"
#include "lib/string.h"

#define MMIO_WORD  "virtio_mmio.device="
#define MAX_MMIO   32u
#define SLOT_BYTES 512u

struct search {
	uint32_t device_id;
	unsigned nth;
	struct virtio_device *out;
};

// 1: this is the one; 0: go on; -errno.
static int consider(struct search *s, int err)
{
	if (err == -ENODEV || (err == 0 && s->out->device_id != s->device_id))
		return 0;
	if (err)
		return err;
	return s->nth-- == 0;
}

static int consider_mmio(struct search *s, const struct acpi_mmio_dev *slot)
{
	int err = virtio_mmio_open(slot->base_pa, slot->gsi, s->out);

	s->out->mmio.edge = !slot->level;
	s->out->mmio.active_low = slot->active_low;
	return consider(s, err);
}

// "SIZE@BASE:IRQ[:ID]" (Linux, drivers/virtio/virtio_mmio.c). False if it is none.
static bool parse_mmio_word(char *word, struct acpi_mmio_dev *slot)
{
	char *at = strchr(word, '@'), *colon = at ? strchr(at, ':') : NULL, *end;
	uint64_t size, base, irq;

	if (!colon)
		return false;
	*at = *colon = 0;
	end = strchr(colon + 1, ':');
	if (end)
		*end = 0;
	if (str_to_u64(word, &size) || str_to_u64(at + 1, &base) || str_to_u64(colon + 1, &irq))
		return false;
	if (size < SLOT_BYTES || irq > 255)
		return false;
	*slot = (struct acpi_mmio_dev){
		.base_pa = base, .bytes = (uint32_t)size, .gsi = (uint32_t)irq, .level = true
	};
	return true;
}

static int search_words(struct search *s)
{
	struct cmdline c;
	char word[128];
	int r = 0, more;

	cmdline_init(&c, boot_cmdline());
	while (r == 0 && (more = cmdline_next(&c, word, sizeof(word))) != 0) {
		struct acpi_mmio_dev slot;

		if (more == -EINVAL || c.program_args)
			break;
		if (more == 1 && str_has_prefix(word, MMIO_WORD) &&
		    parse_mmio_word(word + sizeof(MMIO_WORD) - 1, &slot))
			r = consider_mmio(s, &slot);
	}
	return r;
}

static __stack_guarded int search_acpi(struct search *s)
{
	struct acpi_mmio_dev devices[MAX_MMIO];
	unsigned n = acpi_virtio_mmio(devices, MAX_MMIO);
	int r = 0;

	for (unsigned i = 0; i < n && r == 0; i++)
		r = consider_mmio(s, &devices[i]);
	return r;
}

static __stack_guarded int consider_pci(void *arg, uint16_t function, uint16_t vendor,
					uint16_t device)
{
	struct search *s = arg;

	return consider(s, virtio_pci_open(function, vendor, device, s->out));
}

__stack_guarded int virtio_find(uint32_t device_id, unsigned nth, struct virtio_device *out)
{
	struct search s = { device_id, nth, out };
	int r = search_words(&s);

	if (r == 0)
		r = search_acpi(&s);
	if (r == 0)
		r = pci_scan(consider_pci, &s);
	if (r == 0)
		return -ENODEV;
	return r > 0 ? 0 : r;
}
