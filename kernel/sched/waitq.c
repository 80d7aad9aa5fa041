// Wait queues. Entries stay queued until their owner removes them; a wake marks them and wakes the
// thread or calls the callback. Lock: the queue's own (RANK_WAITQ, interrupts off).

#include "kernel/sched/waitq.h"

#include <asm/errno.h>

#include "kernel/base/cpu.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"
#include "kernel/sched/wake.h"

#define WAKES (1u << THREAD_SLEEPING | 1u << THREAD_INTERRUPTIBLE)

void waitq_add(struct waitq *q, struct waitq_entry *e)
{
	uint64_t irq = spin_lock_irqsave(&q->lock);

	e->woken = false;
	// Exclusive waiters stand behind the others, in order of arrival.
	if (e->exclusive)
		list_push_back(&q->waiters, &e->node);
	else
		list_push_front(&q->waiters, &e->node);
	spin_unlock_irqrestore(&q->lock, irq);
	// Pairs with waitq_wake's: it sees this waiter, or the waiter what it has made true.
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void waitq_remove(struct waitq *q, struct waitq_entry *e)
{
	uint64_t irq = spin_lock_irqsave(&q->lock);

	list_remove(&e->node);
	spin_unlock_irqrestore(&q->lock, irq);
}

// True if |e| was not awake already.
static __always_inline_fn bool waitq_wake_entry(struct waitq_entry *e, uint64_t key)
{
	if (e->func)
		return e->func(e, key);
	if (e->woken)
		return false;
	if (e->autoremove) {
		// The sleeper may return and drop its entry, and be gone, once woken is set.
		list_remove(&e->node);
		sched_wake(e->thread, WAKES);
		__atomic_store_n(&e->woken, true, __ATOMIC_RELEASE);
		return true;
	}
	__atomic_store_n(&e->woken, true, __ATOMIC_SEQ_CST);
	sched_wake(e->thread, WAKES);
	return true;
}

static __noinline void wake_locked(struct waitq *q, unsigned n_exclusive, uint64_t key)
{
	struct waitq_entry *e, *next;

	list_for_each_safe (e, next, &q->waiters, node) {
		if (e->exclusive && !n_exclusive)
			break;
		bool exclusive = e->exclusive;

		if (waitq_wake_entry(e, key) && exclusive)
			n_exclusive--;
	}
}

// The usual case of wake_locked, whole: there is one waiter, a thread, and waking it is the usual
// case of that. False: nothing was done.
static __always_inline_fn bool wake_only_locked(struct waitq *q, unsigned n_exclusive)
{
	struct waitq_entry *e = list_entry(q->waiters.next, struct waitq_entry, node);

	if (unlikely(e->node.next != &q->waiters || &e->node == &q->waiters || e->func ||
		     e->woken || !n_exclusive || !sched_wake_quick(e->thread, WAKES, false)))
		return false;
	if (e->autoremove)
		list_init(&q->waiters);
	__atomic_store_n(&e->woken, true, __ATOMIC_RELEASE);
	return true;
}

static __noinline void wake_some(struct waitq *q, unsigned n_exclusive, uint64_t key)
{
	uint64_t irq = spin_lock_irqsave(&q->lock);
	struct waitq_entry *e = list_entry(q->waiters.next, struct waitq_entry, node);

	if (e->node.next == &q->waiters && &e->node != &q->waiters && e->func && n_exclusive) {
		sched_hold_kicks();
		(void)e->func(e, key); // the only one, an epoll's
	} else if (unlikely(!wake_only_locked(q, n_exclusive))) {
		sched_hold_kicks();
		wake_locked(q, n_exclusive, key);
	}
	spin_unlock(&q->lock);
	sched_send_kicks();
	cpu_irq_restore(irq);
}

void waitq_wake(struct waitq *q, unsigned n_exclusive, uint64_t key)
{
	// A waiter queues itself before it tests its condition, the caller has made the condition
	// true before: with a barrier between that and this look, an empty queue needs no lock.
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!waitq_is_empty(q))
		wake_some(q, n_exclusive, key);
}

bool waitq_wake_nested(struct waitq *q, unsigned n_exclusive, uint64_t key)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (waitq_is_empty(q))
		return false;
	spin_lock_nested(&q->lock);
	if (unlikely(!wake_only_locked(q, n_exclusive)))
		wake_locked(q, n_exclusive, key);
	spin_unlock(&q->lock);
	return true;
}

static void prepare(struct waitq *q, struct waitq_entry *e, bool exclusive)
{
	e->thread = thread_current();
	e->func = NULL;
	e->exclusive = exclusive;
	e->autoremove = false;
	waitq_add(q, e);
}

void waitq_prepare(struct waitq *q, struct waitq_entry *e)
{
	prepare(q, e, false);
}

void waitq_prepare_exclusive(struct waitq *q, struct waitq_entry *e)
{
	prepare(q, e, true);
}

int waitq_sleep(struct waitq_entry *e, uint64_t deadline_ns, bool interruptible)
{
	int err = 0;

	sched_set_state(interruptible ? THREAD_INTERRUPTIBLE : THREAD_SLEEPING);
	if (__atomic_load_n(&e->woken, __ATOMIC_SEQ_CST)) {
		sched_set_state(THREAD_RUNNING);
	} else if (deadline_ns == UINT64_MAX) {
		schedule();
	} else if (!sched_schedule_until(deadline_ns)) {
		err = -ETIMEDOUT;
	}
	if (__atomic_exchange_n(&e->woken, false, __ATOMIC_SEQ_CST))
		return 0;
	if (interruptible && sched_interrupted())
		return -EINTR;
	return err;
}

void waitq_finish(struct waitq *q, struct waitq_entry *e)
{
	waitq_remove(q, e);
}

void waitq_mark_sleeping(struct waitq *q, struct waitq_entry *e)
{
	struct thread *self = thread_current();

	e->thread = self;
	e->func = NULL;
	e->exclusive = true;
	e->woken = false;
	e->autoremove = true;
	cpu_irq_disable();
	spin_lock(&q->lock);
	list_push_back(&q->waiters, &e->node);
	// As futex_wait: who wakes has the queue's lock, signals are schedule()'s business.
	WRITE_ONCE(self->state, THREAD_INTERRUPTIBLE);
	spin_unlock(&q->lock);
	cpu_irq_enable();
}

bool waitq_sleep_once(struct waitq *q, struct waitq_entry *e)
{
	uint64_t irq;
	bool woken;

	schedule();
	if (likely(__atomic_load_n(&e->woken, __ATOMIC_ACQUIRE)))
		return true;
	irq = spin_lock_irqsave(&q->lock);
	woken = e->woken; // perhaps by who had the lock just now
	if (!woken)
		list_remove(&e->node);
	spin_unlock_irqrestore(&q->lock, irq);
	return woken || !sched_interrupted();
}
