// sources: kernel/proc/signal.c tests/unit/proc_heap.c tests/unit/shim/host_seam.c
// sources: tests/unit/shim/host_waitq.c
//
// Signal queues: who gets a signal, what is dropped, in which order they come out.

#include <errno.h>
#include <linux/resource.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/proc/posix_timer.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/proc/signal_internal.h"
#include "kernel/sched/sched.h"
#include "tests/unit/proc_heap.h"

#define THREADS 3

static struct process proc;
static struct thread threads[THREADS];
static struct uthread uthreads[THREADS];

bool sched_wake(struct thread *t, unsigned mask)
{
	return true;
}

void posix_timer_signal_taken(struct process *p, struct siginfo *info)
{
}
void posix_timer_signal_dropped(struct process *p, const struct siginfo *info)
{
}
// Nobody is traced.
bool ptrace_trap_wanted(const struct process *p, const struct uthread *u)
{
	return p->stopped;
}
void ptrace_continued_locked(struct process *p)
{
}
void thread_set_pending(struct thread *t, uint32_t bits)
{
	t->pending |= bits;
}

static int setup(void **state)
{
	(void)state;
	memset(&proc, 0, sizeof(proc));
	proc.sighand = sighand_create();
	proc.limits.v[RLIMIT_SIGPENDING].cur = 16;
	list_init(&proc.threads);
	sigpending_init(&proc.shared_pending);
	for (int i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){ .tid = i + 2, .process = &proc };
		uthreads[i] = (struct uthread){ .thread = &threads[i] };
		threads[i].uthread = &uthreads[i];
		sigpending_init(&uthreads[i].pending);
		list_push_back(&proc.threads, &uthreads[i].node);
		proc.nthreads++;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sigpending_flush(&proc.shared_pending);
	for (int i = 0; i < THREADS; i++)
		sigpending_flush(&uthreads[i].pending);
	sighand_put(proc.sighand);
	return proc_heap_live() ? -1 : 0;
}

static void handle(int sig)
{
	proc.sighand->actions[sig - 1].handler = 0x1000;
}

static int dequeue(int thread, siginfo_t *info)
{
	uint64_t irq = sighand_lock(&proc);
	int sig = sig_dequeue_locked(&proc, &uthreads[thread], ~uthreads[thread].blocked, info);

	sighand_unlock(&proc, irq);
	return sig;
}

static siginfo_t queued(int sig, int value)
{
	siginfo_t i = { .si_signo = sig, .si_code = SI_QUEUE };

	i.si_int = value;
	return i;
}

static void limits_what_is_queued(void **state)
{
	siginfo_t info = queued(SIGRTMIN + 1, 0);

	(void)state;
	handle(SIGRTMIN + 1);
	for (int i = 0; i < 16; i++)
		assert_int_equal(signal_send_process(&proc, SIGRTMIN + 1, &info), 0);
	assert_int_equal(signal_send_process(&proc, SIGRTMIN + 1, &info), -EAGAIN);
	info.si_code = SI_USER; // its details may be lost
	assert_int_equal(signal_send_process(&proc, SIGRTMIN + 1, &info), 0);
	assert_int_equal(proc.queued_signals, 16);
	sigpending_flush(&proc.shared_pending);
	assert_int_equal(proc.queued_signals, 0);
}

static void queues_real_time_signals_only(void **state)
{
	siginfo_t info;

	(void)state;
	handle(SIGUSR1);
	handle(SIGRTMIN + 1);
	for (int i = 0; i < 3; i++) {
		info = queued(SIGRTMIN + 1, i);
		assert_int_equal(signal_send_process(&proc, SIGRTMIN + 1, &info), 0);
		info = queued(SIGUSR1, i);
		assert_int_equal(signal_send_process(&proc, SIGUSR1, &info), 0);
	}
	assert_int_equal(dequeue(0, &info), SIGUSR1); // lowest number first, and once
	assert_int_equal(info.si_int, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dequeue(0, &info), SIGRTMIN + 1);
		assert_int_equal(info.si_int, i);
	}
	assert_int_equal(dequeue(0, &info), 0);
}

static void errors_come_first(void **state)
{
	siginfo_t info;

	(void)state;
	handle(SIGHUP);
	handle(SIGSEGV);
	(void)!signal_send_process(&proc, SIGHUP, NULL);
	(void)!signal_send_thread(&threads[0], SIGHUP, NULL);
	(void)!signal_send_thread(&threads[0], SIGSEGV, NULL);
	assert_int_equal(dequeue(0, &info), SIGSEGV);
	assert_int_equal(info.si_code, SI_KERNEL);
	assert_int_equal(dequeue(0, &info), SIGHUP); // its own,
	assert_int_equal(dequeue(0, &info), SIGHUP); // then the process's
	assert_int_equal(dequeue(0, &info), 0);
}

