// sources: drivers/ctl.c drivers/virtio_console.c drivers/virtio_queue.c lib/ctlframe.c
// sources: lib/cmdline.c lib/string.c kernel/base/cmdline.c mm/phys/mapper.c mm/phys/tlb.c
// sources: mm/phys/mapper_range.c mm/phys/pmm.c mm/phys/buddy.c mm/phys/virgin.c mm/phys/kmap.c
// sources: tests/unit/host_mem.c tests/unit/shim/host_seam.c tests/unit/shim/host_waitq.c
// sources: mm/phys/mapper_huge.c mm/phys/hugepool.c
// sources: mm/phys/mapper_move.c
// The control channel over the virtio console, against a model of the device: framing, flow
// control in both directions, blocking and not, buffers completed late and in any order.
#include "drivers/ctl.h"

#include "drivers/ctl_link.h"
#include "drivers/uart.h"
#include "drivers/virtio.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/log.h"
#include "kernel/sched/waitq.h"
#include "lib/ctlframe.h"
#include "lib/restart.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_RECORDS 4096

// The model: what the device and the ouro command behind it have.
static struct {
	struct virtqueue queues[2]; // the driver's addresses
	uint16_t avail_seen[2];
	uint8_t status;
	bool stalled, reversed;
	irq_handler_fn *irq;
	struct log_sink *sink;

	struct frame_parser parser;
	unsigned types[MAX_RECORDS], records;
	uint8_t out[1 << 20];
	size_t out_bytes;
	uint64_t credit;
	struct ctl_exit exit;
} model;

static void on_record(void *arg, unsigned type, uint32_t offset, uint32_t total, const void *bytes,
		      size_t n)
{
	uint32_t credit;

	if (offset == 0 && model.records < MAX_RECORDS)
		model.types[model.records++] = type;
	if (type == CTL_STDOUT || type == CTL_LOG) {
		assert_true(model.out_bytes + n <= sizeof(model.out));
		memcpy(model.out + model.out_bytes, bytes, n);
		model.out_bytes += n;
	}
	if (type == CTL_CREDIT) {
		memcpy(&credit, bytes, sizeof(credit));
		model.credit += credit;
	}
	if (type == CTL_EXIT)
		memcpy(&model.exit, bytes, sizeof(model.exit));
}

static void put_used(unsigned queue, uint16_t id, uint32_t bytes)
{
	struct virtqueue *q = &model.queues[queue];
	struct vring_used *used = host_ram(q->used_pa);
	uint16_t at = used->idx;

	used->ring[at & (q->size - 1)] = (struct vring_used_elem){ id, bytes };
	__atomic_store_n(&used->idx, (uint16_t)(at + 1), __ATOMIC_RELEASE);
}

// Takes what the driver offered on the transmit queue.
static void take_output(void)
{
	struct virtqueue *q = &model.queues[1];
	struct vring_avail *avail = host_ram(q->avail_pa);
	struct vring_desc *desc = host_ram(q->desc_pa);
	uint16_t taken[64], n = 0;

	while (model.avail_seen[1] != __atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE)) {
		uint16_t id = avail->ring[model.avail_seen[1]++ & (q->size - 1)];

		assert_true(id < q->size);
		assert_int_equal(desc[id].flags, 0);
		frame_feed(&model.parser, host_ram(desc[id].addr), desc[id].len);
		taken[n++] = id;
	}
	for (uint16_t i = 0; i < n; i++)
		put_used(1, taken[model.reversed ? n - 1 - i : i], 0);
}

static void notify(struct virtio_device *d, unsigned index)
{
	if (index == 1 && !model.stalled)
		take_output();
}

static void release_output(void)
{
	model.stalled = false;
	take_output();
	model.irq(NULL);
}

