// Kernel timers on CLOCK_MONOTONIC, one ordered tree per CPU, run from the timer interrupt.
#pragma once

#include "lib/compiler.h"
#include "lib/rbtree.h"

struct timer {
	struct rb_node node;
	uint64_t deadline_ns;
	void (*fn)(struct timer *t); // interrupt context, no locks held
	bool armed;
	unsigned cpu;
};

void timer_init(struct timer *t, void (*fn)(struct timer *t));
void timer_arm(struct timer *t, uint64_t deadline_ns); // re-arms if armed
// True if it was armed; on return the callback is not running on any CPU.
bool timer_cancel(struct timer *t);
