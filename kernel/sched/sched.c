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
#include "mm/phys/kstack.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"

#define PREEMPT_HZ      2000u  // a thread that ran 1/2000 s lets a woken one go first
#define SYNC_HZ         20000u // who sleeps within 1/20000 s of waking somebody did so for that
#define SYNC_SCORE_MAX  7
#define SYNC_SCORE_SURE 4
#define ZERO_AHEAD_STEP 4u // pages zeroed between two looks at the run queue

DEFINE_PERCPU(struct runqueue, runqueue);
DEFINE_PERCPU(struct thread *, percpu_current);
struct sched_shared sched_shared;

static struct {
	uint64_t preempt_tsc, sync_tsc; // set with sched_shared.slice_tsc
	void (*more_cpus)(void);        // starts the other CPUs; NULL: done or none
	unsigned user_threads;          // started so far, while |more_cpus| is set
	struct thread boot_thread;
} sched;

// The clock's rate is not asked for at boot: that would end its calibration early.
static void learn_rates(void)
{
	uint64_t hz = clock_tsc_hz();

	sched.preempt_tsc = hz / PREEMPT_HZ;
	sched.sync_tsc = hz / SYNC_HZ;
	sched_shared.slice_tsc = hz / (NSEC_PER_SEC / SLICE_NS);
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
	if (cpu_count_ready() > 1)
		rq_offer(rq);
	rq->tick_armed = true;
	timer_arm(&rq->tick, clock_mono_ns() + slice_ns(rq->current));
}

// After the run queue's lock was released: somebody waits for this CPU. Interrupts are off.
static void sched_arm_tick(struct runqueue *rq)
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

void sched_kick_cpu(unsigned cpu)
{
	this_cpu_add(runqueue.kicks, 1);
	sched_shared.kick(cpu);
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

// When it does sleep.
static void judge_waker(struct thread *cur, uint64_t now_tsc)
{
	bool soon = now_tsc - cur->woke_tsc < sched.sync_tsc;

	cur->woke_tsc = 0;
	if (soon && cur->sync_score < SYNC_SCORE_MAX)
		cur->sync_score++;
	else if (!soon)
		cur->sync_score /= 2;
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
	struct runqueue *rq = this_cpu_ptr(runqueue);

	// The usual case: a running thread wakes a sleeping one of its own CPU, and no CPU is idle.
	spin_lock(&rq->lock);
	if (unlikely(t->cpu != this_cpu_id() || !(mask & 1u << t->state) || rq->current == t ||
		     READ_ONCE(sched_shared.idle_cpus) || !rq->tick_armed || irq_in_handler() ||
		     is_realtime(t) || rq->current->policy != t->policy)) {
		spin_unlock(&rq->lock);
		return wake_general(t, mask, irq);
	}
	t->state = THREAD_RUNNABLE;
	rq_place(rq, t, cpu_rdtsc());
	rq_insert(rq, t, false);
	spin_unlock(&rq->lock);
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

// |prev| has left its stack and is not, or no longer, to be found here.
static __noinline void finish_leaving(struct thread *prev)
{
	uint64_t irq = cpu_irq_save();

	if (prev->state == THREAD_DEAD)
		thread_put(prev);
	else
		move_and_enqueue(rq_lock_of(prev), prev, rq_choose_cpu(prev, false));
	cpu_irq_restore(irq);
}

static __always_inline_fn void finish_switch(struct thread *prev)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);
	bool leaves = prev->state >= THREAD_DEAD, wanted = rq->count && !rq->tick_armed;

	spin_unlock(&rq->lock);
	if (unlikely(wanted) && rq->current != rq->idle)
		sched_arm_tick(rq);
	if (unlikely(leaves))
		finish_leaving(prev);
}

void sched_finish_switch(struct thread *prev)
{
	finish_switch(prev);
}

