// A one-shot timer at a time of CLOCK_MONOTONIC or CLOCK_REALTIME; the latter follow when that
// clock is set. What timerfd and POSIX timers are made of.
#pragma once

#include "kernel/sched/timer.h"
#include "lib/list.h"

struct timer_spec { // struct itimerspec
	uint64_t value_ns, interval_ns;
};

struct clocktimer {
	struct timer timer;
	struct list_node node;               // of armed ones on CLOCK_REALTIME
	uint64_t expires_ns;                 // on its clock
	bool real;                           // that is CLOCK_REALTIME
	void (*fired)(struct clocktimer *c); // interrupt context, no locks held
};

void clocktimer_init(struct clocktimer *c, void (*fired)(struct clocktimer *c));
// Fires at |expires_ns|, but no earlier than |delay_ns| from now. Not while it is armed.
void clocktimer_start(struct clocktimer *c, bool real, uint64_t expires_ns, uint64_t delay_ns);
// On return it is not armed and its callback is not running.
void clocktimer_cancel(struct clocktimer *c);
uint64_t clocktimer_now(bool real);
// Advances |expires_ns| by whole intervals to the first time after |now_ns|. How many that were.
uint64_t clocktimer_forward(uint64_t *expires_ns, uint64_t interval_ns, uint64_t now_ns);

// CLOCK_REALTIME is now |ns|: sets it, and moves the timers on it.
void clocktimer_set_real_ns(uint64_t ns);
// How often that happened.
uint64_t clocktimer_real_sets(void);
// Wakes what waits for the next time (timerfd's cancel-on-set).
struct waitq *clocktimer_set_queue(void);
