// The scheduler: one first-in-first-out run queue per CPU, time slices of SLICE_NS, and a tick that
// exists only while somebody waits for the CPU.
//
// Lock: the run queue's (RANK_RUNQUEUE, interrupts off) guards the queue and the state of every
// thread whose |cpu| names it. It is held across the stack switch and given back by the thread that
// comes in, so that a thread that another CPU finds asleep has left its stack for good.
// Must not be called with a spinlock held, except sched_wake and thread_set_pending.

#include "kernel/sched/sched.h"

#include <asm/errno.h>

#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/desc.h"
#include "kernel/base/fpu.h"
#include "kernel/base/irq.h"
#include "kernel/base/lock.h"
#include "kernel/base/panic.h"
#include "kernel/sched/sched_internal.h"
#include "kernel/sched/timer.h"
#include "kernel/sched/timer_internal.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"

#define SLICE_NS        3000000ull // Linux's base slice on a small machine (kernel/sched/fair.c)
#define PREEMPT_HZ      2000u      // a thread that ran 1/2000 s lets a woken one go first
#define ZERO_AHEAD_STEP 4u         // pages zeroed between two looks at the run queue

struct runqueue {
	struct spinlock lock;
	struct list_node queue;
	unsigned count; // of |queue|
	struct thread *current, *idle;
	struct pgtable *loaded; // in CR3; may be that of a thread that sleeps
	struct timer tick;
	bool tick_armed;
};

static DEFINE_PERCPU(struct runqueue, runqueue);
DEFINE_PERCPU(struct thread *, percpu_current);

static struct {
	void (*kick)(unsigned cpu);
	uint64_t preempt_tsc; // a woken thread goes first if the current one ran this long
	struct thread boot_thread;
} sched;

static void sched_tick(struct timer *t)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);

	rq->tick_armed = false;
	if (!rq->count)
		return;
	__atomic_fetch_or(&rq->current->pending, PENDING_RESCHED, __ATOMIC_RELAXED);
	rq->tick_armed = true;
	timer_arm(&rq->tick, clock_mono_ns() + SLICE_NS);
}

// After the run queue's lock was released: somebody waits for this CPU. Interrupts are off.
static void sched_arm_tick(struct runqueue *rq)
{
	if (rq->tick_armed)
		return;
	rq->tick_armed = true;
	timer_arm(&rq->tick, clock_mono_ns() + SLICE_NS);
}

__cold void sched_init(void)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);
	struct thread *t = &sched.boot_thread;

	spin_init(&rq->lock, RANK_RUNQUEUE, "runqueue");
	list_init(&rq->queue);
	timer_init(&rq->tick, sched_tick);
	timer_init_cpu(this_cpu_id());
	thread_init_boot(t);
	t->state = THREAD_RUNNING;
	t->pgtable = pt_kernel();
	t->slice_start_tsc = cpu_rdtsc();
	rq->current = rq->idle = t;
	rq->loaded = t->pgtable;
	this_cpu_write(percpu_current, t);
	irq_set_timer_handler(timer_interrupt);
}

// Locks the run queue that |t| belongs to. Interrupts are off.
static __always_inline_fn struct runqueue *lock_thread_rq(struct thread *t)
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

// A thread that an interrupt woke goes before one that computes: it is put in front if the running
// one has had its share. (A thread that wakes another is about to sleep itself, more often than
// not: it is left alone, and its slice ends by the tick.)
static bool should_preempt(const struct thread *cur)
{
	if (unlikely(!sched.preempt_tsc)) // not at boot: it would end the clock's calibration early
		sched.preempt_tsc = clock_tsc_hz() / PREEMPT_HZ;
	return cpu_rdtsc() - cur->slice_start_tsc > sched.preempt_tsc;
}

// Queues |t|, releases the queue's lock and sees to it that its CPU notices. |irq|: the caller's
// interrupt state.
static __always_inline_fn void enqueue_and_unlock(struct runqueue *rq, struct thread *t,
						  uint64_t irq)
{
	struct thread *cur = rq->current;
	bool busy = cur != rq->idle;
	unsigned cpu = t->cpu;

	t->state = THREAD_RUNNABLE;
	rq->count++;
	if (!(irq & RFLAGS_IF) && busy && should_preempt(cur)) {
		list_push_front(&rq->queue, &t->run_node);
		__atomic_fetch_or(&cur->pending, PENDING_RESCHED, __ATOMIC_RELAXED);
	} else {
		list_push_back(&rq->queue, &t->run_node);
	}
	spin_unlock(&rq->lock);
	if (likely(cpu == this_cpu_id())) {
		if (unlikely(busy && !rq->tick_armed))
			sched_arm_tick(rq);
	} else if (sched.kick) {
		sched.kick(cpu);
	}
}

__cold void sched_start(struct thread *t)
{
	uint64_t irq = cpu_irq_save();

	enqueue_and_unlock(lock_thread_rq(t), t, irq);
	cpu_irq_restore(irq);
}

static __noinline bool wake_general(struct thread *t, unsigned mask, uint64_t irq)
{
	struct runqueue *rq = lock_thread_rq(t);

	if (!(mask & 1u << t->state)) {
		spin_unlock(&rq->lock);
		cpu_irq_restore(irq);
		return false;
	}
	if (rq->current == t) { // marked itself, but has not left the CPU yet
		t->state = THREAD_RUNNING;
		spin_unlock(&rq->lock);
	} else {
		enqueue_and_unlock(rq, t, irq);
	}
	cpu_irq_restore(irq);
	return true;
}

