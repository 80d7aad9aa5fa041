// A CPU's run queue: real-time threads by priority, the others by virtual runtime. What sched.c,
// balance.c and prio.c share. All functions need the queue's lock unless they say otherwise.
#pragma once

#include "kernel/base/cpu.h"
#include "kernel/base/lock.h"
#include "kernel/sched/prio.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/timer.h"

#define SLICE_NS     3000000ull   // Linux's base slice on a small machine (kernel/sched/fair.c)
#define RR_SLICE_NS  100000000ull // RR_TIMESLICE
#define NICE_0_SCALE (1ull << 32) // virtual time per time, for weight 1024

struct runqueue {
	struct spinlock lock;
	unsigned count; // threads queued, of both kinds
	struct thread *current, *idle;
	struct thread *fair_first; // the least vruntime; not in the tree, which is mostly empty
	struct rb_root fair;       // the others, by vruntime
	uint64_t min_vruntime;     // never falls: where threads that come enter
	uint64_t rt_used[2];       // bit per priority whose list has somebody
	struct list_node rt[PRIO_RT_END];
	struct timer tick;
	bool tick_armed;
	uint64_t kicks, moved, pulled; // statistics: sched.h
};

DECLARE_PERCPU(struct runqueue, runqueue);

struct sched_shared {
	uint64_t cpus;                     // atomic: those that schedule
	uint64_t idle_cpus;                // atomic, a hint
	uint64_t slice_tsc;                // 0 until the clock's rate was needed anyway
	uint64_t half_slice_tsc, sync_tsc; // set with it
	void (*kick)(unsigned cpu);
};
extern struct sched_shared sched_shared;

static inline bool is_realtime(const struct thread *t)
{
	return t->prio < PRIO_RT_END;
}

uint64_t scale_virtual(const struct thread *t, uint64_t tsc); // for to_virtual only
static inline uint64_t to_virtual(const struct thread *t, uint64_t tsc)
{
	if (likely(t->vscale == NICE_0_SCALE))
		return tsc;
	return scale_virtual(t, tsc);
}

// What |t|, which runs, would have if it were charged now.
static inline uint64_t vruntime_now(const struct thread *t, uint64_t now_tsc)
{
	return t->vruntime + to_virtual(t, now_tsc - t->slice_start_tsc);
}

// balance.c: the parts that are not worth inlining.
void rq_insert_rt(struct runqueue *rq, struct thread *t, bool front);
void rq_remove_rt(struct runqueue *rq, struct thread *t);
struct thread *rq_first_rt(const struct runqueue *rq);
void rq_insert_more(struct runqueue *rq, struct thread *t);
void rq_remove_more(struct runqueue *rq, struct thread *t);
// Locks two queues in the one order; interrupts are off.
void rq_lock_both(struct runqueue *a, struct runqueue *b);
// The CPU for |t|, which wakes or is new. |stay|: this one if |t| may run here. No lock is needed:
// it is a guess.
unsigned rq_choose_cpu(const struct thread *t, bool stay);
// An idle CPU takes a thread that waits for another one. Interrupts are off, no lock is held.
bool rq_pull(struct runqueue *rq);
// On a tick: sees to it that what waits here runs elsewhere, if there is room. No lock is held.
void rq_offer(struct runqueue *rq);
// sched.c. Should |t|, queued or about to be, run instead of the queue's current thread at once?
// |from_outside|: not woken by that thread.
bool rq_should_preempt(const struct runqueue *rq, const struct thread *t, bool from_outside,
		       uint64_t now_tsc);
// Chooses a CPU for |t|, which was in the queue |rq|, locked, and is not now; unlocks it.
void sched_requeue(struct runqueue *rq, struct thread *t);
// prio.c. What a new thread takes over from its maker; NULL: a kernel thread.
void sched_init_thread(struct thread *t, const struct thread *maker);
// After the run queue's lock was released: somebody waits for this CPU. Interrupts are off.
void sched_arm_tick(struct runqueue *rq);
// Has |cpu| look at its queue.
void sched_kick_cpu(unsigned cpu);

// |t|, in no queue, belongs to |cpu| from now on: whose queue is locked counts no more. Its area
// for restartable sequences names the old one.
static inline void rq_set_cpu(struct thread *t, unsigned cpu)
{
	if (t->notify_on_switch)
		__atomic_fetch_or(&t->pending, PENDING_NOTIFY, __ATOMIC_RELAXED);
	this_cpu_add(runqueue.moved, 1);
	__atomic_store_n(&t->cpu, cpu, __ATOMIC_RELEASE);
}

// Locks the run queue that |t| belongs to. Interrupts are off, no queue is locked.
static __always_inline_fn struct runqueue *rq_lock_of(struct thread *t)
{
	for (;;) {
		unsigned cpu = __atomic_load_n(&t->cpu, __ATOMIC_ACQUIRE);
		struct runqueue *rq = likely(cpu == this_cpu_id()) ? this_cpu_ptr(runqueue)
								   : per_cpu_ptr(runqueue, cpu);

		spin_lock(&rq->lock);
		if (likely(t->cpu == cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

static inline void rq_insert(struct runqueue *rq, struct thread *t, bool front)
{
	t->queued = true;
	rq->count++;
	if (unlikely(is_realtime(t)))
		rq_insert_rt(rq, t, front);
	else if (unlikely(rq->fair_first))
		rq_insert_more(rq, t);
	else
		rq->fair_first = t;
}

static inline void rq_remove(struct runqueue *rq, struct thread *t)
{
	t->queued = false;
	rq->count--;
	if (unlikely(is_realtime(t)))
		rq_remove_rt(rq, t);
	else if (unlikely(rq->fair.node))
		rq_remove_more(rq, t);
	else
		rq->fair_first = NULL;
}

// The thread that should run next, or NULL.
static inline struct thread *rq_first(const struct runqueue *rq)
{
	if (unlikely(rq->rt_used[0] | rq->rt_used[1]))
		return rq_first_rt(rq);
	return rq->fair_first;
}

// Brings min_vruntime up to date and returns it.
static inline uint64_t rq_floor(struct runqueue *rq, uint64_t now_tsc)
{
	const struct thread *cur = rq->current;
	uint64_t v = rq->min_vruntime;
	bool any = false;

	if (cur != rq->idle && likely(!is_realtime(cur))) {
		v = vruntime_now(cur, now_tsc);
		any = true;
	}
	if (rq->fair_first && (!any || (int64_t)(rq->fair_first->vruntime - v) < 0))
		v = rq->fair_first->vruntime;
	if ((int64_t)(v - rq->min_vruntime) > 0)
		rq->min_vruntime = v;
	return rq->min_vruntime;
}

// A sleeper keeps what it is ahead by, but gains at most half a slice by having slept.
static inline void rq_place(struct runqueue *rq, struct thread *t, uint64_t now_tsc)
{
	uint64_t floor = rq_floor(rq, now_tsc) - sched_shared.half_slice_tsc;

	if ((int64_t)(t->vruntime - floor) < 0)
		t->vruntime = floor;
}
