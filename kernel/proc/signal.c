// Signal queues: who gets a signal, what is dropped, and in which order they come out. Follows
// Linux's kernel/signal.c (6.18). Lock: the process's sighand lock, interrupts off.

#include "kernel/proc/signal.h"

#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/resource.h>

#include "kernel/proc/posix_timer.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/proc/signal_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

_Static_assert(sizeof(struct sig_action) == sizeof(struct sigaction), "rt_sigaction's layout");
_Static_assert(sizeof(siginfo_t) == 128, "siginfo's size");

struct sigqueue {
	struct list_node node;
	uint32_t *charged; // the process's count of them
	siginfo_t info;
};

// Details of a signal to be queued, charged to |p|; NULL: none. Linux __sigqueue_alloc(): the limit
// does not hold for standard signals from kill(2) and the kernel.
static struct sigqueue *sigqueue_create(struct process *p, int sig, const siginfo_t *info)
{
	bool exempt = sig < SIGRTMIN && (!info || info->si_code >= 0);
	uint64_t limit = p->limits.v[RLIMIT_SIGPENDING].cur;
	uint32_t *count = &p->queued_signals;
	struct sigqueue *q = NULL;

	if (__atomic_add_fetch(count, 1, __ATOMIC_RELAXED) <= limit || exempt)
		q = kmalloc(sizeof(*q));
	if (q)
		q->charged = count;
	else
		__atomic_sub_fetch(count, 1, __ATOMIC_RELAXED);
	return q;
}

static void sigqueue_free(struct sigqueue *q)
{
	__atomic_sub_fetch(q->charged, 1, __ATOMIC_RELAXED);
	kfree(q);
}

// Of signalfd. Fixed and shared, since what watches one (epoll) may outlive the process.
#define FD_QUEUE(n)                                                                                \
	{                                                                                          \
		SPINLOCK_INIT(RANK_WAITQ, "signalfd"), LIST_INIT(fd_queues[n].waiters)             \
	}
static struct waitq fd_queues[] = { FD_QUEUE(0), FD_QUEUE(1), FD_QUEUE(2), FD_QUEUE(3),
				    FD_QUEUE(4), FD_QUEUE(5), FD_QUEUE(6), FD_QUEUE(7) };

struct waitq *signal_fd_queue(const struct process *p)
{
	return &fd_queues[(unsigned)p->pid % ARRAY_SIZE(fd_queues)];
}

static const uint8_t default_actions[SIGNAL_COUNT + 1] = {
	[SIGQUIT] = SIG_ACT_CORE, [SIGILL] = SIG_ACT_CORE,  [SIGTRAP] = SIG_ACT_CORE,
	[SIGABRT] = SIG_ACT_CORE, [SIGBUS] = SIG_ACT_CORE,  [SIGFPE] = SIG_ACT_CORE,
	[SIGSEGV] = SIG_ACT_CORE, [SIGXCPU] = SIG_ACT_CORE, [SIGXFSZ] = SIG_ACT_CORE,
	[SIGSYS] = SIG_ACT_CORE,  [SIGCHLD] = SIG_ACT_IGN,  [SIGURG] = SIG_ACT_IGN,
	[SIGWINCH] = SIG_ACT_IGN, [SIGCONT] = SIG_ACT_CONT, [SIGSTOP] = SIG_ACT_STOP,
	[SIGTSTP] = SIG_ACT_STOP, [SIGTTIN] = SIG_ACT_STOP, [SIGTTOU] = SIG_ACT_STOP,
};

enum sig_default sig_default_action(int sig)
{
	return default_actions[sig];
}

struct sighand *sighand_create(void)
{
	struct sighand *s = kzalloc(sizeof(*s));

	if (s) {
		s->refs = 1;
		spin_init(&s->lock, RANK_SIGHAND, "sighand");
	}
	return s;
}

struct sighand *sighand_get(struct sighand *s)
{
	__atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
	return s;
}