// Bytes from the host, as the device delivers them: as many as fit into offered buffers.
static size_t deliver(const uint8_t *bytes, size_t n)
{
	struct virtqueue *q = &model.queues[0];
	struct vring_avail *avail = host_ram(q->avail_pa);
	struct vring_desc *desc = host_ram(q->desc_pa);
	size_t done = 0;

	while (done < n && model.avail_seen[0] != __atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE)) {
		uint16_t id = avail->ring[model.avail_seen[0]++ & (q->size - 1)];
		size_t part = MIN((size_t)desc[id].len, n - done);

		assert_int_equal(desc[id].flags, VRING_DESC_F_WRITE);
		memcpy(host_ram(desc[id].addr), bytes + done, part);
		put_used(0, id, (uint32_t)part);
		done += part;
	}
	model.irq(NULL);
	return done;
}

static void host_sends(unsigned type, const void *payload, uint32_t n)
{
	static uint8_t bytes[sizeof(struct ctl_header) + CTL_MAX_LENGTH];
	struct ctl_header h;
	size_t done = 0, all = sizeof(h) + n;

	frame_header(&h, type, n);
	memcpy(bytes, &h, sizeof(h));
	if (n)
		memcpy(bytes + sizeof(h), payload, n);
	while (done < all)
		done += deliver(bytes + done, all - done);
}

static uint8_t get_status(struct virtio_device *d)
{
	return model.status;
}

static void set_status(struct virtio_device *d, uint8_t status)
{
	model.status = status;
}

static uint64_t get_features(struct virtio_device *d)
{
	return 1ull << VIRTIO_F_VERSION_1 | 3;
}

static void set_features(struct virtio_device *d, uint64_t features)
{
	assert_true(features == 1ull << VIRTIO_F_VERSION_1);
}

static uint16_t queue_max(struct virtio_device *d, unsigned index)
{
	return 128;
}

static void queue_start(struct virtio_device *d, const struct virtqueue *q)
{
	assert_true(q->desc_pa % 16 == 0 && q->avail_pa % 2 == 0 && q->used_pa % 4 == 0);
	model.queues[q->index] = *q;
}

static uint32_t acknowledge(struct virtio_device *d)
{
	return 1;
}

static int connect_irq(struct virtio_device *d, irq_handler_fn *fn, void *arg)
{
	model.irq = fn;
	return 0;
}

int virtio_find(uint32_t device_id, unsigned nth, struct virtio_device *out)
{
	static const struct virtio_transport transport = {
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

	assert_int_equal(device_id, 3);
	*out = (struct virtio_device){ .ops = &transport, .device_id = device_id };
	return 0;
}

// What the channel does not use here.
bool uart_init(uint16_t port, bool fifo)
{
	return false;
}

void uart_write(uint16_t port, const void *bytes, size_t n)
{
	fail();
}

bool uart_read(uint16_t port, uint8_t *byte)
{
	return false;
}

int uart_enable_rx_irq(uint16_t port, irq_handler_fn *fn, void *arg)
{
	return -ENODEV;
}

int uart_link_open(struct ctl_link *link)
{
	return -ENODEV;
}

void log_add_sink(struct log_sink *sink)
{
	model.sink = sink;
}

static int setup(void **state)
{
	host_mem_boot_simple(16 << 20);
	boot_set_cmdline("quiet ouro.ctl=virtio -- ouro.ctl=off");
	model.parser.record = on_record;
	ctl_init();
	return 0;
}

static void forget(void)
{
	model.records = 0;
	model.out_bytes = 0;
}

static void test_start(void **state)
{
	assert_true(ctl_connected());
	assert_true(model.status & VIRTIO_CONFIG_S_DRIVER_OK);
	assert_int_equal(model.records, 1);
	assert_int_equal(model.types[0], CTL_READY);
	assert_int_equal(model.credit, 0);
	assert_int_equal(model.parser.garbage_bytes, 0);
}

static void test_write(void **state)
{
	static uint8_t bytes[300000];

	forget();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)host_random();
	assert_int_equal(ctl_write(CTL_STREAM_STDOUT, "hello", 5, false), 5);
	assert_int_equal(model.records, 1);
	assert_memory_equal(model.out, "hello", 5);
	forget();
	assert_int_equal(ctl_write(CTL_STREAM_STDOUT, bytes, sizeof(bytes), false), sizeof(bytes));
	assert_int_equal(model.out_bytes, sizeof(bytes));
	assert_memory_equal(model.out, bytes, sizeof(bytes));
	assert_int_equal(ctl_write(CTL_STREAM_STDERR, "", 0, false), 0);
}

