// The scheduler's core: waking, switching, sleeping, ticks. A run queue per CPU (runqueue.h); a
// tick exists only while somebody waits for the CPU.
//
// Lock: the run queue's (RANK_RUNQUEUE, interrupts off) guards the queue and the state of every
// thread whose |cpu| names it. It is held across the stack switch and given back by the thread that
// comes in, so that a thread that another CPU finds asleep has left its stack for good. A thread
// changes its CPU with the old queue's lock held; it is RUNNABLE and not queued until it is put
// into the new one.
// Must not be called with a spinlock held, except sched_wake and thread_set_pending.

#include "kernel/sched/sched.h"

#include <asm/errno.h>
#include <linux/sched.h>

#include "kernel/base/apic.h"
#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/desc.h"
#include "kernel/base/fpu.h"
#include "kernel/base/irq.h"
#include "kernel/base/lock.h"
#include "kernel/base/panic.h"
#include "kernel/sched/runqueue.h"
#include "kernel/sched/sched_internal.h"
#include "kernel/sched/timer_internal.h"
#include "kernel/sched/wake.h"
#include "mm/phys/kstack.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"

#define PREEMPT_HZ      2000u  // a thread that ran 1/2000 s lets a woken one go first
#define SYNC_HZ         20000u // who sleeps within 1/20000 s of waking somebody did so for that
#define SYNC_SCORE_SURE 4
#define ZERO_AHEAD_STEP 4u // pages zeroed between two looks at the run queue

DEFINE_PERCPU(struct runqueue, runqueue);
DEFINE_PERCPU(struct thread *, percpu_current);
struct sched_shared sched_shared;

static struct {
	uint64_t preempt_tsc;    // set with sched_shared.slice_tsc
	void (*more_cpus)(void); // starts the other CPUs; NULL: done or none
	unsigned user_threads;   // started so far, while |more_cpus| is set
	struct thread boot_thread;
} sched;

// The clock's rate is not asked for at boot: that would end its calibration early.
static void learn_rates(void)
{
	uint64_t hz = clock_tsc_hz();

	sched.preempt_tsc = hz / PREEMPT_HZ;
	sched_shared.sync_tsc = hz / SYNC_HZ;
	sched_shared.slice_tsc = hz / (NSEC_PER_SEC / SLICE_NS);
	sched_shared.half_slice_tsc = sched_shared.slice_tsc / 2;
}

static uint64_t slice_ns(const struct thread *t)
{
	return is_realtime(t) ? RR_SLICE_NS : SLICE_NS;
}

// A real-time thread gives way to its equals only with SCHED_RR.
static void end_slice(struct runqueue *rq)
{
	struct thread *cur = rq->current;

	if (is_realtime(cur) && cur->policy != SCHED_RR)
		return;
	cur->to_back = is_realtime(cur);
	__atomic_fetch_or(&cur->pending, PENDING_RESCHED, __ATOMIC_RELAXED);
}

static void sched_tick(struct timer *t)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);

	WRITE_ONCE(rq->tick_armed, false);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); // before the look at the count
	if (!READ_ONCE(rq->count) || rq->current == rq->idle)
		return;
	end_slice(rq);
	spin_lock(&rq->lock);
	(void)rq_floor(rq, cpu_rdtsc()); // wakers rely on it not to be older than a tick
	spin_unlock(&rq->lock);
	if (cpu_count_ready() > 1)
		rq_offer(rq);
	rq->tick_armed = true;
	timer_arm(&rq->tick, clock_mono_ns() + slice_ns(rq->current));
}

void sched_arm_tick(struct runqueue *rq)
{
	if (rq->tick_armed)
		return;
	if (unlikely(!sched_shared.slice_tsc))
		learn_rates();
	rq->tick_armed = true;
	timer_arm(&rq->tick, clock_mono_ns() + slice_ns(rq->current));
}

