// The system calls on signals. Results and order of checks are Linux's (kernel/signal.c, 6.18).

#include <asm/errno.h>

#include "kernel/proc/posix_timer.h"
#include "kernel/proc/signal_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"

#define ALTSTACK_MIN_BYTES 2048 // MINSIGSTKSZ; Linux also refuses less than its frame needs
#define CAP_KILL_BIT       5
#define SA_KNOWN                                                                                   \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |         \
	 SA_RESETHAND | SA_RESTORER | 0x800ul) // 0x800: SA_EXPOSE_TAGBITS

int signal_set_action(int sig, const struct sig_action *new_, struct sig_action *old)
{
	struct process *p = process_current();
	struct sig_action *a;
	bool was_ignored;
	uint64_t irq;

	if (!sig_valid(sig) || (new_ && SIGSET_OF(sig) & SIGSET_KILL_STOP))
		return -EINVAL;
	irq = sighand_lock(p);
	a = &p->sighand->actions[sig - 1];
	if (old)
		*old = *a;
	if (new_) {
		was_ignored = a->handler == (uint64_t)SIG_IGN;
		*a = *new_;
		a->flags &= SA_KNOWN; // programs probe for flags this way (SA_UNSUPPORTED)
		a->mask &= ~SIGSET_KILL_STOP;
		// What is pending and ignored from now on is dropped (POSIX 3.3.1.3).
		if (a->handler == (uint64_t)SIG_IGN ||
		    (a->handler == (uint64_t)SIG_DFL &&
		     (sig_default_action(sig) == SIG_ACT_IGN || sig == SIGCONT)))
			sig_drop_locked(p, SIGSET_OF(sig));
		else if (was_ignored)
			posix_timers_unignored(p, sig);
	}
	sighand_unlock(p, irq);
	return 0;
}

int signal_procmask(int how, const uint64_t *set, uint64_t *old)
{
	uint64_t blocked = uthread_current()->blocked;

	if (old)
		*old = blocked;
	if (!set)
		return 0;
	switch (how) {
	case SIG_BLOCK:
		blocked |= *set;
		break;
	case SIG_UNBLOCK:
		blocked &= ~*set;
		break;
	case SIG_SETMASK:
		blocked = *set;
		break;
	default:
		return -EINVAL;
	}
	sig_set_blocked(blocked);
	return 0;
}

uint64_t signal_pending_set(void)
{
	struct process *p = process_current();
	struct uthread *u = uthread_current();
	uint64_t irq = sighand_lock(p);
	uint64_t set = (u->pending.set | p->shared_pending.set) & u->blocked;

	sighand_unlock(p, irq);
	return set;
}

void signal_set_temp_mask(uint64_t mask)
{
	struct uthread *u = uthread_current();

	u->saved_mask = u->blocked;
	u->restore_mask = true;
	sig_set_blocked(mask);
}

void signal_end_temp_mask(bool interrupted)
{
	struct uthread *u = uthread_current();

	if (!u->restore_mask || interrupted)
		return;
	u->restore_mask = false;
	sig_set_blocked(u->saved_mask);
}

int64_t signal_pause(void)
{
	for (;;) {
		sched_set_state(THREAD_INTERRUPTIBLE);
		if (sched_interrupted())
			break;
		schedule();
	}
	sched_set_state(THREAD_RUNNING);
	return -ERESTARTNOHAND;
}

int64_t signal_suspend(uint64_t mask)
{
	signal_set_temp_mask(mask);
	return signal_pause();
}

int64_t signal_timedwait(uint64_t set, struct siginfo *info, uint64_t deadline_ns)
{
	struct process *p = process_current();
	struct uthread *u = uthread_current();
	uint64_t irq;
	int sig;

	set &= ~SIGSET_KILL_STOP;
	irq = sighand_lock(p);
	sig = sig_dequeue_locked(p, u, set, info);
	if (!sig && deadline_ns) {
		// Let the set wake this thread, without delivering it.
		u->real_blocked = u->blocked;
		u->blocked &= ~set;
		sig_recalc_locked(p, u);
		sched_set_state(THREAD_INTERRUPTIBLE);
		sighand_unlock(p, irq);
		if (deadline_ns == UINT64_MAX)
			schedule();
		else
			(void)sched_schedule_until(deadline_ns);
		irq = sighand_lock(p);
		u->blocked = u->real_blocked;
		u->real_blocked = 0;
		sig = sig_dequeue_locked(p, u, set, info);
	}
	sig_recalc_locked(p, u);
	sighand_unlock(p, irq);
	if (sig)
		return sig;
	return deadline_ns && sched_interrupted() ? -EINTR : -EAGAIN;
}

static uint32_t altstack_status(const struct sig_altstack *s, uint64_t sp)
{
	bool on = !(s->flags & SS_AUTODISARM) && sp > s->sp && sp - s->sp <= s->bytes;

	if (!s->bytes)
		return SS_DISABLE;
	return on ? SS_ONSTACK : 0;
}

int signal_altstack(const struct sig_altstack *new_, struct sig_altstack *old, uint64_t user_sp)
{
	struct sig_altstack *s = &uthread_current()->altstack;
	uint32_t mode;

	if (old) {
		*old = *s;
		old->flags = altstack_status(s, user_sp) | (s->flags & SS_FLAG_BITS);
	}
	if (!new_)
		return 0;
	if (altstack_status(s, user_sp) == SS_ONSTACK)
		return -EPERM;
	mode = new_->flags & ~SS_FLAG_BITS;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (s->sp == new_->sp && s->bytes == new_->bytes && s->flags == new_->flags)
		return 0;
	if (mode == SS_DISABLE) {
		*s = (struct sig_altstack){ .flags = new_->flags };
		return 0;
	}
	if (new_->bytes < ALTSTACK_MIN_BYTES)
		return -ENOMEM;
	*s = *new_;
	return 0;
}

