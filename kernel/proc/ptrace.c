// ptrace(2): who traces whom, and what the others of kernel/proc tell it. Follows Linux's
// kernel/ptrace.c (6.18).
//
// Each traced thread has a struct tracee (ptrace.h) that stays until the thread's record goes.
// While |tracer| is set it is in the list of the tracer's process and holds references to both
// threads, so that a thread that has ended can be waited for.
//
// Locks. The tree lock (a mutex) guards the relation: it is taken to attach, to detach, to report a
// stop (the tracer must not go away meanwhile) and to wait. The sighand lock of the tracee's
// process guards the stop. Tree before sighand. |tracer| is written with both, so either is enough
// to read.
//
// A stop: the tracee takes the tree lock, then the sighand lock, sets |stopped| and |code|, tells
// the tracer, drops both locks and sleeps in THREAD_TRACED until |stopped| is gone or it is killed.
// Only its tracer (one thread, which is busy with this request) clears |stopped|; only SIGKILL
// wakes it otherwise. So a request first looks for |stopped|, then waits until the tracee has left
// its CPU (sched_wait_left: its registers are saved then), and touches them with the sighand lock
// held and |stopped| still set. A killed tracee clears it under that lock before it goes on: nobody
// writes to the registers of a thread that runs. User memory is copied without locks, before or
// after.
//
// Cost: threads that are not traced pay a test of uthread->trace where signals are delivered.
// System calls pay nothing: while anybody is traced the entry code sends all of them the long way.
// Must not: sleep between setting |stopped| and schedule(); touch a tracee's state without a lock.

#include "kernel/proc/ptrace_internal.h"

#include <asm/errno.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/proc/clone.h"
#include "kernel/proc/wait.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/sched.h"
#include "mm/phys/kmalloc.h"

#define CAP_SYS_ADMIN_BIT 21
#define ATTACH_WAIT_NS    100000000ull

static struct {
	unsigned traced; // threads, guarded by the tree lock
	void (*watch)(bool on);
} trace;

void ptrace_set_call_watch(void (*watch)(bool on))
{
	trace.watch = watch;
}

// ---- the relation: the tree lock is held

static void count(int change)
{
	trace.traced += (unsigned)change;
	if (trace.watch && trace.traced == (change > 0))
		trace.watch(change > 0);
}

// |tr| is the record of |t|, which has none yet or this one. False: it has ended, or is traced.
static bool link(struct tracee *tr, struct thread *t, struct thread *tracer, bool seized,
		 uint32_t options)
{
	struct process *p = t->process;
	uint64_t irq = sighand_lock(p);
	bool ok = !list_empty(&t->uthread->node) && !is_traced(t->uthread);

	if (ok) {
		t->uthread->trace = tr;
		tr->thread = t;
		tr->seized = seized;
		tr->options = options;
		tr->work = 0;
		tr->trap = tr->renotify = tr->own_step = false;
		tr->stop_seen = 0;
		WRITE_ONCE(tr->tracer, tracer);
	}
	sighand_unlock(p, irq);
	if (!ok)
		return false;
	thread_get(t);
	thread_get(tracer);
	list_push_back(&tracer->process->tracees, &tr->node);
	if (t->tid == p->pid)
		p->leader_trace = tr;
	count(1);
	return true;
}

// Ends the relation. A tracee that is stopped goes on, with signal tr->code, or into the group's
// stop.
static void unlink(struct tracee *tr)
{
	struct thread *t = tr->thread, *tracer = tr->tracer;
	struct process *p = t->process;
	uint64_t irq = sighand_lock(p);

	WRITE_ONCE(tr->tracer, NULL);
	tr->work = 0;
	tr->trap = tr->renotify = false;
	if (tr->stopped)
		ptrace_release_locked(tr);
	if (p->stopped && !list_empty(&t->uthread->node))
		thread_set_pending(t, PENDING_SIGNAL);
	sighand_unlock(p, irq);
	list_remove(&tr->node);
	if (p->leader_trace == tr)
		p->leader_trace = NULL;
	count(-1);
	thread_put(tracer);
	thread_put(t);
}

int ptrace_tracer_tid(struct thread *t)
{
	uint64_t irq;
	int tid;

	if (!t->uthread || !t->process)
		return 0;
	irq = sighand_lock(t->process);
	tid = is_traced(t->uthread) ? t->uthread->trace->tracer->tid : 0;
	sighand_unlock(t->process, irq);
	return tid;
}

// ---- the end of tracees

bool ptrace_may_notify_exit(struct process *p)
{
	if (p->unreaped)
		return false;
	if (!p->leader_trace)
		return true;
	process_notify_trace_exit(p->leader_trace, p->wait_status);
	return false;
}