static __cold void init_runqueue(unsigned cpu, struct thread *idle)
{
	struct runqueue *rq = per_cpu_ptr(runqueue, cpu);

	spin_init(&rq->lock, RANK_RUNQUEUE, "runqueue");
	timer_init(&rq->tick, sched_tick);
	timer_init_cpu(cpu);
	idle->state = THREAD_RUNNING;
	idle->cpu = cpu;
	rq->current = rq->idle = idle;
	*per_cpu_ptr(percpu_current, cpu) = idle;
}

__cold void sched_init(void)
{
	struct thread *t = &sched.boot_thread;

	thread_init_boot(t);
	sched_switch_init();
	t->slice_start_tsc = cpu_rdtsc();
	init_runqueue(0, t);
	sched_shared.cpus = 1;
	irq_set_local_handler(VECTOR_TIMER, timer_interrupt);
}

__cold struct thread *sched_add_cpu(unsigned cpu)
{
	struct thread *t = thread_create_kernel("idle", NULL, NULL);

	if (t)
		init_runqueue(cpu, t);
	return t;
}

__cold void sched_cpu_started(void)
{
	thread_current()->slice_start_tsc = cpu_rdtsc();
	__atomic_fetch_or(&sched_shared.cpus, 1ull << this_cpu_id(), __ATOMIC_SEQ_CST);
}

void sched_set_more_cpus(void (*start)(void))
{
	sched.more_cpus = start;
}

__cold void sched_want_cpus(void)
{
	void (*start)(void) = __atomic_exchange_n(&sched.more_cpus, NULL, __ATOMIC_ACQ_REL);

	if (start)
		start();
}

DEFINE_PERCPU(uint32_t, sched_kicks_held);
DEFINE_PERCPU(uint64_t, sched_kicks_due); // atomic towards interrupts

void sched_kick_cpu(unsigned cpu)
{
	this_cpu_add(runqueue.kicks, 1);
	if (this_cpu_read(sched_kicks_held))
		__atomic_fetch_or(this_cpu_ptr(sched_kicks_due), 1ull << cpu, __ATOMIC_RELAXED);
	else
		sched_shared.kick(cpu);
}

__noinline void sched_send_kicks_due(void)
{
	uint64_t cpus = __atomic_exchange_n(this_cpu_ptr(sched_kicks_due), 0, __ATOMIC_RELAXED);

	for (; cpus; cpus &= cpus - 1)
		sched_shared.kick((unsigned)__builtin_ctzll(cpus));
}

// Does |t|, queued or about to be, go before the running thread at once? A thread that an interrupt
// or another CPU woke goes before one that computes, if that has had its share. (A thread that
// wakes another on its own CPU is about to sleep, more often than not: it is left alone, and its
// slice ends by the tick.)
bool rq_should_preempt(const struct runqueue *rq, const struct thread *t, bool from_outside,
		       uint64_t now_tsc)
{
	const struct thread *cur = rq->current;

	if (unlikely(is_realtime(t) || is_realtime(cur)))
		return t->prio < cur->prio;
	if (unlikely(t->policy != cur->policy)) {
		if (t->policy == SCHED_IDLE || t->policy == SCHED_BATCH)
			return false;
		if (cur->policy == SCHED_IDLE)
			return true;
	}
	if (!from_outside)
		return false;
	if (unlikely(!sched_shared.slice_tsc))
		learn_rates();
	return now_tsc - cur->slice_start_tsc > sched.preempt_tsc &&
	       (int64_t)(t->vruntime - vruntime_now(cur, now_tsc)) < 0;
}

// Queues |t|, releases the queue's lock and sees to it that the thread's CPU notices.
static __always_inline_fn void enqueue_and_unlock(struct runqueue *rq, struct thread *t)
{
	unsigned cpu = t->cpu, me = this_cpu_id();
	uint64_t now = cpu_rdtsc();
	bool busy = rq->current != rq->idle, preempts = false;

	t->state = THREAD_RUNNABLE;
	if (likely(!is_realtime(t)))
		rq_place(rq, t, now);
	rq_insert(rq, t, false);
	if (busy && rq_should_preempt(rq, t, cpu != me || irq_in_handler(), now)) {
		__atomic_fetch_or(&rq->current->pending, PENDING_RESCHED, __ATOMIC_RELAXED);
		preempts = true;
	}
	spin_unlock(&rq->lock);
	if (likely(cpu == me)) {
		if (unlikely(busy && !rq->tick_armed))
			sched_arm_tick(rq);
	} else if (!busy || preempts) {
		sched_kick_cpu(cpu);
	} else {
		// Its tick looks at the count after it has said that there is no tick any more.
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (!READ_ONCE(rq->tick_armed))
			sched_kick_cpu(cpu);
	}
}

