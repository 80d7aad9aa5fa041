// Which CPU a thread runs on: chosen when it wakes, pulled by CPUs that run out of work, offered by
// a tick where two threads wait for one CPU while another is idle. And the real-time lists of a run
// queue. Locks: the run queues' own, two of them by rising CPU number.

#include "kernel/sched/runqueue.h"
#include "lib/rare.h"

#define PULL_LOOK 8u // threads looked at for one that may move

void rq_insert_rt(struct runqueue *rq, struct thread *t, bool front)
{
	struct list_node *head = &rq->rt[t->prio];
	uint64_t *used = &rq->rt_used[t->prio / 64], bit = 1ull << (t->prio % 64);

	if (!(*used & bit))
		list_init(head);
	*used |= bit;
	if (front)
		list_push_front(head, &t->run_node);
	else
		list_push_back(head, &t->run_node);
}

void rq_remove_rt(struct runqueue *rq, struct thread *t)
{
	list_remove(&t->run_node);
	if (list_empty(&rq->rt[t->prio]))
		rq->rt_used[t->prio / 64] &= ~(1ull << (t->prio % 64));
}

struct thread *rq_first_rt(const struct runqueue *rq)
{
	unsigned prio = rq->rt_used[0] ? (unsigned)__builtin_ctzll(rq->rt_used[0])
				       : 64 + (unsigned)__builtin_ctzll(rq->rt_used[1]);

	return list_first(&rq->rt[prio], struct thread, run_node);
}

// Beside others that are not real-time threads.
void rq_insert_more(struct runqueue *rq, struct thread *t)
{
	struct rb_node **link = &rq->fair.node, *parent = NULL;
	struct thread *first = rq->fair_first;

	if ((int64_t)(t->vruntime - first->vruntime) < 0) {
		rq->fair_first = t;
		t = first;
	}
	while (*link) {
		uint64_t v = rb_entry(*link, struct thread, fair_node)->vruntime;

		parent = *link;
		link = (int64_t)(t->vruntime - v) < 0 ? &parent->left : &parent->right;
	}
	rb_insert(&rq->fair, &t->fair_node, parent, link, NULL);
}

RARE_CALL_THUNK(rq_insert_more);

void rq_remove_more(struct runqueue *rq, struct thread *t)
{
	if (t == rq->fair_first)
		rq->fair_first = t = rb_entry(rb_first(&rq->fair), struct thread, fair_node);
	rb_erase(&rq->fair, &t->fair_node, NULL);
}

__noinline uint64_t scale_virtual(const struct thread *t, uint64_t tsc)
{
	return (uint64_t)((unsigned __int128)tsc * t->vscale >> 32);
}

static uint64_t allowed_cpus(const struct thread *t)
{
	uint64_t cpus = __atomic_load_n(&sched_shared.cpus, __ATOMIC_RELAXED);

	// A CPU that did not start leaves nothing else to do.
	return t->affinity & cpus ? t->affinity & cpus : cpus;
}

// What |t| would find there: for a real-time thread, how urgent the one is that runs.
static unsigned load_of(const struct thread *t, unsigned cpu)
{
	const struct runqueue *rq = per_cpu_ptr(runqueue, cpu);
	const struct thread *cur = READ_ONCE(rq->current);

	if (is_realtime(t))
		return cur == rq->idle ? 0 : PRIO_NONE + 1u - cur->prio;
	return READ_ONCE(rq->count) + (cur != rq->idle);
}

// |start|'s own CPU if none is better.
static unsigned least_loaded(const struct thread *t, uint64_t cpus)
{
	unsigned best = t->cpu, best_load = cpus >> best & 1 ? load_of(t, best) : ~0u;

	for (; cpus; cpus &= cpus - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(cpus), load = load_of(t, cpu);

		if (load < best_load) {
			best = cpu;
			best_load = load;
		}
	}
	return best;
}

unsigned rq_choose_cpu(const struct thread *t, bool stay)
{
	uint64_t cpus = allowed_cpus(t), idle;
	unsigned me = this_cpu_id();

	if (cpus == 1ull << me || (stay && cpus >> me & 1))
		return me;
	idle = __atomic_load_n(&sched_shared.idle_cpus, __ATOMIC_RELAXED) & cpus;
	if (idle >> t->cpu & 1)
		return t->cpu;
	if (idle)
		return (unsigned)__builtin_ctzll(idle);
	return least_loaded(t, cpus);
}

void rq_lock_both(struct runqueue *a, struct runqueue *b)
{
	if (a > b) {
		struct runqueue *c = a;

		a = b;
		b = c;
	}
	spin_lock(&a->lock);
	spin_lock_nested(&b->lock);
}

// The first thread that waits on |rq| and may run on |cpu|, of those looked at.
static struct thread *find_movable(struct runqueue *rq, unsigned cpu)
{
	struct thread *t = rq_first(rq);
	struct rb_node *n;

	if (t && t->affinity >> cpu & 1)
		return t;
	t = rq->fair_first;
	if (t && t->affinity >> cpu & 1)
		return t;
	n = rb_first(&rq->fair);
	for (unsigned i = 0; n && i < PULL_LOOK; i++, n = rb_next(n)) {
		t = rb_entry(n, struct thread, fair_node);
		if (t->affinity >> cpu & 1)
			return t;
	}
	return NULL;
}

// Interrupts are off. True if a thread went from one to the other.
static bool move_one(struct runqueue *from, struct runqueue *to, unsigned to_cpu)
{
	struct thread *t;

	rq_lock_both(from, to);
	t = find_movable(from, to_cpu);
	if (t) {
		rq_remove(from, t);
		t->vruntime += to->min_vruntime - from->min_vruntime;
		rq_set_cpu(t, to_cpu);
		rq_insert(to, t, false);
		to->pulled++;
	}
	spin_unlock(&from->lock);
	spin_unlock(&to->lock);
	return t != NULL;
}

bool rq_pull(struct runqueue *rq)
{
	uint64_t others = __atomic_load_n(&sched_shared.cpus, __ATOMIC_RELAXED);
	struct runqueue *busiest = NULL;
	unsigned most = 0;

	for (others &= ~(1ull << this_cpu_id()); others; others &= others - 1) {
		struct runqueue *other = per_cpu_ptr(runqueue, (unsigned)__builtin_ctzll(others));

		if (READ_ONCE(other->count) > most) {
			most = other->count;
			busiest = other;
		}
	}
	return busiest && move_one(busiest, rq, this_cpu_id());
}

void rq_offer(struct runqueue *rq)
{
	uint64_t others = __atomic_load_n(&sched_shared.cpus, __ATOMIC_RELAXED);
	uint64_t idle = __atomic_load_n(&sched_shared.idle_cpus, __ATOMIC_RELAXED);

	others &= ~(1ull << this_cpu_id());
	if (idle & others) {
		sched_kick_cpu((unsigned)__builtin_ctzll(idle & others)); // it pulls
		return;
	}
	for (; others; others &= others - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(others);
		struct runqueue *other = per_cpu_ptr(runqueue, cpu);

		if (READ_ONCE(other->count) + 2 > READ_ONCE(rq->count))
			continue;
		if (move_one(rq, other, cpu))
			sched_kick_cpu(cpu);
		return;
	}
}