// Parts that come back in another order are not reused too early.
static void test_any_order(void **state)
{
	static uint8_t bytes[200];
	size_t total = 0;

	forget();
	model.reversed = true;
	for (unsigned round = 0; round < 3000; round++) {
		size_t n = host_random_below(sizeof(bytes)) + 1;

		model.stalled = host_random_below(4) != 0;
		memset(bytes, (int)round, n);
		while (ctl_write(CTL_STREAM_STDOUT, bytes, n, true) == -EAGAIN)
			release_output();
		if (model.out_bytes > sizeof(model.out) / 2)
			forget();
		total += n;
	}
	release_output();
	assert_int_equal(model.parser.garbage_bytes, 0);
	model.reversed = false;
	assert_true(total > 100000);
}

static void test_nonblocking_write(void **state)
{
	static uint8_t bytes[100000];
	int64_t taken = 0, n;

	forget();
	model.stalled = true;
	while ((n = ctl_write(CTL_STREAM_STDOUT, bytes, sizeof(bytes), true)) > 0)
		taken += n;
	assert_int_equal(n, -EAGAIN);
	assert_false(ctl_writable());
	assert_true(taken > 1000 && taken < 20000);
	release_output();
	assert_true(ctl_writable());
	assert_int_equal(model.out_bytes, taken);
}

static void *write_much(void *arg)
{
	static uint8_t bytes[60000];

	return (void *)(intptr_t)ctl_write(CTL_STREAM_STDOUT, bytes, sizeof(bytes), false);
}

static void test_blocking_write(void **state)
{
	pthread_t writer;
	void *result;

	forget();
	model.stalled = true;
	pthread_create(&writer, NULL, write_much, NULL);
	usleep(20000);
	assert_true(model.out_bytes == 0);
	release_output();
	pthread_join(writer, &result);
	assert_int_equal((intptr_t)result, 60000);
	assert_int_equal(model.out_bytes, 60000);
}

static void test_records(void **state)
{
	static char text[50000];
	const struct ctl_exit x = { CTL_EXIT_SIGNAL, 11 };

	forget();
	memset(text, 'l', sizeof(text));
	ctl_send_record(CTL_LOG, text, sizeof(text));
	assert_int_equal(model.out_bytes, sizeof(text));
	model.sink->write(model.sink, "line\n", 5);
	assert_memory_equal(model.out + sizeof(text), "line\n", 5);
	ctl_send_record(CTL_EXIT, &x, sizeof(x));
	ctl_drain();
	assert_int_equal(model.exit.code, 11);
}

static unsigned signals_seen, sizes_seen, dumps_seen;
static uint64_t signal_bits;

static void on_signal(int sig)
{
	signals_seen++;
	signal_bits |= 1ull << sig;
}

static void on_size(const struct ctl_winsize *ws)
{
	assert_int_equal(ws->rows, 25);
	sizes_seen++;
}

static void on_dump(void)
{
	dumps_seen++;
}