// Has |t|, which is RUNNABLE and in no queue, wait for |cpu|. |rq| is that of its CPU so far, and
// locked.
static void move_and_enqueue(struct runqueue *rq, struct thread *t, unsigned cpu)
{
	if (cpu != t->cpu) {
		struct runqueue *to = per_cpu_ptr(runqueue, cpu);

		t->state = THREAD_RUNNABLE;
		t->vruntime += READ_ONCE(to->min_vruntime) - rq->min_vruntime;
		rq_set_cpu(t, cpu);
		spin_unlock(&rq->lock);
		rq = to;
		spin_lock(&rq->lock);
	}
	enqueue_and_unlock(rq, t);
}

void sched_requeue(struct runqueue *rq, struct thread *t)
{
	move_and_enqueue(rq, t, rq_choose_cpu(t, false));
}

__cold void sched_start(struct thread *t)
{
	uint64_t irq;
	struct runqueue *rq;
	unsigned cpu;

	if (unlikely(sched.more_cpus) && t->fpu && ++sched.user_threads > 1)
		sched_want_cpus();
	irq = cpu_irq_save();
	cpu = rq_choose_cpu(t, false);
	rq = rq_lock_of(t);
	t->vruntime = rq->min_vruntime;
	move_and_enqueue(rq, t, cpu);
	cpu_irq_restore(irq);
}

// The calling thread woke somebody: will it sleep now?
static bool waker_sleeps(struct thread *cur)
{
	if (irq_in_handler() || cur == this_cpu_ptr(runqueue)->idle)
		return false;
	if (!cur->woke_tsc)
		cur->woke_tsc = cpu_rdtsc();
	return cur->sync_score >= SYNC_SCORE_SURE;
}

static __noinline bool wake_general(struct thread *t, unsigned mask, uint64_t irq)
{
	struct runqueue *rq = rq_lock_of(t);
	unsigned cpu = t->cpu;

	if (!(mask & 1u << t->state)) {
		spin_unlock(&rq->lock);
		cpu_irq_restore(irq);
		return false;
	}
	if (rq->current == t) { // marked itself, but has not left the CPU yet
		t->state = THREAD_RUNNING;
		spin_unlock(&rq->lock);
	} else {
		if (cpu_count_ready() > 1)
			cpu = rq_choose_cpu(t, waker_sleeps(thread_current()));
		move_and_enqueue(rq, t, cpu);
	}
	cpu_irq_restore(irq);
	return true;
}

bool sched_wake(struct thread *t, unsigned mask)
{
	uint64_t irq = cpu_irq_save();

	if (unlikely(!sched_wake_quick(t, mask, false)))
		return wake_general(t, mask, irq);
	cpu_irq_restore(irq);
	return true;
}

void thread_set_pending(struct thread *t, uint32_t bits)
{
	uint32_t old = __atomic_fetch_or(&t->pending, bits, __ATOMIC_SEQ_CST);
	unsigned states = 1u << THREAD_INTERRUPTIBLE;

	if (bits & PENDING_KILL)
		states |= 1u << THREAD_STOPPED | 1u << THREAD_KILLABLE | 1u << THREAD_TRACED;
	if (!(bits & (PENDING_SIGNAL | PENDING_KILL)))
		return;
	if (!sched_wake(t, states) && (old & bits) != bits && t->cpu != this_cpu_id())
		sched_kick_cpu(t->cpu); // it may be in user mode there
}

