// The scheduler: per-CPU run queues, one lock each (RANK_RUNQUEUE). Kernel code is not preempted
// against its will: long loops call sched_point().
#pragma once

#include "kernel/sched/thread.h"

void sched_init(void);              // makes the boot flow a thread (idle of CPU 0)
void sched_start(struct thread *t); // first run of a created thread
void __noreturn sched_idle_loop(void);

// For what programs ask: the time until the next of its kind has its turn.
uint64_t sched_fair_slice_ns(void);
uint64_t sched_rr_slice_ns(void);
// Gives up the CPU while staying runnable.
void sched_yield_current(void);
// Switches away if PENDING_RESCHED is set. Must not be called with a spinlock held.
void sched_point(void);
// Sleeping, low level (prefer waitq.h): mark first, check the condition, then call schedule().
void sched_set_state(enum thread_state state);
void schedule(void);
// As schedule(), but no later than |deadline_ns|; false: the deadline ended it.
bool sched_schedule_until(uint64_t deadline_ns);
// True if the calling thread has a signal (or its end) pending, which ends interruptible sleeps.
static inline bool sched_interrupted(void)
{
	return READ_ONCE(thread_current()->pending) & (PENDING_SIGNAL | PENDING_KILL);
}
// True if the calling thread is to end: a long loop of a system call gives up, with any error.
static inline bool sched_killed(void)
{
	const struct thread *t = thread_current();

	return unlikely(t && READ_ONCE(t->pending) & PENDING_KILL);
}
// The calling thread's page tables from now on (exec, exit). The old ones are not in use after it.
void sched_use_pgtable(struct pgtable *pt);
// Makes |t| runnable if it sleeps in a state of |mask| (bits 1 << state); true if it did.
bool sched_wake(struct thread *t, unsigned mask);
// Waits until |t|, which is about to sleep in |state| or does so, has left its CPU: all of its
// registers are saved then. False: it does not sleep so. Spins: |t| must not wait for anything.
bool __must_check sched_wait_left(struct thread *t, enum thread_state state);
// Around wakes with a spinlock held, the second one after it was given back: other CPUs are
// interrupted then. An interrupt is slow to send, and who is woken wants that lock. The caller
// stays on its CPU.
DECLARE_PERCPU(uint32_t, sched_kicks_held);
DECLARE_PERCPU(uint64_t, sched_kicks_due);
void sched_send_kicks_due(void);
static inline void sched_hold_kicks(void)
{
	this_cpu_set(sched_kicks_held, 1);
}
static inline void sched_send_kicks(void)
{
	this_cpu_set(sched_kicks_held, 0);
	if (unlikely(this_cpu_read(sched_kicks_due)))
		sched_send_kicks_due();
}
// Sets pending bits and wakes an interruptible sleeper.
void thread_set_pending(struct thread *t, uint32_t bits);
// For more than one CPU. |start| starts the others; it is called once, when a program has a use for
// them: with its second thread, or by sched_want_cpus. May sleep.
void sched_set_more_cpus(void (*start)(void));
void sched_want_cpus(void);
// Prepares the run queue of |cpu|, whose per-CPU variables exist. Its idle thread, on whose stack
// it is to call sched_cpu_started and sched_idle_loop; NULL: out of memory.
struct thread *__must_check sched_add_cpu(unsigned cpu);
void sched_cpu_started(void);
// How to interrupt CPU |cpu|, and what its interrupt handler then calls.
void sched_set_kick(void (*kick)(unsigned cpu));
void sched_kicked(void);
// For /proc/stat and the like.
struct sched_stats {
	uint64_t idle_tsc; // of all CPUs
	uint64_t switches, threads_made;
	unsigned runnable; // running ones included
	unsigned threads;  // of user programs
	int last_tid;
};
void sched_get_stats(struct sched_stats *out);
// What several CPUs cost, so far: for ouro run --stats.
struct sched_cpu_stats {
	uint64_t kicks;  // interrupts that tell a CPU to look at its queue
	uint64_t moved;  // threads that changed their CPU
	uint64_t pulled; // of these, taken by a CPU without work, or given to it
	uint64_t sleeps; // waits for a sleeping lock
};
void sched_get_cpu_stats(struct sched_cpu_stats *out);
// Prints every thread with state and kernel backtrace to the log.
void sched_dump_all(void);
// Sleeps until |deadline_ns| on CLOCK_MONOTONIC. 0, or -EINTR when a signal came first.
int __must_check sched_sleep_until(uint64_t deadline_ns, bool interruptible);

// schedule() in place, for callers that are compiled for speed: they keep what they need
// themselves.
#ifndef OURO_HOST_TEST
static __always_inline_fn void sched_switch(void)
{
	__asm__ volatile("call sched_switch_stacks" ::
				 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
				   "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}
#if defined(KERNEL_HOT) && !defined(CONFIG_DEBUG_LOCKS)
#define schedule() sched_switch()
#endif
#endif