// Leaves |prev|'s stack for |next|'s; the result is, on this stack again, who ran before. Segment
// bases, page tables and FPU state are the caller's business.
static __always_inline_fn struct thread *switch_stacks(struct thread *prev, struct thread *next)
{
	struct thread *before = prev;
	uint64_t *save_sp = &prev->kernel_sp, sp = next->kernel_sp;

	__asm__ volatile("pushq	%%rbp\n"
			 "pushq	$1f\n"
			 "movq	%%rsp, (%[save])\n"
			 "movq	%[sp], %%rsp\n"
			 "ret\n"
			 "1:	popq	%%rbp\n"
			 : "+a"(before), [save] "+c"(save_sp), [sp] "+d"(sp)
			 :
			 : "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			   "r15", "memory", "cc");
	return before;
}

static __noinline void note_switch(struct thread *prev)
{
	if (prev->notify_on_switch & NOTIFY_DEBUG)
		cpu_write_dr7(DR7_OFF);
	__atomic_fetch_or(&prev->pending, PENDING_NOTIFY, __ATOMIC_RELAXED);
}

// Leaves |prev| for |next|; returns when somebody comes back to |prev|. rq->lock is held.
static void switch_to(struct runqueue *rq, struct thread *prev, struct thread *next)
{
	next->slice_start_tsc = prev->slice_start_tsc;
	next->state = THREAD_RUNNING;
	rq->current = next;
	this_cpu_write(percpu_current, next);
	if (prev->fpu && prev->state != THREAD_DEAD) {
		save_user_state(prev);
		if (prev->notify_on_switch &&
		    ((int64_t)prev->regs->orig_rax < 0 || prev->notify_on_switch & NOTIFY_DEBUG))
			note_switch(prev);
	}
	// Kernel threads run on whatever tables are loaded; sched_use_pgtable takes them away.
	if (!next->pgtable)
		tlb_set_lazy();
	else if (next->pgtable != this_cpu_read(tlb_loaded) || unlikely(this_cpu_read(tlb_mode)))
		tlb_switch(next->pgtable);
	if (next->fpu)
		load_user_state(next);
	finish_switch(switch_stacks(prev, next));
}

static void charge(struct thread *t, uint64_t now_tsc)
{
	uint64_t ran = now_tsc - t->slice_start_tsc;

	t->runtime_tsc += ran;
	t->vruntime += to_virtual(t, ran);
	t->slice_start_tsc = now_tsc;
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
static inline struct thread *take_next(struct runqueue *rq)
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

void schedule(void)
{
	uint64_t irq = cpu_irq_save(), now;
	struct runqueue *rq = this_cpu_ptr(runqueue);
	struct thread *prev = rq->current, *next;

#ifdef CONFIG_DEBUG_LOCKS
	if (spin_any_held())
		panic("a thread sleeps or gives way with a spinlock held");
#endif
	spin_lock(&rq->lock);
	now = cpu_rdtsc();
	__atomic_fetch_and(&prev->pending, ~(uint32_t)PENDING_RESCHED, __ATOMIC_RELAXED);
	if (prev->state == THREAD_INTERRUPTIBLE && sched_interrupted())
		prev->state = THREAD_RUNNING;
	charge(prev, now);
	if (prev == rq->idle) {
		prev->state = THREAD_RUNNABLE;
	} else if (prev->state == THREAD_RUNNING) {
		if (!rq->count && likely(prev->affinity >> prev->cpu & 1))
			goto out;
		requeue_current(rq, prev);
	} else {
		prev->switches_voluntary++;
		if (prev->woke_tsc)
			judge_waker(prev, now);
	}
	next = take_next(rq);
	if (likely(next != prev)) {
		if (unlikely(prev == rq->idle || next == rq->idle))
			note_idle(rq, prev, next);
		switch_to(rq, prev, next);
		cpu_irq_restore(irq);
		return;
	}
	prev->state = THREAD_RUNNING; // it is still the first
	prev->switches_forced -= prev != rq->idle;
out:
	prev->to_back = false;
	spin_unlock(&rq->lock);
	cpu_irq_restore(irq);
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
