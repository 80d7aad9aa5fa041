// CPU-time clocks of processes and threads, and timers on them. There is no tick: a timer looks
// when its time could have come at the earliest, and at least a millisecond apart.
#pragma once

#include "kernel/sched/timer.h"

struct process;
struct thread;

// Whose time: one of both, with a reference.
struct cpu_clock {
	struct process *p;
	struct thread *t;
};

// |clock|: CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID or a negative number that names one.
// 0 or -EINVAL.
int __must_check cpu_clock_get(int clock, struct cpu_clock *out);
void cpu_clock_put(const struct cpu_clock *c);
uint64_t cpu_clock_ns(const struct cpu_clock *c); // takes the process's sighand lock

struct cputimer {
	struct timer timer;
	struct cpu_clock clock;                             // borrowed
	uint64_t expires_ns;                                // on that clock
	uint64_t last_ns;                                   // what it read last time
	void (*fired)(struct cputimer *t, uint64_t now_ns); // interrupt context, no locks held
};

void cputimer_init(struct cputimer *t, void (*fired)(struct cputimer *t, uint64_t now_ns));
// Not while it is armed, but from its own callback.
void cputimer_start(struct cputimer *t, uint64_t expires_ns, uint64_t now_ns);
// Sleeps until |c| reads |expires_ns|. 0 or -EINTR.
int __must_check cputimer_sleep(const struct cpu_clock *c, uint64_t expires_ns);
