// Kernel timers: per CPU one tree ordered by deadline and the hardware's one-shot timer armed for
// its first. The hardware is re-armed only for an earlier deadline: a cancelled timer may cost one
// spurious interrupt, which is cheaper than programming the timer at each cancel.
//
// Lock: the CPU's base lock (RANK_TIMER, interrupts off). Callbacks run without it.

#include "kernel/sched/timer.h"

#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/lock.h"
#include "kernel/base/percpu.h"
#include "kernel/sched/timer_internal.h"

#define MOVING ~0u // of timer.cpu: between two bases; interrupts are off

struct timer_base {
	struct spinlock lock;
	struct rb_root tree;
	struct timer *first;
	struct timer *running; // its callback is being run now
	uint64_t hw_deadline_ns;
};

static DEFINE_PERCPU(struct timer_base, timer_base);

void timer_init_cpu(unsigned cpu)
{
	struct timer_base *b = per_cpu_ptr(timer_base, cpu);

	spin_init(&b->lock, RANK_TIMER, "timer");
	b->hw_deadline_ns = UINT64_MAX;
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){ .fn = fn };
}

static void base_insert(struct timer_base *b, struct timer *t)
{
	struct rb_node **link = &b->tree.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (t->deadline_ns < rb_entry(parent, struct timer, node)->deadline_ns) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_insert(&b->tree, &t->node, parent, link, NULL);
	if (leftmost)
		b->first = t;
	t->armed = true;
}

static void base_erase(struct timer_base *b, struct timer *t)
{
	if (b->first == t) {
		struct rb_node *next = rb_next(&t->node);

		b->first = next ? rb_entry(next, struct timer, node) : NULL;
	}
	rb_erase(&b->tree, &t->node, NULL);
	t->armed = false;
}

// Only for the own CPU's base.
static void base_program(struct timer_base *b)
{
	if (b->first && b->first->deadline_ns < b->hw_deadline_ns) {
		b->hw_deadline_ns = b->first->deadline_ns;
		clock_arm_timer(b->hw_deadline_ns);
	}
}

// Locks the base that |t| is or was last armed on. Interrupts are off.
static struct timer_base *timer_lock_base(struct timer *t)
{
	for (;;) {
		unsigned cpu = __atomic_load_n(&t->cpu, __ATOMIC_ACQUIRE);
		struct timer_base *b;

		if (unlikely(cpu == MOVING)) {
			cpu_relax();
			continue;
		}
		b = per_cpu_ptr(timer_base, cpu);
		spin_lock(&b->lock);
		if (likely(t->cpu == cpu))
			return b;
		spin_unlock(&b->lock);
	}
}

void timer_arm(struct timer *t, uint64_t deadline_ns)
{
	uint64_t irq = cpu_irq_save();
	struct timer_base *b = timer_lock_base(t);

	if (t->armed)
		base_erase(b, t);
	// While its callback runs it stays with that CPU: timer_cancel looks for it there, and the
	// CPU programs its hardware after the callback.
	if (t->cpu != this_cpu_id() && b->running != t) {
		__atomic_store_n(&t->cpu, MOVING, __ATOMIC_RELEASE);
		spin_unlock(&b->lock);
		b = this_cpu_ptr(timer_base);
		spin_lock(&b->lock);
		__atomic_store_n(&t->cpu, this_cpu_id(), __ATOMIC_RELEASE);
	}
	t->deadline_ns = deadline_ns;
	base_insert(b, t);
	if (likely(b == this_cpu_ptr(timer_base)))
		base_program(b);
	spin_unlock(&b->lock);
	cpu_irq_restore(irq);
}

bool timer_cancel(struct timer *t)
{
	for (;;) {
		uint64_t irq = cpu_irq_save();
		struct timer_base *b = timer_lock_base(t);
		bool armed = t->armed;
		// The callback itself may cancel (it has been disarmed before it runs).
		bool elsewhere = b->running == t && t->cpu != this_cpu_id();

		if (armed)
			base_erase(b, t);
		spin_unlock(&b->lock);
		cpu_irq_restore(irq);
		if (!elsewhere)
			return armed;
		cpu_relax();
	}
}

void timer_interrupt(void)
{
	struct timer_base *b = this_cpu_ptr(timer_base);
	uint64_t now_ns;

	spin_lock(&b->lock);
	b->hw_deadline_ns = UINT64_MAX;
	now_ns = clock_mono_ns();
	while (b->first && b->first->deadline_ns <= now_ns) {
		struct timer *t = b->first;

		base_erase(b, t);
		b->running = t;
		spin_unlock(&b->lock);
		t->fn(t);
		spin_lock(&b->lock);
		b->running = NULL;
	}
	base_program(b);
	spin_unlock(&b->lock);
}
