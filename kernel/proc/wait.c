// What parents learn of their children: SIGCHLD, wait4(2), waitid(2). Follows Linux's kernel/exit.c
// and kernel/signal.c (6.18). Locks: the tree lock over children and tracees, then the child's or
// the parent's sighand lock. Waiters sleep on the parent's child_event.

#include "kernel/proc/wait.h"

#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "kernel/proc/ptrace_internal.h"
#include "kernel/proc/signal_internal.h"
#include "kernel/sched/cred.h"
#include "lib/restart.h"
#include "lib/string.h"

#define WAIT_STOPPED   0x7f
#define WAIT_CONTINUED 0xffff
#define WAIT_CORE      0x80
#define NSEC_PER_TICK  10000000ull // si_utime counts in USER_HZ

void process_fill_exit(struct wait_result *r, int ws)
{
	int sig = ws & 0x7f;

	r->wait_status = ws;
	r->code = !sig ? CLD_EXITED : ws & WAIT_CORE ? CLD_DUMPED : CLD_KILLED;
	r->status = sig ? sig : ws >> 8 & 0xff;
}

static void fill_siginfo(siginfo_t *info, const struct process *c, int sig, int code, int status)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = code;
	info->si_pid = c->pid;
	info->si_uid = c->uid;
	info->si_status = status;
	info->si_utime = (int64_t)(sched_tsc_to_ns(c->ended.runtime_tsc) / NSEC_PER_TICK);
}

__stack_guarded bool process_notify_exit(struct process *c)
{
	struct process *parent = c->parent;
	struct wait_result r;
	siginfo_t info;
	uint64_t irq, handler;
	bool forget = false;
	int sig = c->exit_signal;

	if (!ptrace_may_notify_exit(c))
		return false;
	if (parent == process_pid1())
		return true;
	process_fill_exit(&r, c->wait_status);
	fill_siginfo(&info, c, sig, r.code, r.status);
	irq = sighand_lock(parent);
	if (sig == SIGCHLD) {
		handler = parent->sighand->actions[SIGCHLD - 1].handler;
		forget = handler == (uint64_t)SIG_IGN ||
			 parent->sighand->actions[SIGCHLD - 1].flags & SA_NOCLDWAIT;
		if (handler == (uint64_t)SIG_IGN)
			sig = 0;
	}
	if (sig)
		(void)!sig_send_locked(parent, NULL, sig, &info);
	sighand_unlock(parent, irq);
	waitq_wake_all(&parent->child_event);
	return forget;
}

// SIGCHLD for a stop or its end, unless |to| does not want to know.
static void tell_stop(struct process *to, const siginfo_t *info)
{
	uint64_t irq = sighand_lock(to);
	const struct sig_action *a = &to->sighand->actions[SIGCHLD - 1];

	if (a->handler != (uint64_t)SIG_IGN && !(a->flags & SA_NOCLDSTOP))
		(void)!sig_send_locked(to, NULL, SIGCHLD, info);
	sighand_unlock(to, irq);
	waitq_wake_all(&to->child_event);
}

static __stack_guarded void notify_job_locked(struct process *c, int code, int status)
{
	siginfo_t info;

	fill_siginfo(&info, c, SIGCHLD, code, status);
	tell_stop(c->parent, &info);
}

void process_notify_stop_locked(struct process *c)
{
	notify_job_locked(c, CLD_STOPPED, c->stop_signal);
}

void process_notify_stop(struct process *c)
{
	process_tree_lock();
	process_notify_stop_locked(c);
	process_tree_unlock();
}

void process_notify_continue(struct process *c)
{
	process_tree_lock();
	notify_job_locked(c, CLD_CONTINUED, SIGCONT);
	process_tree_unlock();
}

static void fill_trace_info(siginfo_t *info, const struct tracee *tr, int code, int status)
{
	struct cred *c = cred_of(tr->thread);

	fill_siginfo(info, tr->thread->process, SIGCHLD, code, status);
	info->si_pid = tr->thread->tid;
	info->si_uid = c->uid;
	cred_put(c);
}

__stack_guarded void process_notify_trace(const struct tracee *tr, int code, int status)
{
	siginfo_t info;

	fill_trace_info(&info, tr, code, status);
	tell_stop(tr->tracer->process, &info);
}

__stack_guarded void process_notify_trace_exit(const struct tracee *tr, int wait_status)
{
	struct wait_result r;
	siginfo_t info;

	process_fill_exit(&r, wait_status);
	fill_trace_info(&info, tr, r.code, r.status);
	(void)!signal_send_process(tr->tracer->process, SIGCHLD, &info);
	waitq_wake_all(&tr->tracer->process->child_event);
}