bool ptrace_thread_left(struct thread *t, int status)
{
	struct tracee *tr = t->uthread->trace;
	bool kept;

	if (!tr)
		return false;
	process_tree_lock();
	kept = tr->tracer && t->tid != t->process->pid;
	if (tr->tracer) {
		tr->zombie = true;
		tr->exit_status = status;
	}
	if (kept) {
		t->process->unreaped++;
		process_notify_trace_exit(tr, tr->exit_status);
	}
	process_tree_unlock();
	return kept;
}

// With the end of one tracee, that of its process may be its parent's to know. True: nobody wants
// to, it is out of the tree.
static bool end_is_visible(struct process *p)
{
	bool forget = p->zombie && !p->reaped && process_notify_exit(p);

	if (forget)
		process_tree_remove(p);
	return forget;
}

bool ptrace_reap(struct tracee *tr)
{
	struct process *p = tr->thread->process;
	int tid = tr->thread->tid;
	bool by_parent = tr->tracer->process == p->parent;

	if (tid != p->pid) {
		pid_free(tid);
		p->unreaped--;
		unlink(tr);
		return end_is_visible(p);
	}
	unlink(tr);
	if (by_parent) {
		process_reap_locked(p);
		return true;
	}
	return end_is_visible(p);
}

void ptrace_abandon(struct tracee *tr)
{
	struct process *p = process_get(tr->thread->process);
	bool zombie = tr->zombie, kept = zombie && tr->thread->tid != p->pid;

	if (kept) {
		pid_free(tr->thread->tid);
		p->unreaped--;
	}
	unlink(tr);
	if (zombie && end_is_visible(p))
		process_forget(p);
	process_put(p);
}

void ptrace_tracer_left(void)
{
	struct thread *self = thread_current();
	struct process *p = self->process;
	struct tracee *tr, *next;

	if (list_empty(&p->tracees))
		return;
	process_tree_lock();
	list_for_each_safe (tr, next, &p->tracees, node) {
		if (tr->tracer != self)
			continue;
		if (tr->options & PTRACE_O_EXITKILL)
			(void)!signal_send_process(tr->thread->process, SIGKILL, NULL);
		ptrace_abandon(tr);
	}
	process_tree_unlock();
}

void ptrace_became_leader(void)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	struct tracee *old;

	process_tree_lock();
	old = p->leader_trace;
	if (old && old->thread != t) { // its tracer hears of it by the exec
		waitq_wake_all(&old->tracer->process->child_event);
		unlink(old);
	}
	if (is_traced(t->uthread))
		p->leader_trace = t->uthread->trace;
	process_tree_unlock();
}

// ---- waiting

// Which of the tracer's threads asks, and for whom.
static bool matches(const struct wait_request *w, const struct tracee *tr)
{
	const struct thread *t = tr->thread;

	if (w->options & __WNOTHREAD && tr->tracer != thread_current())
		return false;
	switch (w->which) {
	case P_PID:
		return t->tid == w->id;
	case P_PGID:
		return t->process->pgid == w->id;
	case P_PIDFD:
		return t->process == w->process && t->tid == t->process->pid;
	default:
		return true;
	}
}

// The sighand lock is held.
static bool take_stop(const struct wait_request *w, struct tracee *tr, struct wait_result *r)
{
	if (!tr->stopped || tr->listening || !tr->code)
		return false;
	r->code = CLD_TRAPPED;
	r->status = tr->code;
	r->wait_status = tr->code << 8 | 0x7f;
	if (!(w->options & WNOWAIT))
		tr->code = 0;
	return true;
}

// As consider() of wait.c.
static int consider(const struct wait_request *w, struct tracee *tr, struct wait_result *r)
{
	struct process *p = tr->thread->process;
	bool leader = tr->thread->tid == p->pid, found;
	struct cred *c;
	uint64_t irq;

	if (!matches(w, tr))
		return -ECHILD;
	c = cred_of(tr->thread);
	r->uid = c->uid;
	cred_put(c);
	r->pid = tr->thread->tid;
	if (tr->zombie && !(leader && (!p->zombie || p->unreaped))) {
		if (!(w->options & WEXITED))
			return -ECHILD;
		process_fill_exit(r, leader || p->exiting ? p->wait_status : tr->exit_status);
		return 1;
	}
	if (tr->zombie)
		return 0;
	irq = sighand_lock(p);
	found = take_stop(w, tr, r) || (leader && process_take_continue_locked(w, p, r));
	sighand_unlock(p, irq);
	return found;
}

int ptrace_wait_look(const struct wait_request *w, struct wait_result *r, struct tracee **out)
{
	struct tracee *tr;
	int result = -ECHILD;

	list_for_each (tr, &process_current()->tracees, node) {
		int one = consider(w, tr, r);

		if (one == -ECHILD)
			continue;
		result = one;
		*out = tr;
		if (one)
			break;
	}
	return result;
}

// ---- children of tracees

