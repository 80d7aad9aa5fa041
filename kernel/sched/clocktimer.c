// Timers on settable clocks. Lock: list.lock (RANK_CLOCKTIMER, interrupts off) guards the list of
// armed timers on CLOCK_REALTIME; a timer on it has its deadline computed anew when the clock is
// set. The owner serialises start and cancel.
#include "kernel/sched/clocktimer.h"

#include "kernel/base/clock.h"
#include "kernel/base/lock.h"
#include "kernel/sched/waitq.h"

static struct {
	struct spinlock lock;
	struct list_node timers;
	uint64_t sets; // atomic
	struct waitq changed;
} list = { .lock = SPINLOCK_INIT(RANK_CLOCKTIMER, "clocktimer"),
	   .timers = LIST_INIT(list.timers),
	   .changed = { SPINLOCK_INIT(RANK_WAITQ, "waitq"), LIST_INIT(list.changed.waiters) } };

uint64_t clocktimer_now(bool real)
{
	return real ? clock_real_ns() : clock_mono_ns();
}

static uint64_t to_mono(const struct clocktimer *c)
{
	uint64_t offset = c->real ? clock_real_ns() - clock_mono_ns() : 0;

	if (c->expires_ns >= INT64_MAX)
		return UINT64_MAX;
	return c->expires_ns > offset ? c->expires_ns - offset : 0;
}

static void list_leave(struct clocktimer *c)
{
	uint64_t irq = spin_lock_irqsave(&list.lock);

	list_remove(&c->node);
	spin_unlock_irqrestore(&list.lock, irq);
}

static void timer_fired(struct timer *t)
{
	struct clocktimer *c = container_of(t, struct clocktimer, timer);

	if (c->real) {
		uint64_t irq = spin_lock_irqsave(&list.lock);
		bool armed = !list_empty(&c->node);
		bool early = armed && clock_real_ns() < c->expires_ns;

		if (early) // the clock was set back
			timer_arm(t, to_mono(c));
		else
			list_remove(&c->node);
		spin_unlock_irqrestore(&list.lock, irq);
		if (early || !armed)
			return;
	}
	c->fired(c);
}

void clocktimer_init(struct clocktimer *c, void (*fired)(struct clocktimer *c))
{
	timer_init(&c->timer, timer_fired);
	list_init(&c->node);
	c->fired = fired;
}

void clocktimer_start(struct clocktimer *c, bool real, uint64_t expires_ns, uint64_t delay_ns)
{
	uint64_t irq = spin_lock_irqsave(&list.lock), deadline;

	c->real = real;
	c->expires_ns = expires_ns;
	if (real)
		list_push_back(&list.timers, &c->node);
	deadline = to_mono(c);
	if (delay_ns)
		deadline = MAX(deadline, clock_mono_ns() + delay_ns);
	timer_arm(&c->timer, deadline);
	spin_unlock_irqrestore(&list.lock, irq);
}

void clocktimer_cancel(struct clocktimer *c)
{
	list_leave(c);
	timer_cancel(&c->timer);
}

uint64_t clocktimer_forward(uint64_t *expires_ns, uint64_t interval_ns, uint64_t now_ns)
{
	uint64_t n = 0;

	if (now_ns >= *expires_ns) {
		n = (now_ns - *expires_ns) / interval_ns + 1;
		*expires_ns = MIN(*expires_ns + n * interval_ns, (uint64_t)INT64_MAX);
	}
	return n;
}

void clocktimer_set_real_ns(uint64_t ns)
{
	struct clocktimer *c;
	uint64_t irq;

	clock_set_real_ns(ns);
	irq = spin_lock_irqsave(&list.lock);
	__atomic_add_fetch(&list.sets, 1, __ATOMIC_SEQ_CST);
	list_for_each (c, &list.timers, node)
		timer_arm(&c->timer, to_mono(c));
	spin_unlock_irqrestore(&list.lock, irq);
	waitq_wake_all(&list.changed);
}

uint64_t clocktimer_real_sets(void)
{
	return __atomic_load_n(&list.sets, __ATOMIC_SEQ_CST);
}

struct waitq *clocktimer_set_queue(void)
{
	return &list.changed;
}
