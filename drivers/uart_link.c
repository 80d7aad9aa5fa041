// The second serial port as a link of the control channel, where there is no virtio. Output is
// polled, so there is always room; input comes by interrupt, or by poll.
#include <linux/errno.h>

#include "drivers/ctl_link.h"
#include "drivers/uart.h"

#define MOST_BYTES 4096u // of one record: so long are interrupts off

#define CHUNK_BYTES 64u

static void poll(void)
{
	uint8_t bytes[CHUNK_BYTES];
	size_t n;

	do {
		n = 0;
		while (n < sizeof(bytes) && uart_read(UART_COM2, &bytes[n]))
			n++;
		if (n)
			ctl_link_received(bytes, n);
	} while (n == sizeof(bytes));
	ctl_link_progress();
}

static void on_interrupt(void *arg)
{
	poll();
}

static size_t room(void)
{
	return MOST_BYTES;
}

static void send(const void *bytes, size_t n)
{
	uart_write(UART_COM2, bytes, n);
}

static void flush(void)
{
}

static bool idle(void)
{
	return true;
}

static void want_room_irq(bool on)
{
}

int uart_link_open(struct ctl_link *link)
{
	// The host sends nothing before CTL_READY: turning the FIFO on loses nothing.
	if (!uart_init(UART_COM2, true))
		return -ENODEV;
	*link = (struct ctl_link){ .room = room,
				   .send = send,
				   .flush = flush,
				   .idle = idle,
				   .want_room_irq = want_room_irq,
				   .poll = poll,
				   .most_bytes = MOST_BYTES,
				   .irqs = uart_enable_rx_irq(UART_COM2, on_interrupt, NULL) == 0 };
	return 0;
}
