// What carries the control channel: a stream of bytes each way. drivers/ctl.c frames it.
#pragma once

#include "lib/compiler.h"

struct ctl_link {
	// Called with the channel's transmit lock held, interrupts off, any context.
	size_t (*room)(void);                      // bytes that send will take now
	void (*send)(const void *bytes, size_t n); // n <= room()
	void (*flush)(void);                       // the device shall look
	bool (*idle)(void);                        // the device has taken everything
	void (*want_room_irq)(bool on);            // interrupt when there is room again
	// Without the lock: looks for input where there is no interrupt.
	void (*poll)(void);
	size_t most_bytes; // the most that room ever returns; 0: no limit
	bool irqs;         // input and room are announced by interrupts
};

// Upcalls of a link, in interrupt context or from poll.
void ctl_link_received(const void *bytes, size_t n);
void ctl_link_progress(void); // everything received was handed over, or there is room again

// Each finds its device and starts it: 0 and |*link| is filled, or -errno.
int __must_check virtio_console_open(struct ctl_link *link);
int __must_check uart_link_open(struct ctl_link *link);
