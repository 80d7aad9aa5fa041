// See virtio_rng.h. Virtio 1.2 section 5.4: one queue, the device fills buffers.
#include "drivers/virtio_rng.h"

#include <linux/virtio_ids.h>

#include "drivers/virtio.h"
#include "kernel/base/cpu.h"
#include "kernel/base/log.h"
#include "kernel/base/random.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"

#define SEED_BYTES 64u
// Looks until the device counts as too slow; QEMU answers within some hundred.
#define SPIN_LIMIT 2000000u

static void take_seed(struct virtqueue *q, struct page *page)
{
	uint32_t bytes = 0;
	uint16_t id;

	virtqueue_want_irq(q, false);
	virtqueue_offer(q, 0, page_to_pa(page), SEED_BYTES, true);
	virtqueue_kick(q);
	for (unsigned i = 0; i < SPIN_LIMIT; i++) {
		if (virtqueue_take(q, &id, &bytes)) {
			log_info("random", "virtio-rng gave %u bytes", bytes);
			random_add(phys_to_virt(page_to_pa(page)), MIN(bytes, SEED_BYTES));
			return;
		}
		cpu_relax();
	}
}

void virtio_rng_seed(void)
{
	struct virtio_device d;
	struct virtqueue q;
	uint64_t features;
	struct page *page;

	if (virtio_find(VIRTIO_ID_RNG, 0, &d))
		return;
	page = pmm_alloc(0, PMM_ZERO);
	if (!page)
		return;
	if (virtio_start(&d, 0, &features) == 0 && virtqueue_init(&q, &d, 0, 1) == 0) {
		virtio_driver_ok(&d);
		take_seed(&q, page);
	}
	// A reset device writes no more: only then the page may be used for something else.
	d.ops->set_status(&d, 0);
	page_put(page, 0);
}