static void test_events(void **state)
{
	static const struct ctl_handlers handlers = { on_size, on_signal, on_dump };
	const struct ctl_winsize ws = { 25, 80, 0, 0 };
	uint32_t sig = 2, wrong = 65;

	host_sends(CTL_SIGNAL, &sig, sizeof(sig));
	host_sends(CTL_SIGNAL, &wrong, sizeof(wrong));
	host_sends(CTL_WINSIZE, &ws, sizeof(ws));
	host_sends(CTL_WINSIZE, &ws, 3); // too short: ignored
	assert_int_equal(signals_seen, 0);
	ctl_set_handlers(&handlers);
	assert_int_equal(signals_seen, 1);
	assert_true(signal_bits == 1 << 2);
	assert_int_equal(sizes_seen, 1);
	host_sends(CTL_DUMP, NULL, 0);
	host_sends(300, "unknown", 7);
	assert_int_equal(dumps_seen, 1);
	assert_int_equal(host_spinlocks_held(), 0);
}

static void test_input_wants_credit(void **state)
{
	uint8_t buf[100];

	assert_int_equal(model.credit, 0);
	host_sends(CTL_STDIN, "early", 5); // without credit: dropped
	assert_int_equal(ctl_read(buf, sizeof(buf), true), -EAGAIN);
	assert_true(model.credit >= 4096);
	assert_false(ctl_readable());
	host_sends(CTL_STDIN, "abc", 3);
	model.credit -= 3;
	assert_true(ctl_readable());
	assert_int_equal(ctl_readable_bytes(), 3);
	assert_int_equal(ctl_read(buf, 2, false), 2);
	assert_memory_equal(buf, "ab", 2);
	assert_int_equal(ctl_read(buf, sizeof(buf), false), 1);
	assert_int_equal(ctl_read(buf, 0, false), 0);
}

static void test_input_stream(void **state)
{
	static uint8_t piece[8192], buf[8192];
	uint64_t sent = 0, got = 0;

	while (got < 500000) {
		size_t n = host_random_below(5000);
		int64_t r;

		n = MIN(n, model.credit);
		for (size_t i = 0; i < n; i++)
			piece[i] = (uint8_t)((sent + i) * 7);
		if (n)
			host_sends(CTL_STDIN, piece, (uint32_t)n);
		model.credit -= n;
		sent += n;
		r = ctl_read(buf, host_random_below(sizeof(buf)) + 1, true);
		assert_true(r > 0 || (r == -EAGAIN && got == sent));
		for (int64_t i = 0; i < r; i++)
			assert_int_equal(buf[i], (uint8_t)((got + (uint64_t)i) * 7));
		got += r > 0 ? (uint64_t)r : 0;
	}
	while (got < sent)
		got += (uint64_t)ctl_read(buf, sizeof(buf), false);
}

static void *send_later(void *arg)
{
	usleep(20000);
	host_sends(CTL_STDIN, "late", 4);
	return NULL;
}

static void test_blocking_read(void **state)
{
	pthread_t host;
	char buf[10];

	pthread_create(&host, NULL, send_later, NULL);
	assert_int_equal(ctl_read(buf, sizeof(buf), false), 4);
	assert_memory_equal(buf, "late", 4);
	pthread_join(host, NULL);
}

static void test_end_of_input(void **state)
{
	char buf[10];

	host_sends(CTL_STDIN, "x", 1);
	host_sends(CTL_STDIN_EOF, NULL, 0);
	assert_true(ctl_readable());
	assert_int_equal(ctl_read(buf, sizeof(buf), false), 1);
	assert_int_equal(ctl_read(buf, sizeof(buf), false), 0);
	assert_int_equal(ctl_read(buf, sizeof(buf), true), 0);
	assert_true(ctl_readable());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),          cmocka_unit_test(test_write),
		cmocka_unit_test(test_any_order),      cmocka_unit_test(test_nonblocking_write),
		cmocka_unit_test(test_blocking_write), cmocka_unit_test(test_records),
		cmocka_unit_test(test_events),         cmocka_unit_test(test_input_wants_credit),
		cmocka_unit_test(test_input_stream),   cmocka_unit_test(test_blocking_read),
		cmocka_unit_test(test_end_of_input),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