static bool matches(const struct wait_request *w, const struct process *c)
{
	if ((w->which == P_PID && c->pid != w->id) || (w->which == P_PGID && c->pgid != w->id) ||
	    (w->which == P_PIDFD && c != w->process))
		return false;
	if (w->options & __WNOTHREAD && c->creator_tid != thread_current()->tid)
		return false;
	return w->options & __WALL || (c->exit_signal != SIGCHLD) == !!(w->options & __WCLONE);
}

bool process_take_continue_locked(const struct wait_request *w, struct process *c,
				  struct wait_result *r)
{
	if (!(w->options & WCONTINUED) || !c->continue_unseen)
		return false;
	r->code = CLD_CONTINUED;
	r->status = SIGCONT;
	r->wait_status = WAIT_CONTINUED;
	c->continue_unseen = w->options & WNOWAIT;
	return true;
}

// The child's sighand lock is held. True if a stop or its end is there to be told.
static bool take_job_event(const struct wait_request *w, struct process *c, struct wait_result *r)
{
	if (!(w->options & WSTOPPED) || !c->stop_unseen)
		return process_take_continue_locked(w, c, r);
	r->code = CLD_STOPPED;
	r->status = c->stop_signal;
	r->wait_status = c->stop_signal << 8 | WAIT_STOPPED;
	c->stop_unseen = w->options & WNOWAIT;
	return true;
}

static void child_usage(struct process *c, struct rusage *usage)
{
	struct process_usage u;

	process_usage_get(c, &u);
	process_usage_add(&u, &c->waited);
	process_usage_report(&u, usage);
}

void process_reap_locked(struct process *c)
{
	struct process *self = process_current();

	process_usage_add(&self->waited, &c->ended);
	process_usage_add(&self->waited, &c->waited);
	process_tree_remove(c);
}

// Looks at one child. 1: it is what was waited for; 0: it may be later; -ECHILD: it never will.
static int consider(const struct wait_request *w, struct process *c, struct wait_result *r)
{
	uint64_t irq;
	bool found;

	if (!matches(w, c))
		return -ECHILD;
	// Who traces it sees it among its tracees; others see its end when that one has.
	if (unlikely(c->leader_trace) &&
	    (c->zombie || c->leader_trace->tracer->process == process_current()))
		return 0;
	if (unlikely(c->zombie && c->unreaped))
		return 0;
	r->pid = c->pid;
	r->uid = c->uid;
	if (c->zombie) {
		if (!(w->options & WEXITED))
			return -ECHILD;
		process_fill_exit(r, c->wait_status);
		return 1;
	}
	irq = sighand_lock(c);
	found = take_job_event(w, c, r);
	sighand_unlock(c, irq);
	return found;
}

// One look at all children: as process_wait, but 0 if there is something to wait for.
static int look_children(const struct wait_request *w, struct wait_result *r, struct process **out)
{
	struct process *c;
	int result = -ECHILD;

	list_for_each (c, &process_current()->children, sibling) {
		int one = consider(w, c, r);

		if (one == -ECHILD)
			continue;
		result = one;
		*out = c;
		if (one)
			break;
	}
	return result;
}

// The same for those that the caller traces. |*dead|: it is out of the tree.
static int look_tracees(const struct wait_request *w, struct wait_result *r, struct rusage *usage,
			struct process **dead)
{
	struct tracee *tr;
	struct process *p;
	int result = ptrace_wait_look(w, r, &tr);

	if (result <= 0)
		return result;
	p = tr->thread->process;
	if (usage)
		child_usage(p, usage);
	if (tr->zombie && !(w->options & WNOWAIT) && ptrace_reap(tr))
		*dead = p;
	return result;
}

static int look(const struct wait_request *w, struct wait_result *r, struct rusage *usage)
{
	struct process *c, *dead = NULL;
	int result, other;

	process_tree_lock();
	result = look_children(w, r, &c);
	if (result > 0) {
		if (usage)
			child_usage(c, usage);
		if (c->zombie && !(w->options & WNOWAIT)) {
			process_reap_locked(c);
			dead = c;
		}
	} else if (unlikely(!list_empty(&process_current()->tracees))) {
		other = look_tracees(w, r, usage, &dead);
		result = other == -ECHILD ? result : other;
	}
	process_tree_unlock();
	if (dead)
		process_forget(dead);
	return result > 0 ? r->pid : result;
}

int process_wait(const struct wait_request *req, struct wait_result *out, struct rusage *usage)
{
	struct process *self = process_current();
	struct waitq_entry e;
	int result;

	waitq_prepare(&self->child_event, &e);
	while (!(result = look(req, out, usage)) && !(req->options & WNOHANG)) {
		if (req->nonblocking) {
			result = -EAGAIN;
			break;
		}
		if (waitq_sleep(&e, UINT64_MAX, true)) {
			result = -ERESTARTSYS;
			break;
		}
	}
	waitq_finish(&self->child_event, &e);
	return result;
}
