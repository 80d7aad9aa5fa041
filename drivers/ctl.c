// The control channel; see ctl.h. Owns the framing, the buffer of standard input and its credit.
//
// Locks: |tx| (RANK_CONSOLE, interrupts off) makes records whole and guards the link's output side;
// a log sink may take it. |rx| (RANK_CONSOLE too, never nested) guards input. Neither is held while
// a waiter is woken or a handler called.
#include "drivers/ctl.h"

#include <linux/errno.h>

#include "drivers/ctl_link.h"
#include "drivers/uart.h"
#include "kernel/base/clock.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/cpu.h"
#include "kernel/base/log.h"
#include "kernel/base/types.h"
#include "kernel/sched/waitq.h"
#include "lib/cmdline.h"
#include "lib/ctlframe.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"

#define STDIN_ORDER 1
#define STDIN_BYTES (4096u << STDIN_ORDER)
// Polled waiting ends after so many looks (seconds): a host that takes nothing loses output, and
// the kernel does not hang.
#define SPIN_LIMIT    200000000u
#define TRYLOCK_SPINS 100000u
#define POLL_NS       (10 * 1000 * 1000ull) // between looks where there are no interrupts
#define HEADER_BYTES  sizeof(struct ctl_header)

enum { PENDING_WINSIZE = 1 << 0, PENDING_DUMP = 1 << 1 };

static struct {
	bool connected, raw;
	struct ctl_link link;
	struct log_sink sink;
	const struct ctl_handlers *handlers;

	struct spinlock tx;
	struct waitq room_waiters;

	struct spinlock rx;
	// guarded by rx
	struct frame_parser parser;
	uint8_t *input;                      // ring of STDIN_BYTES, made when input is first wanted
	uint32_t in_put, in_got, in_granted; // free running byte counts
	bool in_eof, in_wanted;
	uint32_t pending;
	uint64_t pending_signals;
	struct ctl_winsize winsize;
	bool input_came;
	struct waitq input_waiters;
} ctl = { .tx = SPINLOCK_INIT(RANK_CONSOLE, "ctl tx"),
	  .rx = SPINLOCK_INIT(RANK_CONSOLE, "ctl rx") };

bool ctl_connected(void)
{
	return ctl.connected;
}

struct waitq *ctl_read_waitq(void)
{
	return &ctl.input_waiters;
}

struct waitq *ctl_write_waitq(void)
{
	return &ctl.room_waiters;
}

// One record of at most link room. The tx lock is held.
static void send_whole(unsigned type, const void *bytes, size_t n)
{
	struct ctl_header h;

	frame_header(&h, type, (uint32_t)n);
	ctl.link.send(&h, sizeof(h));
	if (n)
		ctl.link.send(bytes, n);
	ctl.link.flush();
}

// What a record may carry now: all |n|, or at least half of the link's capacity, else 0.
static size_t payload_room(size_t n)
{
	size_t room = ctl.link.room();
	size_t least = MIN(n + HEADER_BYTES, ctl.link.most_bytes / 2);

	return room >= MAX(least, HEADER_BYTES + 1) ? MIN(n, room - HEADER_BYTES) : 0;
}

static bool has_room(void)
{
	uint64_t irq = spin_lock_irqsave(&ctl.tx);
	bool room = ctl.link.room() >= ctl.link.most_bytes / 2;

	spin_unlock_irqrestore(&ctl.tx, irq);
	return room;
}

bool ctl_writable(void)
{
	return !ctl.connected || has_room();
}

static int64_t write_raw(const void *bytes, size_t n)
{
	uint64_t irq;

	if (!ctl.raw)
		return (int64_t)n; // a machine without any console
	irq = spin_lock_irqsave(&ctl.tx);
	uart_write(UART_COM1, bytes, n);
	spin_unlock_irqrestore(&ctl.tx, irq);
	return (int64_t)n;
}