static void fill_user_info(siginfo_t *info, int sig, int code)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = code;
	info->si_pid = process_current()->pid;
	info->si_uid = cred_current()->uid;
}

// May the caller send |sig| to |p|, whose first thread's credentials count?
static int check_permission(struct process *p, int sig)
{
	const struct cred *c = cred_current();
	struct cred *other;
	struct uthread *u;
	uint64_t irq;
	bool ok;

	// Only now: a process that does not exist is told first.
	if (sig < 0 || sig > SIGNAL_COUNT)
		return -EINVAL;
	if (p == process_current() || cred_has_cap(c, CAP_KILL_BIT))
		return 0;
	irq = sighand_lock(p);
	u = list_empty(&p->threads) ? NULL : list_first(&p->threads, struct uthread, node);
	other = u ? cred_of(u->thread) : cred_get(cred_root());
	ok = c->euid == other->suid || c->euid == other->uid || c->uid == other->suid ||
	     c->uid == other->uid;
	sighand_unlock(p, irq);
	cred_put(other);
	if (sig == SIGCONT && p->sid == process_current()->sid)
		ok = true;
	return ok ? 0 : -EPERM;
}

static int kill_one(struct process *p, int sig, const siginfo_t *info)
{
	int err = check_permission(p, sig);

	if (!err && sig && p->pid != 1)
		err = signal_send_process(p, sig, info);
	return err;
}

__stack_guarded int signal_send_user(struct process *p, int sig)
{
	siginfo_t info;

	fill_user_info(&info, sig, SI_USER);
	return signal_send_process(p, sig, &info);
}

// kill with pid 0, -1 or a group: success if one could be signalled. Under the tree's lock, so that
// no child is born unseen.
static int kill_many(int pid, int sig, const siginfo_t *info)
{
	struct process *self = process_current(), *p;
	int pgid = pid ? -pid : self->pgid;
	int result = -ESRCH;

	process_tree_lock();
	for (int next = 2; (p = process_next(next)); next = p->pid + 1) {
		bool meant = pid == -1 ? p != self : p->pgid == pgid;

		if (meant && !p->reaped) {
			int err = kill_one(p, sig, info);

			if (!err || result == -ESRCH)
				result = err;
		}
		process_put(p);
	}
	process_tree_unlock();
	return result;
}

int signal_send_group(int pgid, int sig, struct siginfo *info)
{
	siginfo_t own;

	if (!info)
		fill_user_info(&own, sig, SI_USER);
	return kill_many(-pgid, sig, info ? info : &own);
}

int signal_send_checked(struct process *p, struct thread *t, int sig, struct siginfo *info)
{
	siginfo_t own;
	int err;

	if (!info)
		fill_user_info(&own, sig, t ? SI_TKILL : SI_USER);
	info = info ? info : &own;
	if (!t)
		return kill_one(p, sig, info);
	err = check_permission(p, sig);
	if (!err && sig)
		err = signal_send_thread(t, sig, info);
	return err;
}

// To the process |pid|; the number of any thread stands for its process.
static int send_to_process(int pid, int sig, const siginfo_t *info)
{
	struct process *p = process_find(pid);
	struct thread *t = p ? NULL : pid_find_thread(pid);
	int err;

	if (t) {
		p = t->process ? process_get(t->process) : NULL;
		thread_put(t);
	}
	if (!p)
		return -ESRCH;
	err = kill_one(p, sig, info);
	process_put(p);
	return err;
}

int signal_kill(int pid, int sig)
{
	siginfo_t info;

	fill_user_info(&info, sig, SI_USER);
	if (pid <= 0) {
		if (pid == (-__INT_MAX__ - 1))
			return -ESRCH;
		return kill_many(pid, sig, &info);
	}
	return send_to_process(pid, sig, &info);
}

static int send_to_thread(int tgid, int tid, int sig, const siginfo_t *info)
{
	struct thread *t = pid_find_thread(tid);
	int err = -ESRCH;

	if (!t)
		return err;
	if (t->process && (!tgid || t->process->pid == tgid)) {
		err = check_permission(t->process, sig);
		if (!err && sig)
			err = signal_send_thread(t, sig, info);
	}
	thread_put(t);
	return err;
}

__stack_guarded int signal_tgkill(int tgid, int tid, int sig)
{
	siginfo_t info;

	if (tid <= 0 || tgid < 0)
		return -EINVAL;
	fill_user_info(&info, sig, SI_TKILL);
	return send_to_thread(tgid, tid, sig, &info);
}

int signal_queueinfo(int tgid, int tid, int sig, struct siginfo *info)
{
	// Only the kernel and kill may claim to be themselves towards others.
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) &&
	    (tid ? tid : tgid) != thread_current()->tid)
		return -EPERM;
	info->si_signo = sig;
	return tid ? send_to_thread(tgid, tid, sig, info) : send_to_process(tgid, sig, info);
}

struct restart_block *restart_block_current(void)
{
	return &uthread_current()->restart;
}

int64_t signal_restart_syscall(void)
{
	struct restart_block *rb = restart_block_current();
	int64_t (*fn)(struct restart_block * rb) = rb->fn;

	rb->fn = NULL;
	return fn ? fn(rb) : -EINTR;
}