void sched_set_kick(void (*kick)(unsigned cpu))
{
	sched_shared.kick = kick;
}

void sched_kicked(void)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);

	if (READ_ONCE(rq->count) && rq->current != rq->idle)
		sched_arm_tick(rq);
}

void sched_set_state(enum thread_state state)
{
	// Before the look at the condition, which a waker changes before it looks at the state.
	__atomic_exchange_n(&thread_current()->state, state, __ATOMIC_SEQ_CST);
}

void sched_yield_current(void)
{
	struct thread *t = thread_current();
	uint64_t irq = cpu_irq_save();
	struct runqueue *rq = this_cpu_ptr(runqueue);
	const struct thread *last = NULL;

	// Behind its equals, and not only until the next look at the virtual runtimes.
	spin_lock(&rq->lock);
	t->to_back = true;
	if (!is_realtime(t))
		last = rq->fair.node ? rb_entry(rb_last(&rq->fair), struct thread, fair_node)
				     : rq->fair_first;
	if (last && (int64_t)(last->vruntime - t->vruntime) > 0)
		t->vruntime = last->vruntime;
	spin_unlock(&rq->lock);
	cpu_irq_restore(irq);
	schedule();
}

bool sched_wait_left(struct thread *t, enum thread_state state)
{
	bool running, same;

	do {
		uint64_t irq = cpu_irq_save();
		struct runqueue *rq = rq_lock_of(t);

		running = rq->current == t;
		same = t->state == state;
		spin_unlock(&rq->lock);
		cpu_irq_restore(irq);
		cpu_relax();
	} while (running);
	return same;
}

void sched_point(void)
{
	if (unlikely(READ_ONCE(thread_current()->pending) & PENDING_RESCHED))
		schedule();
}

struct sleep_timer {
	struct timer timer;
	struct thread *thread;
	bool fired;
};

static void sleep_timer_fired(struct timer *t)
{
	struct sleep_timer *s = container_of(t, struct sleep_timer, timer);
	struct thread *thread = s->thread;

	// timer_cancel waits for this callback, so |s| lives until it returns.
	WRITE_ONCE(s->fired, true);
	sched_wake(thread, 1u << THREAD_SLEEPING | 1u << THREAD_INTERRUPTIBLE);
}

__noinline bool sched_schedule_until(uint64_t deadline_ns)
{
	struct sleep_timer s = { .thread = thread_current() };

	if (clock_mono_ns() >= deadline_ns) {
		sched_set_state(THREAD_RUNNING);
		return false;
	}
	timer_init(&s.timer, sleep_timer_fired);
	timer_arm(&s.timer, deadline_ns);
	schedule();
	timer_cancel(&s.timer);
	return !READ_ONCE(s.fired);
}

int sched_sleep_until(uint64_t deadline_ns, bool interruptible)
{
	for (;;) {
		sched_set_state(interruptible ? THREAD_INTERRUPTIBLE : THREAD_SLEEPING);
		if (!sched_schedule_until(deadline_ns))
			return 0;
		if (interruptible && sched_interrupted())
			return -EINTR;
	}
}

void sched_use_pgtable(struct pgtable *pt)
{
	uint64_t irq = cpu_irq_save();

	thread_current()->pgtable = pt;
	tlb_switch(pt);
	cpu_irq_restore(irq);
}

void sched_idle_loop(void)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);
	uint64_t me = 1ull << this_cpu_id();

	DEBUG_ASSERT(rq->current == rq->idle);
	__atomic_fetch_or(&sched_shared.idle_cpus, me, __ATOMIC_RELAXED);
	for (;;) {
		while (!READ_ONCE(rq->count) && (pmm_zero_ahead(ZERO_AHEAD_STEP) || kstack_trim()))
			;
		cpu_irq_disable();
		if (!READ_ONCE(rq->count) && (cpu_count_ready() == 1 || !rq_pull(rq)))
			cpu_wait_for_irq();
		cpu_irq_enable();
		if (READ_ONCE(rq->count))
			schedule();
	}
}