// Sends a part of |n| bytes if there is room; how many.
static size_t try_write(unsigned type, const void *bytes, size_t n)
{
	uint64_t irq = spin_lock_irqsave(&ctl.tx);
	size_t part = payload_room(n);

	if (part)
		send_whole(type, bytes, part);
	spin_unlock_irqrestore(&ctl.tx, irq);
	return part;
}

static int wait_for_room(void)
{
	int err;

	ctl.link.want_room_irq(true);
	if (ctl.link.irqs)
		waitq_wait_event(&ctl.room_waiters, has_room(), err);
	else
		waitq_wait_until(&ctl.room_waiters, has_room(), clock_mono_ns() + POLL_NS, true,
				 err);
	ctl.link.want_room_irq(false);
	return err == -ETIMEDOUT ? 0 : err;
}

int64_t ctl_write(enum ctl_stream stream, const void *bytes, size_t n, bool nonblock)
{
	unsigned type = stream == CTL_STREAM_STDERR ? CTL_STDERR : CTL_STDOUT;
	const uint8_t *p = bytes;
	size_t done = 0;
	int err = 0;

	if (!ctl.connected)
		return write_raw(bytes, n);
	while (done < n && err == 0) {
		size_t part = try_write(type, p + done, n - done);

		done += part;
		if (part == 0)
			err = nonblock ? -EAGAIN : wait_for_room();
	}
	if (done || err == 0)
		return (int64_t)done;
	return err == -EINTR ? -ERESTARTSYS : err;
}

// For panics: the lock's owner may be the code that failed.
static bool lock_or_give_up(uint64_t *irq)
{
	*irq = cpu_irq_save();
	for (unsigned i = 0; i < TRYLOCK_SPINS; i++) {
		if (spin_trylock(&ctl.tx))
			return true;
		cpu_relax();
	}
	return false;
}

static void unlock_if(bool locked, uint64_t irq)
{
	if (locked)
		spin_unlock(&ctl.tx);
	cpu_irq_restore(irq);
}

// Sends all of it, polling for room; the tx lock is held (or given up on).
static void send_polled(unsigned type, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	unsigned spins = 0;

	do {
		size_t part = payload_room(n);

		if (part == 0 && n) {
			cpu_relax();
			if (++spins > SPIN_LIMIT)
				return;
			continue;
		}
		send_whole(type, p, part);
		p += part;
		n -= part;
	} while (n);
}

static bool is_text(enum ctl_type type)
{
	return type == CTL_LOG || type == CTL_PANIC || type == CTL_STATS;
}

void ctl_send_record(enum ctl_type type, const void *bytes, size_t n)
{
	uint64_t irq;
	bool locked;

	if (!ctl.connected && !(ctl.raw && is_text(type)))
		return;
	locked = lock_or_give_up(&irq);
	if (ctl.connected)
		send_polled(type, bytes, n);
	else
		uart_write(UART_COM1, bytes, n);
	unlock_if(locked, irq);
}

void ctl_drain(void)
{
	uint64_t irq;
	bool locked, done = !ctl.connected;

	for (unsigned i = 0; i < SPIN_LIMIT && !done; i++) {
		locked = lock_or_give_up(&irq);
		done = ctl.link.idle();
		unlock_if(locked, irq);
		cpu_relax();
	}
}

static void write_log(struct log_sink *sink, const char *text, size_t bytes)
{
	ctl_send_record(CTL_LOG, text, bytes);
}

// Input

// Bytes of standard input; never more than was granted. The rx lock is held.
static void take_input(const uint8_t *bytes, size_t n)
{
	uint32_t room = ctl.input ? STDIN_BYTES - (ctl.in_put - ctl.in_got) : 0;

	n = MIN(n, (size_t)room);
	while (n) {
		uint32_t at = ctl.in_put % STDIN_BYTES;
		uint32_t part = (uint32_t)MIN(n, (size_t)(STDIN_BYTES - at));

		memcpy(ctl.input + at, bytes, part);
		ctl.in_put += part;
		bytes += part;
		n -= part;
	}
	ctl.input_came = true;
}

