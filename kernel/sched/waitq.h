// The one wait mechanism: a queue of waiters, each a thread or a callback (poll, epoll). Host tests
// replace this file's implementation by pthread condition variables.
//
//	waitq_wait_event(&q, cond, &err)  sleeps until cond; err is 0, or -EINTR.
//
// The condition is tested after the waiter is queued, so a wake between test and sleep is not lost.
#pragma once

#include "kernel/base/lock.h"
#include "lib/list.h"

struct thread;

struct waitq {
	struct spinlock lock; // RANK_WAITQ
	struct list_node waiters;
};

struct waitq_entry {
	struct list_node node;
	struct thread *thread; // to wake, or NULL
	// Called with the queue's lock held, interrupts off; returns true if it consumed an
	// exclusive wake. |key| is what waitq_wake was given (poll events).
	bool (*func)(struct waitq_entry *e, uint64_t key);
	bool exclusive;
	bool woken;
	// Of a thread: the wake takes the entry off the queue, and |woken| is the last that it does
	// with it (waitq_sleep_once).
	bool autoremove;
};

static inline void waitq_init(struct waitq *q)
{
	spin_init(&q->lock, RANK_WAITQ, "waitq");
	list_init(&q->waiters);
}
void waitq_add(struct waitq *q, struct waitq_entry *e);
void waitq_remove(struct waitq *q, struct waitq_entry *e);
// Wakes all non-exclusive waiters and up to |n_exclusive| exclusive ones. Any context.
void waitq_wake(struct waitq *q, unsigned n_exclusive, uint64_t key);
// For a callback that was called by a wake of another queue: the caller guarantees one order among
// such queues. True if anybody waits.
bool waitq_wake_nested(struct waitq *q, unsigned n_exclusive, uint64_t key);
// Nobody waits. Only of use with a full barrier between the change that is waited for and this
// look.
static inline bool waitq_is_empty(const struct waitq *q)
{
	return READ_ONCE(q->waiters.next) == &q->waiters;
}
static inline void waitq_wake_all(struct waitq *q)
{
	waitq_wake(q, ~0u, 0);
}

// For the macro below. |deadline_ns| on CLOCK_MONOTONIC, UINT64_MAX for none.
void waitq_prepare(struct waitq *q, struct waitq_entry *e);
// The same for waiters of which a wake needs only one.
void waitq_prepare_exclusive(struct waitq *q, struct waitq_entry *e);
// 0 when woken; -EINTR (a signal, only if |interruptible|); -ETIMEDOUT.
int waitq_sleep(struct waitq_entry *e, uint64_t deadline_ns, bool interruptible);
void waitq_finish(struct waitq *q, struct waitq_entry *e);
// Queues the calling thread, exclusively and interruptibly, and says that it sleeps: to be followed
// by what lets wakers in (they all must take a lock that is held now) and by waitq_sleep_once.
void waitq_mark_sleeping(struct waitq *q, struct waitq_entry *e);
// False: a signal came, and no wake.
bool waitq_sleep_once(struct waitq *q, struct waitq_entry *e);

// Sets |err| to 0 when |cond| held, else to why the wait ended. May sleep. The second one is for
// callers that found |cond| false just now.
#define waitq_wait_until(q, cond, deadline_ns, interruptible, err)                                 \
	do {                                                                                       \
		(err) = 0;                                                                         \
		if (!(cond))                                                                       \
			waitq_wait_queued(q, cond, deadline_ns, interruptible, err);               \
	} while (0)
#define waitq_wait_queued(q, cond, deadline_ns, interruptible, err)                                \
	do {                                                                                       \
		struct waitq_entry we_;                                                            \
		(err) = 0;                                                                         \
		waitq_prepare((q), &we_);                                                          \
		while (!(cond)) {                                                                  \
			(err) = waitq_sleep(&we_, (deadline_ns), (interruptible));                 \
			if ((err) && !(cond))                                                      \
				break;                                                             \
			(err) = 0;                                                                 \
		}                                                                                  \
		waitq_finish((q), &we_);                                                           \
	} while (0)
#define waitq_wait_event(q, cond, err) waitq_wait_until(q, cond, UINT64_MAX, true, err)