static void picks_a_thread_that_lets_it_in(void **state)
{
	(void)state;
	handle(SIGUSR1);
	uthreads[0].blocked = uthreads[1].blocked = SIGSET_OF(SIGUSR1);
	(void)!signal_send_process(&proc, SIGUSR1, NULL);
	assert_int_equal(threads[0].pending, 0);
	assert_int_equal(threads[1].pending, 0);
	assert_int_equal(threads[2].pending, PENDING_SIGNAL);
}

static void hands_on_what_a_thread_blocks(void **state)
{
	uint64_t irq;

	(void)state;
	handle(SIGUSR1);
	(void)!signal_send_process(&proc, SIGUSR1, NULL);
	assert_int_equal(threads[0].pending, PENDING_SIGNAL);
	irq = sighand_lock(&proc);
	sig_set_blocked_locked(&proc, &uthreads[0], SIGSET_OF(SIGUSR1) | SIGSET_KILL_STOP);
	sighand_unlock(&proc, irq);
	assert_int_equal(uthreads[0].blocked, SIGSET_OF(SIGUSR1)); // never KILL and STOP
	assert_int_equal(threads[0].pending, 0);
	assert_int_equal(threads[1].pending, PENDING_SIGNAL);
}

static void drops_what_is_ignored(void **state)
{
	siginfo_t info;

	(void)state;
	(void)!signal_send_process(&proc, SIGCHLD, NULL); // by default
	proc.sighand->actions[SIGTERM - 1].handler = (uint64_t)SIG_IGN;
	(void)!signal_send_process(&proc, SIGTERM, NULL);
	assert_int_equal(proc.shared_pending.set, 0);
	// Blocked ones wait: they may get a handler, or be waited for.
	uthreads[0].blocked = SIGSET_OF(SIGCHLD);
	(void)!signal_send_process(&proc, SIGCHLD, NULL);
	assert_int_equal(proc.shared_pending.set, SIGSET_OF(SIGCHLD));
	assert_int_equal(dequeue(0, &info), 0);
}

static void stop_and_continue_cancel_each_other(void **state)
{
	(void)state;
	handle(SIGCONT);
	(void)!signal_send_process(&proc, SIGTSTP, NULL);
	assert_int_equal(proc.shared_pending.set, SIGSET_OF(SIGTSTP));
	proc.stopped = true;
	(void)!signal_send_process(&proc, SIGCONT, NULL);
	assert_int_equal(proc.shared_pending.set, SIGSET_OF(SIGCONT));
	assert_false(proc.stopped);
	(void)!signal_send_process(&proc, SIGSTOP, NULL);
	assert_int_equal(proc.shared_pending.set, SIGSET_OF(SIGSTOP));
}

static void kill_ends_all_threads(void **state)
{
	(void)state;
	uthreads[1].blocked = ~0ull;
	(void)!signal_send_thread(&threads[1], SIGKILL, NULL);
	assert_true(proc.exiting);
	assert_int_equal(proc.wait_status, SIGKILL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(threads[i].pending, PENDING_KILL);
	// Nothing is queued for the dead.
	handle(SIGUSR1);
	(void)!signal_send_process(&proc, SIGUSR1, NULL);
	assert_int_equal(proc.shared_pending.set, 0);
}

static void survives_no_memory(void **state)
{
	siginfo_t info;

	(void)state;
	handle(SIGUSR1);
	handle(SIGRTMIN);
	proc_heap_fail_at(1);
	assert_int_equal(signal_send_process(&proc, SIGUSR1, NULL), 0); // without details
	assert_int_equal(dequeue(0, &info), SIGUSR1);
	assert_int_equal(info.si_code, SI_USER);
	info = queued(SIGRTMIN, 1);
	proc_heap_fail_at(1);
	assert_int_equal(signal_send_process(&proc, SIGRTMIN, &info), -EAGAIN);
	assert_int_equal(proc.shared_pending.set, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(limits_what_is_queued),
		TEST(queues_real_time_signals_only),
		TEST(errors_come_first),
		TEST(picks_a_thread_that_lets_it_in),
		TEST(hands_on_what_a_thread_blocks),
		TEST(drops_what_is_ignored),
		TEST(stop_and_continue_cancel_each_other),
		TEST(kill_ends_all_threads),
		TEST(survives_no_memory),
	};

	return cmocka_run_group_tests_name("signal", tests, NULL, NULL);
}
