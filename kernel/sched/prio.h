// Priorities and priority inheritance. Numbers are Linux's: 0 to 98 are real-time (99 -
// rt_priority), 100 to 139 are 120 + nice; smaller is more urgent.
#pragma once

#include "lib/compiler.h"

struct thread;

#define PRIO_RT_END  100 // real-time priorities are smaller
#define PRIO_DEFAULT 120 // nice 0
#define PRIO_NONE    140 // less urgent than any thread: no boost

// What the thread's policy and nice value give it.
int sched_base_prio(const struct thread *t);
// The priority it runs at: its own or, while it is boosted, the more urgent of the two.
int sched_prio(const struct thread *t);
// Lends |t| the priority |prio| until the next call; PRIO_NONE takes it back. A boost into the
// real-time range makes it run as SCHED_FIFO of that priority. Any context; takes the lock of the
// run queue.
void sched_boost(struct thread *t, int prio);
// |fn| is called by sched_prio_changed().
void sched_set_prio_hook(void (*fn)(struct thread *t));
// To be called, without locks, after the own priority of a thread has changed: who waits for a lock
// takes its new place, and the owner is lent the new priority.
void sched_prio_changed(struct thread *t);

struct sched_policy {
	uint8_t policy;  // SCHED_NORMAL, FIFO, RR, BATCH or IDLE
	uint8_t rt_prio; // 1 to 99 for FIFO and RR, else 0
	int8_t nice;
	bool reset_on_fork;
};
// No checks: the caller has made them. Takes the run queue's lock; ends in sched_prio_changed().
void sched_set_policy(struct thread *t, const struct sched_policy *p);
void sched_get_policy(const struct thread *t, struct sched_policy *out);
void sched_set_nice(struct thread *t, int nice);
// |cpus| has a CPU that is online. May sleep (it may have to start that CPU, or to go there).
void sched_set_affinity(struct thread *t, uint64_t cpus);