bool sched_wake(struct thread *t, unsigned mask)
{
	uint64_t irq = cpu_irq_save();
	struct runqueue *rq = this_cpu_ptr(runqueue);

	// The usual case: a running thread wakes a sleeping one of its own CPU.
	spin_lock(&rq->lock);
	if (unlikely(t->cpu != this_cpu_id() || !(mask & 1u << t->state) || rq->current == t ||
		     rq->current == rq->idle || !rq->tick_armed ||
		     (!(irq & RFLAGS_IF) && should_preempt(rq->current)))) {
		spin_unlock(&rq->lock);
		return wake_general(t, mask, irq);
	}
	t->state = THREAD_RUNNABLE;
	rq->count++;
	list_push_back(&rq->queue, &t->run_node);
	spin_unlock(&rq->lock);
	cpu_irq_restore(irq);
	return true;
}

void thread_set_pending(struct thread *t, uint32_t bits)
{
	uint32_t old = __atomic_fetch_or(&t->pending, bits, __ATOMIC_SEQ_CST);
	unsigned states = 1u << THREAD_INTERRUPTIBLE;

	if (bits & PENDING_KILL)
		states |= 1u << THREAD_STOPPED | 1u << THREAD_KILLABLE;
	if (!(bits & (PENDING_SIGNAL | PENDING_KILL)))
		return;
	if (!sched_wake(t, states) && (old & bits) != bits && t->cpu != this_cpu_id() && sched.kick)
		sched.kick(t->cpu); // it may be in user mode there
}

void sched_set_kick(void (*kick)(unsigned cpu))
{
	sched.kick = kick;
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

static void save_user_state(struct thread *t)
{
	fpu_save(t->fpu);
	thread_save_segment_bases(t);
}

static void load_user_state(struct thread *t)
{
	fpu_restore(t->fpu);
	desc_set_kernel_stack((uint64_t)t->kstack_top);
	thread_load_segment_bases(t);
}

// Leaves |prev| for |next|; returns when somebody comes back to |prev|. rq->lock is held.
static void switch_to(struct runqueue *rq, struct thread *prev, struct thread *next)
{
	uint64_t now = cpu_rdtsc();

	prev->runtime_tsc += now - prev->slice_start_tsc;
	next->slice_start_tsc = now;
	next->state = THREAD_RUNNING;
	rq->current = next;
	this_cpu_write(percpu_current, next);
	if (prev->fpu && prev->state != THREAD_DEAD) {
		save_user_state(prev);
		if (prev->notify_on_switch && (int64_t)prev->regs->orig_rax < 0)
			__atomic_fetch_or(&prev->pending, PENDING_NOTIFY, __ATOMIC_RELAXED);
	}
	// Kernel threads run on whatever tables are loaded; sched_use_pgtable takes them away.
	if (next->pgtable && next->pgtable != rq->loaded) {
		rq->loaded = next->pgtable;
		tlb_switch(next->pgtable);
	}
	if (next->fpu)
		load_user_state(next);
	prev = sched_switch_stacks(&prev->kernel_sp, next->kernel_sp, prev);
	sched_finish_switch(prev);
}

void sched_finish_switch(struct thread *prev)
{
	bool dead = prev->state == THREAD_DEAD;

	spin_unlock(&this_cpu_ptr(runqueue)->lock);
	if (unlikely(dead))
		thread_put(prev);
}

void schedule(void)
{
	uint64_t irq = cpu_irq_save();
	struct runqueue *rq = this_cpu_ptr(runqueue);
	struct thread *prev = rq->current, *next;

	spin_lock(&rq->lock);
	__atomic_fetch_and(&prev->pending, ~(uint32_t)PENDING_RESCHED, __ATOMIC_RELAXED);
	if (prev->state == THREAD_INTERRUPTIBLE && sched_interrupted())
		prev->state = THREAD_RUNNING;
	if (prev->state == THREAD_RUNNING && prev != rq->idle) {
		if (!rq->count)
			goto out;
		prev->state = THREAD_RUNNABLE;
		list_push_back(&rq->queue, &prev->run_node);
		rq->count++;
		prev->switches_forced++;
	} else if (prev == rq->idle) {
		prev->state = THREAD_RUNNABLE;
	} else {
		prev->switches_voluntary++;
	}
	if (rq->count) {
		next = list_first(&rq->queue, struct thread, run_node);
		rq->queue.next = next->run_node.next;
		rq->queue.next->prev = &rq->queue;
		rq->count--;
	} else {
		next = rq->idle;
	}
	if (next != prev) {
		switch_to(rq, prev, next);
		cpu_irq_restore(irq);
		return;
	}
	prev->state = THREAD_RUNNING; // idle goes on
out:
	spin_unlock(&rq->lock);
	cpu_irq_restore(irq);
}

void sched_yield_current(void)
{
	schedule();
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

bool sched_schedule_until(uint64_t deadline_ns)
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
	struct runqueue *rq = this_cpu_ptr(runqueue);

	thread_current()->pgtable = pt;
	rq->loaded = pt;
	tlb_switch(pt);
	cpu_irq_restore(irq);
}

void sched_idle_loop(void)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);

	DEBUG_ASSERT(rq->current == rq->idle);
	for (;;) {
		while (!READ_ONCE(rq->count) && pmm_zero_ahead(ZERO_AHEAD_STEP))
			;
		cpu_irq_disable();
		if (!READ_ONCE(rq->count))
			cpu_wait_for_irq();
		cpu_irq_enable();
		if (READ_ONCE(rq->count))
			schedule();
	}
}
