// Leaving the CPU to another thread: accounting, the choice of who is next, and the exchange of
// what the CPU holds of a program. (switch.S exchanges the stacks; when threads wake is sched.c's.)
//
// Lock: the run queue's, as told in sched.c: sched_leave takes it, sched_arrive gives it back on
// the stack of who comes in. Interrupts are off in between.

#include <linux/sched.h>

#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/desc.h"
#include "kernel/base/fpu.h"
#include "kernel/base/lock.h"
#include "kernel/base/panic.h"
#include "kernel/sched/runqueue.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/sched_internal.h"
#include "mm/phys/tlb.h"

#define SYNC_SCORE_MAX 7

// The XSAVE mask if the CPU has XSAVE and FSGSBASE, else 0: the quick way relies on both.
static uint32_t quick_mask;

__cold void sched_switch_init(void)
{
	if (cpu_features.fsgsbase)
		quick_mask = fpu_xsave_mask;
}

void thread_save_segment_bases(struct thread *t)
{
	if (!cpu_features.fsgsbase) // only arch_prctl changes them
		return;
	t->fs_base = cpu_rdfsbase();
	t->gs_base = cpu_read_user_gsbase_fast();
}

void thread_load_segment_bases(struct thread *t)
{
	if (likely(cpu_features.fsgsbase)) {
		cpu_wrfsbase(t->fs_base);
		cpu_write_user_gsbase_fast(t->gs_base);
	} else {
		cpu_wrmsr(MSR_FS_BASE, t->fs_base);
		cpu_wrmsr(MSR_KERNEL_GS_BASE, t->gs_base);
	}
}

static __always_inline_fn void charge(struct thread *t, uint64_t now_tsc)
{
	uint64_t ran = now_tsc - t->slice_start_tsc;

	t->runtime_tsc += ran;
	t->vruntime += to_virtual(t, ran);
	t->slice_start_tsc = now_tsc;
}

// |cur|, which goes to sleep, woke somebody before: did it do so for that?
static __always_inline_fn void judge_waker(struct thread *cur, uint64_t now_tsc)
{
	bool soon = now_tsc - cur->woke_tsc < sched_shared.sync_tsc;

	cur->woke_tsc = 0;
	if (soon && cur->sync_score < SYNC_SCORE_MAX)
		cur->sync_score++;
	else if (!soon)
		cur->sync_score /= 2;
}

// |next| runs from now on. What switch.S needs is left of it.
static __always_inline_fn struct sched_handover
set_current(struct runqueue *rq, struct thread *prev, struct thread *next, uint64_t now_tsc)
{
	next->slice_start_tsc = now_tsc;
	next->state = THREAD_RUNNING;
	rq->current = next;
	this_cpu_write(percpu_current, next);
	return (struct sched_handover){ next->kernel_sp, &prev->kernel_sp };
}

// Puts the running thread back into the queue. It goes to another CPU if it may not stay, or if it
// is a real-time thread that has to give way.
static void requeue_current(struct runqueue *rq, struct thread *t)
{
	const struct thread *first = rq_first(rq);
	bool front = !t->to_back;

	t->to_back = false;
	t->switches_forced++;
	t->state = THREAD_RUNNABLE;
	if (unlikely(!(t->affinity >> t->cpu & 1)) ||
	    (unlikely(is_realtime(t)) && first && first->prio < t->prio && cpu_count_ready() > 1))
		t->state = THREAD_MOVING;
	else
		rq_insert(rq, t, front);
}

// The thread to run now, out of the queue, and the queue's idea of time with it.
static struct thread *take_next(struct runqueue *rq)
{
	struct thread *next = rq_first(rq);

	if (!next)
		return rq->idle;
	rq_remove(rq, next);
	if (likely(!is_realtime(next)) && (int64_t)(next->vruntime - rq->min_vruntime) > 0)
		rq->min_vruntime = next->vruntime;
	return next;
}

// To and from idleness, so that wakers know.
static void note_idle(const struct runqueue *rq, const struct thread *prev,
		      const struct thread *next)
{
	uint64_t me = 1ull << this_cpu_id();

	if (next == rq->idle)
		__atomic_fetch_or(&sched_shared.idle_cpus, me, __ATOMIC_RELAXED);
	else if (prev == rq->idle)
		__atomic_fetch_and(&sched_shared.idle_cpus, ~me, __ATOMIC_RELAXED);
}

// Who runs after |prev|; NULL: |prev| itself.
static struct thread *choose_next(struct runqueue *rq, struct thread *prev, uint64_t now)
{
	struct thread *next;

	__atomic_fetch_and(&prev->pending, ~(uint32_t)PENDING_RESCHED, __ATOMIC_RELAXED);
	if (prev->state == THREAD_INTERRUPTIBLE && sched_interrupted())
		prev->state = THREAD_RUNNING;
	charge(prev, now);
	if (prev == rq->idle) {
		prev->state = THREAD_RUNNABLE;
	} else if (prev->state == THREAD_RUNNING) {
		if (!rq->count && likely(prev->affinity >> prev->cpu & 1)) {
			prev->to_back = false;
			return NULL;
		}
		requeue_current(rq, prev);
	} else {
		prev->switches_voluntary++;
		if (prev->woke_tsc)
			judge_waker(prev, now);
	}
	next = take_next(rq);
	if (likely(next != prev))
		return next;
	prev->state = THREAD_RUNNING; // it is still the first
	prev->switches_forced -= prev != rq->idle;
	prev->to_back = false;
	return NULL;
}