static void take_signal(const void *bytes, size_t n)
{
	uint32_t sig;

	if (n < sizeof(sig))
		return;
	memcpy(&sig, bytes, sizeof(sig));
	if (sig >= 1 && sig <= 64)
		ctl.pending_signals |= 1ull << (sig - 1);
}

static void take_record(void *arg, unsigned type, uint32_t offset, uint32_t total,
			const void *bytes, size_t n)
{
	switch (type) {
	case CTL_STDIN:
		take_input(bytes, n);
		break;
	case CTL_STDIN_EOF:
		ctl.in_eof = true;
		ctl.input_came = true;
		break;
	case CTL_WINSIZE:
		if (n < sizeof(ctl.winsize))
			break;
		memcpy(&ctl.winsize, bytes, sizeof(ctl.winsize));
		ctl.pending |= PENDING_WINSIZE;
		break;
	case CTL_SIGNAL:
		take_signal(bytes, n);
		break;
	case CTL_DUMP:
		ctl.pending |= PENDING_DUMP;
		break;
	}
}

void ctl_link_received(const void *bytes, size_t n)
{
	uint64_t irq = spin_lock_irqsave(&ctl.rx);

	frame_feed(&ctl.parser, bytes, n);
	spin_unlock_irqrestore(&ctl.rx, irq);
}

// Input of the raw console. Without flow control what does not fit is lost, as on any serial line.
static void poll_raw(void)
{
	uint64_t irq = spin_lock_irqsave(&ctl.rx);
	uint8_t byte;

	while (uart_read(UART_COM1, &byte))
		take_input(&byte, 1);
	spin_unlock_irqrestore(&ctl.rx, irq);
	ctl_link_progress();
}

static void on_raw_interrupt(void *arg)
{
	poll_raw();
}

static void call_handlers(uint32_t pending, uint64_t signals, const struct ctl_winsize *ws)
{
	if (pending & PENDING_WINSIZE)
		ctl.handlers->winsize(ws);
	if (pending & PENDING_DUMP)
		ctl.handlers->dump();
	while (signals) {
		int bit = __builtin_ctzll(signals);

		signals &= signals - 1;
		ctl.handlers->signal(bit + 1);
	}
}

// Wakes readers and writers and delivers events, with no lock held.
void ctl_link_progress(void)
{
	uint64_t irq = spin_lock_irqsave(&ctl.rx), signals = 0;
	bool input = ctl.input_came;
	struct ctl_winsize ws = ctl.winsize;
	uint32_t pending = 0;

	ctl.input_came = false;
	if (ctl.handlers) {
		pending = ctl.pending;
		signals = ctl.pending_signals;
		ctl.pending = 0;
		ctl.pending_signals = 0;
	}
	spin_unlock_irqrestore(&ctl.rx, irq);
	if (input)
		waitq_wake_all(&ctl.input_waiters);
	waitq_wake_all(&ctl.room_waiters);
	if (pending || signals)
		call_handlers(pending, signals, &ws);
}

void ctl_set_handlers(const struct ctl_handlers *h)
{
	ctl.handlers = h;
	ctl_link_progress();
}

// Makes the buffer at the first wish for input. -ENOMEM.
static int want_input(void)
{
	struct page *pages;
	uint64_t irq;

	if (READ_ONCE(ctl.in_wanted))
		return 0;
	pages = pmm_alloc(STDIN_ORDER, 0);
	if (!pages)
		return -ENOMEM;
	irq = spin_lock_irqsave(&ctl.rx);
	if (!ctl.in_wanted) {
		ctl.input = phys_to_virt(page_to_pa(pages));
		ctl.in_wanted = true;
		pages = NULL;
	}
	spin_unlock_irqrestore(&ctl.rx, irq);
	if (pages)
		page_put(pages, STDIN_ORDER);
	else if (!ctl.connected && ctl.raw)
		ctl.link.irqs = uart_enable_rx_irq(UART_COM1, on_raw_interrupt, NULL) == 0;
	return 0;
}

