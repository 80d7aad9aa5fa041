// The virtio console as a link of the control channel: port 0, no MULTIPORT (virtio 1.2 section
// 5.3). Output is copied into one ring of bytes, whose filled parts are offered to the device;
// input goes into the halves of one page. The channel's transmit lock guards the output half of the
// state; the input half belongs to the interrupt handler (and poll), under |receive|.
#include <linux/errno.h>
#include <linux/virtio_ids.h>

#include "drivers/ctl_link.h"
#include "drivers/virtio.h"
#include "kernel/base/lock.h"
#include "lib/string.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"

#define RX_QUEUE   0
#define TX_QUEUE   1
#define RX_BUFFERS 2u
#define RX_BYTES   2048u
#define TX_ORDER   1
#define TX_BYTES   (4096u << TX_ORDER)
#define TX_BUFFERS 16u // offered parts in flight

static struct {
	struct virtio_device device;
	struct virtqueue rx, tx;

	// guarded by the channel's transmit lock; positions are free running
	uint8_t *tx_ring;
	pa_t tx_ring_pa;
	uint32_t filled, offered, taken; // bytes copied in, offered, taken by the device
	uint32_t part_bytes[TX_BUFFERS]; // by id; 0: taken already
	uint32_t next_part, oldest_part;

	struct spinlock receive; // guards rx
	uint8_t *rx_page;
	pa_t rx_page_pa;
} console = { .receive = SPINLOCK_INIT(RANK_DEVICE, "virtio console input") };

// Collects what the device has taken; parts may come back in any order.
static void reclaim(void)
{
	uint32_t bytes;
	uint16_t id;

	while (virtqueue_take(&console.tx, &id, &bytes))
		if (id < TX_BUFFERS) {
			console.taken += console.part_bytes[id];
			console.part_bytes[id] = 0;
		}
	while (console.oldest_part != console.next_part &&
	       !console.part_bytes[console.oldest_part % TX_BUFFERS])
		console.oldest_part++;
}

static uint32_t parts_free(void)
{
	return MIN((uint32_t)console.tx.size, TX_BUFFERS) -
	       (console.next_part - console.oldest_part);
}

static size_t room(void)
{
	reclaim();
	// What is filled may need two parts, because the ring wraps.
	if (parts_free() < 2)
		return 0;
	return TX_BYTES - (console.filled - console.taken);
}

static void send(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n) {
		uint32_t at = console.filled % TX_BYTES;
		uint32_t part = (uint32_t)MIN(n, (size_t)(TX_BYTES - at));

		memcpy(console.tx_ring + at, p, part);
		console.filled += part;
		p += part;
		n -= part;
	}
}

static void flush(void)
{
	while (console.offered != console.filled) {
		uint32_t at = console.offered % TX_BYTES;
		uint32_t part = MIN(console.filled - console.offered, TX_BYTES - at);
		uint16_t id = (uint16_t)(console.next_part++ % TX_BUFFERS);

		console.part_bytes[id] = part;
		console.offered += part;
		virtqueue_offer(&console.tx, id, console.tx_ring_pa + at, part, false);
	}
	virtqueue_kick(&console.tx);
}

static bool idle(void)
{
	reclaim();
	return console.taken == console.filled;
}

static void want_room_irq(bool on)
{
	virtqueue_want_irq(&console.tx, on);
}

static void offer_input(uint16_t id)
{
	virtqueue_offer(&console.rx, id, console.rx_page_pa + id * RX_BYTES, RX_BYTES, true);
}

static void poll(void)
{
	uint64_t irq = spin_lock_irqsave(&console.receive);
	bool any = false;
	uint32_t bytes;
	uint16_t id;

	while (virtqueue_take(&console.rx, &id, &bytes)) {
		if (id >= RX_BUFFERS)
			continue;
		ctl_link_received(console.rx_page + id * RX_BYTES, MIN(bytes, RX_BYTES));
		offer_input(id);
		any = true;
	}
	if (any)
		virtqueue_kick(&console.rx);
	spin_unlock_irqrestore(&console.receive, irq);
	ctl_link_progress();
}

static void on_interrupt(void *arg)
{
	console.device.ops->acknowledge(&console.device);
	poll();
}

static int allocate(void)
{
	struct page *tx = pmm_alloc(TX_ORDER, 0), *rx = pmm_alloc(0, 0);

	if (!tx || !rx)
		return -ENOMEM;
	console.tx_ring_pa = page_to_pa(tx);
	console.tx_ring = phys_to_virt(console.tx_ring_pa);
	console.rx_page_pa = page_to_pa(rx);
	console.rx_page = phys_to_virt(console.rx_page_pa);
	return 0;
}

static int start(struct virtio_device *d)
{
	uint64_t features;
	int err = virtio_start(d, 0, &features);

	if (err == 0)
		err = virtqueue_init(&console.rx, d, RX_QUEUE, RX_BUFFERS);
	if (err == 0)
		err = virtqueue_init(&console.tx, d, TX_QUEUE, TX_BUFFERS);
	if (err == 0)
		err = allocate();
	if (err)
		return err;
	virtqueue_want_irq(&console.tx, false);
	virtio_driver_ok(d);
	for (uint16_t id = 0; id < MIN(console.rx.size, RX_BUFFERS); id++)
		offer_input(id);
	virtqueue_kick(&console.rx);
	return 0;
}

int virtio_console_open(struct ctl_link *link)
{
	struct virtio_device *d = &console.device;
	int err = virtio_find(VIRTIO_ID_CONSOLE, 0, d);

	if (err)
		return err;
	err = start(d);
	if (err) {
		virtio_fail(d);
		return err;
	}
	*link = (struct ctl_link){ .room = room,
				   .send = send,
				   .flush = flush,
				   .idle = idle,
				   .want_room_irq = want_room_irq,
				   .poll = poll,
				   .most_bytes = TX_BYTES,
				   .irqs = d->ops->connect_irq(d, on_interrupt, NULL) == 0 };
	return 0;
}