static __noinline void note_switch(struct thread *prev)
{
	if (prev->notify_on_switch & NOTIFY_DEBUG)
		cpu_write_dr7(DR7_OFF);
	__atomic_fetch_or(&prev->pending, PENDING_NOTIFY, __ATOMIC_RELAXED);
}

static void save_user_state(struct thread *t)
{
	fpu_save(t->fpu);
	thread_save_segment_bases(t);
	if (t->notify_on_switch &&
	    ((int64_t)t->regs->orig_rax < 0 || t->notify_on_switch & NOTIFY_DEBUG))
		note_switch(t);
}

static void load_user_state(struct thread *t)
{
	fpu_restore(t->fpu);
	desc_set_kernel_stack((uint64_t)t->kstack_top);
	thread_load_segment_bases(t);
}

static __noinline struct sched_handover leave_slowly(struct runqueue *rq, struct thread *prev)
{
	uint64_t now = cpu_rdtsc();
	struct thread *next = choose_next(rq, prev, now);

	if (!next) {
		spin_unlock(&rq->lock);
		return (struct sched_handover){ 0 };
	}
	if (unlikely(prev == rq->idle || next == rq->idle))
		note_idle(rq, prev, next);
	if (prev->fpu && prev->state != THREAD_DEAD)
		save_user_state(prev);
	// Kernel threads run on whatever tables are loaded; sched_use_pgtable takes them away.
	if (!next->pgtable)
		tlb_set_lazy();
	else if (next->pgtable != this_cpu_read(tlb_loaded) || unlikely(this_cpu_read(tlb_mode)))
		tlb_switch(next->pgtable);
	if (next->fpu)
		load_user_state(next);
	return set_current(rq, prev, next, now);
}

struct sched_handover sched_leave(void)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);
	struct thread *prev = rq->current, *next;
	uint32_t mask = quick_mask;
	uint64_t now, ran;

	spin_lock(&rq->lock);
	next = rq->fair_first;
	// The usual case: a system call sleeps, and a thread of the same program is the only one
	// that waits for the CPU. (Only user threads have page tables.)
	if (unlikely(prev->pending || prev->state == THREAD_RUNNING || rq->count != 1 || !next ||
		     !next->pgtable || next->pgtable != prev->pgtable || !mask ||
		     prev->vscale != NICE_0_SCALE || prev->notify_on_switch & NOTIFY_DEBUG ||
		     (int64_t)prev->regs->orig_rax < 0))
		return leave_slowly(rq, prev);
	now = cpu_rdtsc();
	ran = now - prev->slice_start_tsc;
	prev->runtime_tsc += ran;
	prev->vruntime += ran;
	prev->switches_voluntary++;
	if (unlikely(prev->woke_tsc))
		judge_waker(prev, now);
	next->queued = false;
	rq->count = 0;
	rq->fair_first = NULL;
	if ((int64_t)(next->vruntime - rq->min_vruntime) > 0)
		rq->min_vruntime = next->vruntime;
	cpu_xsave(prev->fpu, mask);
	cpu_xrstor(next->fpu, mask);
	prev->fs_base = cpu_rdfsbase();
	cpu_wrfsbase(next->fs_base);
	prev->gs_base = cpu_exchange_user_gsbase(next->gs_base);
	desc_set_kernel_stack((uint64_t)next->kstack_top);
	return set_current(rq, prev, next, now);
}

// |prev| ended, or is to run elsewhere: it is to be found nowhere here.
static void finish_leaving(struct thread *prev)
{
	if (prev->state == THREAD_DEAD)
		thread_put(prev);
	else
		sched_requeue(rq_lock_of(prev), prev);
}

static __noinline void arrive_slowly(struct runqueue *rq, struct thread *prev)
{
	bool leaves = prev->state >= THREAD_DEAD, wanted = rq->count && !rq->tick_armed;

	spin_unlock(&rq->lock);
	if (wanted && rq->current != rq->idle)
		sched_arm_tick(rq);
	if (leaves)
		finish_leaving(prev);
	cpu_irq_enable();
}

void sched_arrive(uint64_t *prev_sp)
{
	struct thread *prev = container_of(prev_sp, struct thread, kernel_sp);
	struct runqueue *rq = this_cpu_ptr(runqueue);

	if (unlikely(rq->count || prev->state >= THREAD_DEAD)) {
		arrive_slowly(rq, prev);
		return;
	}
	spin_unlock(&rq->lock);
	cpu_irq_enable();
}

void(schedule)(void)
{
#ifdef CONFIG_DEBUG_LOCKS
	if (spin_any_held())
		panic("a thread sleeps or gives way with a spinlock held");
#endif
	DEBUG_ASSERT(cpu_irqs_enabled());
	sched_switch();
}