// Lets the host send as much as there is room for, in steps of at least half of the buffer.
static void grant_credit(void)
{
	uint32_t credit = 0;
	uint64_t irq = spin_lock_irqsave(&ctl.rx);
	uint32_t room = STDIN_BYTES - (ctl.in_granted - ctl.in_got);

	if (room >= STDIN_BYTES / 2 && !ctl.in_eof) {
		credit = room;
		ctl.in_granted += room;
	}
	spin_unlock_irqrestore(&ctl.rx, irq);
	if (credit && ctl.connected)
		ctl_send_record(CTL_CREDIT, &credit, sizeof(credit));
}

static void poll_input(void)
{
	if (ctl.link.irqs)
		return;
	if (ctl.connected)
		ctl.link.poll();
	else if (ctl.raw)
		poll_raw();
}

size_t ctl_readable_bytes(void)
{
	if (want_input())
		return 0;
	grant_credit();
	poll_input();
	return READ_ONCE(ctl.in_put) - READ_ONCE(ctl.in_got);
}

bool ctl_readable(void)
{
	return ctl_readable_bytes() > 0 || READ_ONCE(ctl.in_eof);
}

static size_t copy_input(uint8_t *buf, size_t n)
{
	uint64_t irq = spin_lock_irqsave(&ctl.rx);
	uint32_t at = ctl.in_got % STDIN_BYTES;

	n = MIN(n, (size_t)(ctl.in_put - ctl.in_got));
	n = MIN(n, (size_t)(STDIN_BYTES - at));
	memcpy(buf, ctl.input + at, n);
	ctl.in_got += (uint32_t)n;
	spin_unlock_irqrestore(&ctl.rx, irq);
	return n;
}

static int wait_for_input(void)
{
	int err;

	if (ctl.link.irqs)
		waitq_wait_event(&ctl.input_waiters, ctl_readable(), err);
	else
		waitq_wait_until(&ctl.input_waiters, ctl_readable(), clock_mono_ns() + POLL_NS,
				 true, err);
	return err == -ETIMEDOUT ? 0 : err;
}

int64_t ctl_read(void *buf, size_t n, bool nonblock)
{
	size_t done = 0;
	int err = want_input();

	if (n == 0)
		return 0;
	while (err == 0 && done == 0) {
		// Looked at first: an interrupt may bring the last bytes and the end in between.
		bool eof = __atomic_load_n(&ctl.in_eof, __ATOMIC_ACQUIRE);

		if (ctl_readable_bytes() == 0) {
			if (eof)
				return 0;
			err = nonblock ? -EAGAIN : wait_for_input();
			continue;
		}
		// Twice, because the ring wraps.
		done = copy_input(buf, n);
		done += copy_input((uint8_t *)buf + done, n - done);
		grant_credit();
	}
	if (done)
		return (int64_t)done;
	return err == -EINTR ? -ERESTARTSYS : err;
}

// Start

static int open_link(const char *name)
{
	static const struct {
		const char *name;
		int (*open)(struct ctl_link *link);
	} links[] = { { "virtio", virtio_console_open },
		      { "auto", virtio_console_open },
		      { "uart2", uart_link_open } };

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (strcmp(links[i].name, name) == 0)
			return links[i].open(&ctl.link);
	return -EINVAL;
}

static void open_raw(void)
{
	// Without the FIFO: what was typed already stays.
	ctl.raw = uart_init(UART_COM1, false);
}

void ctl_init(void)
{
	const uint32_t version = CTL_VERSION;
	char name[16];
	int found = cmdline_find(boot_cmdline(), "ctl", name, sizeof(name));

	waitq_init(&ctl.room_waiters);
	waitq_init(&ctl.input_waiters);
	ctl.parser.record = take_record;
	if (found == 1)
		found = open_link(name);
	else
		found = -ENODEV;
	if (found)
		open_raw();
	else
		ctl.connected = true;
	ctl.sink.write = write_log;
	if (ctl.connected)
		ctl_send_record(CTL_READY, &version, sizeof(version));
	log_add_sink(&ctl.sink);
}