int ptrace_clone_begin(const struct clone_request *req, struct tracee **out, unsigned *event)
{
	const struct uthread *u = uthread_current();

	*out = NULL;
	*event = 0;
	if (likely(!u->trace) || !is_traced(u))
		return 0;
	if (!(req->flags & CLONE_UNTRACED)) {
		*event = req->flags & CLONE_VFORK      ? PTRACE_EVENT_VFORK
			 : req->exit_signal != SIGCHLD ? PTRACE_EVENT_CLONE
						       : PTRACE_EVENT_FORK;
		if (!trace_option(u->trace, *event))
			*event = 0;
	}
	if (!*event && !(req->flags & CLONE_PTRACE))
		return 0;
	*out = kzalloc(sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void ptrace_clone_finish(struct tracee *tr, struct thread *child)
{
	const struct tracee *own = uthread_current()->trace;
	uint64_t irq;

	if (likely(!own))
		return;
	if (own->own_step)
		child->regs->rflags &= ~RFLAGS_TF;
	if (!tr)
		return;
	process_tree_lock();
	if (!own->tracer || !link(tr, child, own->tracer, own->seized, own->options)) {
		kfree(tr);
		goto out;
	}
	irq = sighand_lock(child->process);
	if (tr->seized)
		tr->trap = true;
	else
		child->uthread->pending.set |= SIGSET_OF(SIGSTOP);
	__atomic_fetch_or(&child->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
	sighand_unlock(child->process, irq);
out:
	process_tree_unlock();
}

// ---- attaching

int ptrace_check_options(uint64_t options)
{
	if (options & ~(uint64_t)PTRACE_O_MASK)
		return -EINVAL;
	if (options & PTRACE_O_SUSPEND_SECCOMP && !cred_has_cap(cred_current(), CAP_SYS_ADMIN_BIT))
		return -EPERM;
	return 0;
}

// The record of |t|: the one that it has, or a new one in |*made|. NULL: no memory.
static struct tracee *record_of(struct thread *t, struct tracee **made)
{
	*made = t->uthread->trace ? NULL : kzalloc(sizeof(**made));
	return t->uthread->trace ? t->uthread->trace : *made;
}

// The thread that the caller's process was made by, or another one of its process; a reference.
static struct thread *parent_thread(struct process *p)
{
	struct thread *t = pid_find_thread(p->creator_tid);

	if (t && t->process == p->parent)
		return t;
	if (t)
		thread_put(t);
	return process_next_thread(p->parent, NULL);
}

int ptrace_trace_me(void)
{
	struct thread *self = thread_current(), *tracer;
	struct tracee *made = NULL, *tr;
	int err = -EPERM;

	process_tree_lock();
	tracer = parent_thread(self->process); // none: pid 1 has no thread
	if (!tracer)
		goto out;
	tr = record_of(self, &made);
	if (!tr)
		err = -ENOMEM;
	else if (link(tr, self, tracer, false, 0))
		err = 0;
	if (err)
		kfree(made);
	thread_put(tracer);
out:
	process_tree_unlock();
	return err;
}

// A thread of a stopped group leaves that stop for one of its own: wait must find it.
static void wait_for_stop(struct tracee *tr)
{
	struct process *p = tr->thread->process;
	int err;

	waitq_wait_until(&process_current()->child_event,
			 READ_ONCE(tr->stopped) || !READ_ONCE(p->stopped) || READ_ONCE(p->exiting),
			 clock_mono_ns() + ATTACH_WAIT_NS, true, err);
	(void)err; // a tracer with a signal learns of the stop later
}

static int attach_locked(struct thread *t, bool seize, uint32_t options, struct tracee **out)
{
	struct tracee *made;
	int err = -EPERM;

	if (t->process == process_current() || !process_may_access(t, false))
		return err;
	*out = record_of(t, &made);
	if (!*out)
		return -ENOMEM;
	if (link(*out, t, thread_current(), seize, options))
		return 0;
	kfree(made);
	return err;
}

// One that sleeps because its group is stopped comes to ptrace_trap().
static void leave_group_stop(struct thread *t)
{
	struct process *p = t->process;
	uint64_t irq = sighand_lock(p);

	if (p->stopped) {
		thread_set_pending(t, PENDING_SIGNAL);
		sched_wake(t, 1u << THREAD_STOPPED);
	}
	sighand_unlock(p, irq);
}

int ptrace_attach(struct thread *t, bool seize, uint64_t addr, uint64_t options)
{
	struct tracee *tr;
	int err = 0;

	if (seize && (addr || options & ~(uint64_t)PTRACE_O_MASK))
		return -EIO;
	if (seize)
		err = ptrace_check_options(options);
	if (err)
		return err;
	process_tree_lock();
	err = attach_locked(t, seize, seize ? (uint32_t)options : 0, &tr);
	process_tree_unlock();
	if (err)
		return err;
	if (!seize)
		(void)!signal_send_thread(t, SIGSTOP, NULL);
	if (READ_ONCE(t->process->stopped)) {
		leave_group_stop(t);
		wait_for_stop(tr);
	}
	return 0;
}
