// Waking in place, for what is compiled for speed. Everybody else: sched_wake (sched.h).
#pragma once

#include "kernel/base/irq.h"
#include "kernel/sched/runqueue.h"
#include "lib/rare.h"

// The usual case of sched_wake: a running thread wakes a sleeping one of its own CPU and kind, no
// CPU is idle, and there is a tick already. |states|: bits 1 << state. |in_thread|: the caller is
// no interrupt's handler for sure. Interrupts are off, no run queue is locked. False: nothing was
// done, it is another case.
static __always_inline_fn bool sched_wake_quick(struct thread *t, unsigned states, bool in_thread)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);
	const struct thread *cur = rq->current;
	uint64_t floor;

	spin_lock(&rq->lock);
	// (An idle thread does not run here: its CPU would be an idle one.)
	if (unlikely(t->cpu != this_cpu_id() || !(states >> t->state & 1) || cur == t ||
		     !rq->tick_armed || (!in_thread && irq_in_handler()) || is_realtime(t) ||
		     cur->policy != t->policy || READ_ONCE(sched_shared.idle_cpus))) {
		spin_unlock(&rq->lock);
		return false;
	}
	t->state = THREAD_RUNNABLE;
	// As rq_place(), by what min_vruntime was at the last switch or tick.
	floor = rq->min_vruntime - sched_shared.half_slice_tsc;
	if (unlikely((int64_t)(t->vruntime - floor) < 0))
		t->vruntime = floor;
	t->queued = true;
	rq->count++;
	if (unlikely(rq->fair_first))
		rare_call_2(rq_insert_more, rq, t);
	else
		rq->fair_first = t;
	spin_unlock(&rq->lock);
	return true;
}