void sighand_put(struct sighand *s)
{
	if (!__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
		kfree(s);
}

struct sighand *sighand_clone(struct sighand *s)
{
	struct sighand *copy = sighand_create();
	uint64_t irq;

	if (!copy)
		return NULL;
	irq = spin_lock_irqsave(&s->lock);
	memcpy(copy->actions, s->actions, sizeof(copy->actions));
	spin_unlock_irqrestore(&s->lock, irq);
	return copy;
}

void sigpending_init(struct sigpending *p)
{
	p->set = 0;
	list_init(&p->queue);
}

// |owner|: whose timers are told, NULL: nobody's.
static void pending_drop(struct process *owner, struct sigpending *p, uint64_t set)
{
	struct sigqueue *q, *next;

	if (!(p->set & set))
		return;
	p->set &= ~set;
	list_for_each_safe (q, next, &p->queue, node) {
		if (!(SIGSET_OF(q->info.si_signo) & set))
			continue;
		if (owner && q->info.si_code == SI_TIMER)
			posix_timer_signal_dropped(owner, &q->info);
		list_remove(&q->node);
		sigqueue_free(q);
	}
}

void sigpending_flush(struct sigpending *p)
{
	pending_drop(NULL, p, ~0ull);
}

void sig_drop_locked(struct process *p, uint64_t set)
{
	struct uthread *u;

	pending_drop(p, &p->shared_pending, set);
	list_for_each (u, &p->threads, node)
		pending_drop(p, &u->pending, set);
}

// Takes |sig| out of |p|; the bit stays if more of it are queued (real-time signals).
static void pending_take(struct sigpending *p, int sig, siginfo_t *info)
{
	struct sigqueue *q, *next, *first = NULL;
	bool more = false;

	list_for_each_safe (q, next, &p->queue, node) {
		if (q->info.si_signo != sig)
			continue;
		if (first) {
			more = true;
			break;
		}
		first = q;
	}
	if (!more)
		p->set &= ~SIGSET_OF(sig);
	if (first) {
		*info = first->info;
		list_remove(&first->node);
		sigqueue_free(first);
	} else { // there was no memory for its details
		memset(info, 0, sizeof(*info));
		info->si_signo = sig;
		info->si_code = SI_USER;
	}
}

// Errors of the program first, then by number.
static int lowest_signal(uint64_t set)
{
	if (set & SIGSET_SYNCHRONOUS)
		set &= SIGSET_SYNCHRONOUS;
	return set ? __builtin_ctzll(set) + 1 : 0;
}

int sig_dequeue_locked(struct process *p, struct uthread *u, uint64_t set, siginfo_t *info)
{
	struct sigpending *from = &u->pending;
	int sig = lowest_signal(from->set & set);

	if (!sig) {
		from = &p->shared_pending;
		sig = lowest_signal(from->set & set);
	}
	if (sig) {
		pending_take(from, sig, info);
		if (info->si_code == SI_TIMER)
			posix_timer_signal_taken(p, info);
	}
	return sig;
}

void sig_recalc_locked(struct process *p, struct uthread *u)
{
	uint64_t set = (u->pending.set | p->shared_pending.set) & ~u->blocked;
	struct thread *t = u->thread;

	if (set || (unlikely(p->stopped || u->trace) && ptrace_trap_wanted(p, u)))
		__atomic_fetch_or(&t->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&t->pending, ~(uint32_t)PENDING_SIGNAL, __ATOMIC_RELAXED);
}

// Shared signals that this thread no longer takes are offered to the others.
static void retarget_shared_locked(struct process *p, struct uthread *self, uint64_t set)
{
	struct uthread *u;

	set &= p->shared_pending.set;
	if (!set)
		return;
	list_for_each (u, &p->threads, node)
		if (u != self && set & ~u->blocked)
			thread_set_pending(u->thread, PENDING_SIGNAL);
}

void sig_set_blocked_locked(struct process *p, struct uthread *u, uint64_t blocked)
{
	uint64_t newly;

	blocked &= ~SIGSET_KILL_STOP;
	newly = blocked & ~u->blocked;
	u->blocked = blocked;
	if (newly && p->nthreads > 1)
		retarget_shared_locked(p, u, newly);
	sig_recalc_locked(p, u);
}

void sig_set_blocked(uint64_t blocked)
{
	struct process *p = process_current();
	uint64_t irq = sighand_lock(p);

	sig_set_blocked_locked(p, uthread_current(), blocked);
	sighand_unlock(p, irq);
}

void signal_thread_left(struct thread *t)
{
	struct process *p = t->process;
	uint64_t irq = sighand_lock(p);

	sigpending_flush(&t->uthread->pending);
	retarget_shared_locked(p, t->uthread, ~t->uthread->blocked);
	sighand_unlock(p, irq);
}

static bool is_ignored(struct process *p, struct uthread *u, int sig)
{
	uint64_t handler = p->sighand->actions[sig - 1].handler;

	// A blocked signal may get a handler before it is let in, and sigwait takes ignored ones.
	if ((u->blocked | u->real_blocked) & SIGSET_OF(sig))
		return false;
	if (handler != (uint64_t)SIG_IGN &&
	    (handler != (uint64_t)SIG_DFL ||
	     (sig_default_action(sig) != SIG_ACT_IGN && sig_default_action(sig) != SIG_ACT_CONT)))
		return false;
	return !is_traced(u); // the tracer may want to know
}

static void continue_locked(struct process *p)
{
	struct uthread *u;

	p->stop_dequeued = false;
	ptrace_continued_locked(p);
	if (!p->stopped)
		return;
	p->stopped = false;
	p->stop_unseen = false;
	p->continue_unseen = true;
	p->tell_continue = p->stopped_threads == p->nthreads;
	list_for_each (u, &p->threads, node)
		sched_wake(u->thread, 1u << THREAD_STOPPED);
}

// Stop and continue cancel each other, whatever the action is.
static void stop_continue_locked(struct process *p, int sig)
{
	if (SIGSET_OF(sig) & SIGSET_STOPS) {
		sig_drop_locked(p, SIGSET_OF(SIGCONT));
	} else if (sig == SIGCONT) {
		sig_drop_locked(p, SIGSET_STOPS);
		continue_locked(p);
	}
}

// SIGKILL ends all threads at once; nothing is queued.
static void kill_locked(struct process *p)
{
	struct uthread *u;

	if (!p->exiting) {
		p->exiting = true;
		p->wait_status = SIGKILL;
	}
	p->stopped = false;
	list_for_each (u, &p->threads, node)
		thread_set_pending(u->thread, PENDING_KILL);
}

// The thread that will take a signal for the process: the first one if it can, else any.
static struct uthread *choose_thread(struct process *p, int sig)
{
	struct uthread *u;

	list_for_each (u, &p->threads, node)
		if (!(u->blocked & SIGSET_OF(sig)) && !(is_traced(u) && u->trace->stopped))
			return u;
	return NULL;
}

// |sig| is pending in |to| now: who reads signalfds, and who will take it.
static void announce_locked(struct process *p, struct uthread *u, struct sigpending *to, int sig)
{
	to->set |= SIGSET_OF(sig);
	waitq_wake(signal_fd_queue(p), ~0u, EPOLLIN);
	if (!u)
		u = choose_thread(p, sig);
	if (u && !(u->blocked & SIGSET_OF(sig)))
		thread_set_pending(u->thread, PENDING_SIGNAL);
}

int sig_send_locked(struct process *p, struct uthread *u, int sig, const siginfo_t *info)
{
	struct sigpending *to = u ? &u->pending : &p->shared_pending;
	struct sigqueue *q;

	if (p->zombie || p->exiting || list_empty(&p->threads))
		return 0;
	if (sig == SIGKILL) {
		kill_locked(p);
		return 0;
	}
	stop_continue_locked(p, sig);
	if (is_ignored(p, u ? u : list_first(&p->threads, struct uthread, node), sig))
		return 0;
	if (sig < SIGRTMIN && to->set & SIGSET_OF(sig))
		return 0; // one at a time
	q = sigqueue_create(p, sig, info);
	if (q) {
		if (info) {
			q->info = *info;
		} else {
			memset(&q->info, 0, sizeof(q->info));
			q->info.si_code = SI_KERNEL;
		}
		q->info.si_signo = sig;
		list_push_back(&to->queue, &q->node);
	} else if (sig >= SIGRTMIN && info && info->si_code != SI_USER) {
		return -EAGAIN; // its details matter
	}
	announce_locked(p, u, to, sig);
	return 0;
}

// Linux complete_signal(): a timer's signal is for the thread that runs here, and that of a CPU
// clock for one that made it go on.
static struct uthread *choose_running(struct process *p, int sig)
{
	struct thread *cur = thread_current();
	struct uthread *u, *found = NULL;

	list_for_each (u, &p->threads, node) {
		if (u->blocked & SIGSET_OF(sig))
			continue;
		if (u->thread == cur)
			return u;
		if (!found && READ_ONCE(u->thread->state) == THREAD_RUNNING)
			found = u;
	}
	return found;
}

bool sig_send_timer_locked(struct process *p, struct uthread *u, int sig, const siginfo_t *info)
{
	struct sigpending *to = u ? &u->pending : &p->shared_pending;
	struct sigqueue *q;

	if (sig == SIGKILL || SIGSET_OF(sig) & (SIGSET_STOPS | SIGSET_OF(SIGCONT))) {
		(void)!sig_send_locked(p, u, sig, info);
		return false;
	}
	if (p->zombie || p->exiting || list_empty(&p->threads) ||
	    is_ignored(p, u ? u : list_first(&p->threads, struct uthread, node), sig))
		return false;
	q = kmalloc(sizeof(*q));
	if (!q)
		return false;
	q->charged = &p->queued_signals;
	__atomic_add_fetch(q->charged, 1, __ATOMIC_RELAXED);
	q->info = *info;
	list_push_back(&to->queue, &q->node);
	announce_locked(p, u ? u : choose_running(p, sig), to, sig);
	return true;
}

static void pending_drop_timer(struct sigpending *p, int id)
{
	struct sigqueue *q, *next;
	int sig = 0;
	bool more = false;

	list_for_each_safe (q, next, &p->queue, node) {
		if (q->info.si_code != SI_TIMER || q->info.si_tid != id)
			continue;
		sig = q->info.si_signo;
		list_remove(&q->node);
		sigqueue_free(q);
	}
	if (!sig)
		return;
	list_for_each (q, &p->queue, node)
		more |= q->info.si_signo == sig;
	if (!more)
		p->set &= ~SIGSET_OF(sig);
}

bool sig_peek_locked(const struct sigpending *p, uint64_t n, siginfo_t *info)
{
	const struct sigqueue *q;

	list_for_each (q, &p->queue, node) {
		if (n--)
			continue;
		*info = q->info;
		return true;
	}
	return false;
}

void sig_drop_timer_locked(struct process *p, int id)
{
	struct uthread *u;

	pending_drop_timer(&p->shared_pending, id);
	list_for_each (u, &p->threads, node)
		pending_drop_timer(&u->pending, id);
}

int signal_send_process(struct process *p, int sig, const struct siginfo *info)
{
	uint64_t irq = sighand_lock(p);
	int err = sig_send_locked(p, NULL, sig, info);

	sighand_unlock(p, irq);
	return err;
}

int signal_send_thread(struct thread *t, int sig, const struct siginfo *info)
{
	struct process *p = t->process;
	uint64_t irq;
	int err = 0;

	if (!p || !t->uthread)
		return -ESRCH;
	irq = sighand_lock(p);
	if (!list_empty(&t->uthread->node))
		err = sig_send_locked(p, t->uthread, sig, info);
	sighand_unlock(p, irq);
	return err;
}

// A signal that the calling thread caused itself: it must not be lost, so a blocked or ignored one
// falls back to the default action (Linux force_sig_info).
static void force_info(int sig, const siginfo_t *info, bool to_default)
{
	struct uthread *u = uthread_current();
	struct process *p = process_current();
	uint64_t irq = sighand_lock(p);
	struct sig_action *a = &p->sighand->actions[sig - 1];
	bool blocked = u->blocked & SIGSET_OF(sig);

	if (blocked || a->handler == (uint64_t)SIG_IGN || to_default) {
		a->handler = (uint64_t)SIG_DFL;
		u->blocked &= ~SIGSET_OF(sig);
	}
	(void)!sig_send_locked(p, u, sig, info);
	sig_recalc_locked(p, u);
	sighand_unlock(p, irq);
}

void signal_force_fault(int sig, int code, uint64_t addr, unsigned trapno, uint64_t error,
			struct pt_regs *regs)
{
	struct uthread *u = uthread_current();
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = code;
	info.si_addr = (void *)addr;
	u->fault_trapno = trapno;
	u->fault_error = error;
	if (trapno == TRAP_PAGE_FAULT)
		u->fault_addr = addr;
	force_info(sig, &info, false);
}

void signal_force(int sig)
{
	force_info(sig, NULL, false);
}

void signal_force_fatal(int sig)
{
	force_info(sig, NULL, true);
}

bool signal_is_pending(void)
{
	return sched_interrupted();
}

void signal_reset_handlers(struct process *p)
{
	struct sig_action *a = p->sighand->actions, *end = a + SIGNAL_COUNT;

	for (; a < end; a++) {
		if (!(a->handler | a->flags | a->restorer | a->mask))
			continue; // most are as they should be
		if (a->handler != (uint64_t)SIG_IGN)
			a->handler = (uint64_t)SIG_DFL;
		a->flags = a->restorer = a->mask = 0;
	}
}

void signal_exec_reset(struct process *p)
{
	struct uthread *u = uthread_current();
	uint64_t irq = sighand_lock(p);

	signal_reset_handlers(p);
	u->altstack = (struct sig_altstack){ .flags = SS_DISABLE };
	sighand_unlock(p, irq);
}
