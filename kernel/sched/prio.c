// Policies, nice values and priorities of threads, and which CPUs a thread may use. What is set
// here is guarded by the run queue's lock of the thread; a thread in a queue is taken out and put
// back. The hook is set once, at start.

#include "kernel/sched/prio.h"

#include <linux/sched.h>

#include "kernel/base/percpu.h"
#include "kernel/sched/runqueue.h"
#include "kernel/sched/sched.h"

#define IDLE_WEIGHT 3

static struct {
	void (*hook)(struct thread *t);
} prio;

// Linux kernel/sched/core.c: each step of nice is 10 % of CPU time.
static const uint32_t nice_weights[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,
	1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,
	110,   87,    70,    56,    45,    36,    29,    23,    18,    15,
};

int sched_base_prio(const struct thread *t)
{
	if (t->rt_prio)
		return PRIO_RT_END - 1 - t->rt_prio;
	return PRIO_DEFAULT + t->nice;
}

int sched_prio(const struct thread *t)
{
	return t->prio;
}

// From policy, nice value and boost. The boost lends a weight, too.
static void derive(struct thread *t)
{
	int to = MIN(sched_base_prio(t), PRIO_NONE - (int)t->boost);
	uint32_t weight = to < PRIO_RT_END ? 1024 : nice_weights[to - PRIO_RT_END];

	if (t->policy == SCHED_IDLE && !t->boost)
		weight = IDLE_WEIGHT;
	t->prio = (uint8_t)to;
	t->vscale = (1024ull << 32) / weight;
}

void sched_init_thread(struct thread *t, const struct thread *maker)
{
	t->affinity = ~0ull;
	if (maker) {
		t->affinity = maker->affinity;
		t->ioprio = maker->ioprio;
		if (!maker->reset_on_fork) {
			t->policy = maker->policy;
			t->rt_prio = maker->rt_prio;
			t->nice = maker->nice;
		} else if (!maker->rt_prio) {
			t->nice = MAX(maker->nice, 0);
		}
	}
	derive(t);
}

// After something of |t| has changed; |rq| is its queue, locked. True: the queue's CPU should look.
static bool reposition(struct runqueue *rq, struct thread *t, bool was_queued)
{
	bool was_realtime = is_realtime(t);

	derive(t);
	if (was_realtime && !is_realtime(t)) // what it used does not count
		t->vruntime = rq_floor(rq, cpu_rdtsc());
	if (was_queued)
		rq_insert(rq, t, false);
	if (rq->current == rq->idle)
		return false;
	if (rq->current == t ? !rq_first(rq) || rq_first(rq)->prio > t->prio
			     : !was_queued || !rq_should_preempt(rq, t, true, cpu_rdtsc()))
		return false;
	__atomic_fetch_or(&rq->current->pending, PENDING_RESCHED, __ATOMIC_RELAXED);
	return true;
}

// |change| sets fields of |t| under its queue's lock.
#define CHANGE_THREAD(t, change)                                                                   \
	do {                                                                                       \
		uint64_t irq_ = cpu_irq_save();                                                    \
		struct runqueue *rq_ = rq_lock_of(t);                                              \
		unsigned cpu_ = (t)->cpu;                                                          \
		bool queued_ = (t)->queued, look_;                                                 \
                                                                                                   \
		if (queued_)                                                                       \
			rq_remove(rq_, (t));                                                       \
		change;                                                                            \
		look_ = reposition(rq_, (t), queued_);                                             \
		spin_unlock(&rq_->lock);                                                           \
		if (look_ && cpu_ != this_cpu_id())                                                \
			sched_kick_cpu(cpu_);                                                      \
		cpu_irq_restore(irq_);                                                             \
	} while (0)

void sched_boost(struct thread *t, int to)
{
	if (t->boost != PRIO_NONE - to)
		CHANGE_THREAD(t, t->boost = (uint8_t)(PRIO_NONE - to));
}

static void set_policy(struct thread *t, const struct sched_policy *p)
{
	t->policy = p->policy;
	t->rt_prio = p->rt_prio;
	t->nice = p->nice;
	t->reset_on_fork = p->reset_on_fork;
}

void sched_set_policy(struct thread *t, const struct sched_policy *p)
{
	CHANGE_THREAD(t, set_policy(t, p));
	sched_prio_changed(t);
}

void sched_get_policy(const struct thread *t, struct sched_policy *out)
{
	*out = (struct sched_policy){ .policy = t->policy,
				      .rt_prio = t->rt_prio,
				      .nice = t->nice,
				      .reset_on_fork = t->reset_on_fork };
}

void sched_set_nice(struct thread *t, int nice)
{
	CHANGE_THREAD(t, t->nice = (int8_t)nice);
	sched_prio_changed(t);
}

// A queued thread is woken anew, so to speak: the CPU is chosen again. A running one leaves at its
// next schedule().
void sched_set_affinity(struct thread *t, uint64_t cpus)
{
	struct runqueue *rq;
	uint64_t irq;
	unsigned cpu;

	if (!(cpus & __atomic_load_n(&sched_shared.cpus, __ATOMIC_RELAXED)))
		sched_want_cpus();
	irq = cpu_irq_save();
	rq = rq_lock_of(t);
	cpu = t->cpu;
	t->affinity = cpus;
	if (cpus >> cpu & 1) {
		spin_unlock(&rq->lock);
	} else if (t->queued) {
		rq_remove(rq, t);
		sched_requeue(rq, t); // unlocks
	} else {
		// It runs, or is between two queues: it goes when it is about to enter user mode.
		// One that sleeps wakes elsewhere.
		if (t->state == THREAD_RUNNING || t->state == THREAD_RUNNABLE ||
		    t->state == THREAD_MOVING || rq->current == t)
			__atomic_fetch_or(&t->pending, PENDING_RESCHED, __ATOMIC_RELAXED);
		else
			rq_set_cpu(t, rq_choose_cpu(t, false));
		spin_unlock(&rq->lock);
		if (cpu != this_cpu_id())
			sched_kick_cpu(cpu);
	}
	cpu_irq_restore(irq);
	if (t == thread_current())
		sched_point();
}

uint64_t sched_fair_slice_ns(void)
{
	return SLICE_NS;
}

uint64_t sched_rr_slice_ns(void)
{
	return RR_SLICE_NS;
}

void sched_set_prio_hook(void (*fn)(struct thread *t))
{
	prio.hook = fn;
}

void sched_prio_changed(struct thread *t)
{
	if (prio.hook)
		prio.hook(t);
}
