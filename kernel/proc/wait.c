// What parents learn of their children: SIGCHLD, wait4(2), waitid(2). Follows Linux's kernel/exit.c
// and kernel/signal.c (6.18). Locks: the tree lock over children, then the child's or the parent's
// sighand lock. Waiters sleep on the parent's child_event.

#include "kernel/proc/wait.h"

#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "kernel/proc/signal_internal.h"
#include "lib/restart.h"
#include "lib/string.h"

#define WAIT_STOPPED   0x7f
#define WAIT_CONTINUED 0xffff
#define WAIT_CORE      0x80
#define NSEC_PER_TICK  10000000ull // si_utime counts in USER_HZ

static void fill_result(struct wait_result *r, const struct process *c)
{
	int ws = c->wait_status, sig = ws & 0x7f;

	r->pid = c->pid;
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

	if (parent == process_pid1())
		return true;
	fill_result(&r, c);
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

// SIGCHLD for a stop or its end, unless the parent does not want to know.
static __stack_guarded void notify_job(struct process *c, int code, int status)
{
	struct process *parent;
	struct sig_action *a;
	siginfo_t info;
	uint64_t irq;

	process_tree_lock();
	parent = c->parent;
	fill_siginfo(&info, c, SIGCHLD, code, status);
	irq = sighand_lock(parent);
	a = &parent->sighand->actions[SIGCHLD - 1];
	if (a->handler != (uint64_t)SIG_IGN && !(a->flags & SA_NOCLDSTOP))
		(void)!sig_send_locked(parent, NULL, SIGCHLD, &info);
	sighand_unlock(parent, irq);
	process_tree_unlock();
	waitq_wake_all(&parent->child_event);
}

void process_notify_stop(struct process *c)
{
	notify_job(c, CLD_STOPPED, c->stop_signal);
}

void process_notify_continue(struct process *c)
{
	notify_job(c, CLD_CONTINUED, SIGCONT);
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

// The child's sighand lock is held. True if a stop or its end is there to be told.
static bool take_job_event(const struct wait_request *w, struct process *c, struct wait_result *r)
{
	if (w->options & WSTOPPED && c->stop_unseen) {
		r->code = CLD_STOPPED;
		r->status = c->stop_signal;
		r->wait_status = c->stop_signal << 8 | WAIT_STOPPED;
		c->stop_unseen = w->options & WNOWAIT;
	} else if (w->options & WCONTINUED && c->continue_unseen) {
		r->code = CLD_CONTINUED;
		r->status = SIGCONT;
		r->wait_status = WAIT_CONTINUED;
		c->continue_unseen = w->options & WNOWAIT;
	} else {
		return false;
	}
	r->pid = c->pid;
	return true;
}

static void child_usage(struct process *c, struct rusage *usage)
{
	struct process_usage u;

	process_usage_get(c, &u);
	process_usage_add(&u, &c->waited);
	process_usage_report(&u, usage);
}

static void reap(struct process *self, struct process *c)
{
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
	if (c->zombie) {
		if (!(w->options & WEXITED))
			return -ECHILD;
		fill_result(r, c);
		r->uid = c->uid;
		return 1;
	}
	irq = sighand_lock(c);
	found = take_job_event(w, c, r);
	sighand_unlock(c, irq);
	r->uid = c->uid;
	return found;
}

// One look at all children: as process_wait, but 0 if there is something to wait for.
static int look(const struct wait_request *w, struct wait_result *r, struct rusage *usage)
{
	struct process *self = process_current(), *c, *dead = NULL;
	int result = -ECHILD;

	process_tree_lock();
	list_for_each (c, &self->children, sibling) {
		int one = consider(w, c, r);

		if (one == -ECHILD)
			continue;
		result = 0;
		if (!one)
			continue;
		result = c->pid;
		if (usage)
			child_usage(c, usage);
		if (c->zombie && !(w->options & WNOWAIT)) {
			reap(self, c);
			dead = c;
		}
		break;
	}
	process_tree_unlock();
	if (dead)
		process_forget(dead);
	return result;
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
