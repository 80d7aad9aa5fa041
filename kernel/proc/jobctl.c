// Job control: which session a terminal belongs to, which group is in its foreground, and what
// happens to the others. Follows Linux's drivers/tty/tty_jobctrl.c (6.18). Lock: jobs.lock (a
// mutex, RANK_PIPE) guards the session of every terminal; both it and the group are read without.

#include "kernel/proc/jobctl.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/signal.h>

#include "fs/tty.h"
#include "kernel/proc/signal_internal.h"
#include "kernel/sched/cred.h"
#include "lib/restart.h"
#include "mm/virt/uaccess.h"

#define CAP_SYS_ADMIN_BIT 21

static struct {
	struct mutex lock;
} jobs;

static bool is_own_terminal(const struct tty *t)
{
	const struct process *p = process_current();

	return READ_ONCE(t->session) && READ_ONCE(t->session) == p->sid && !p->left_terminal;
}

// Any context: the table is walked by number, and children have larger ones than their parents.
void jobctl_signal_group(int pgrp, int sig)
{
	struct process *p = NULL;

	while ((p = process_next_in_group(pgrp, p)))
		(void)!signal_send_process(p, sig, NULL);
}

static bool blocked_or_ignored(int sig)
{
	struct process *p = process_current();
	uint64_t irq = sighand_lock(p);
	bool yes = uthread_current()->blocked & SIGSET_OF(sig) ||
		   p->sighand->actions[sig - 1].handler == (uint64_t)SIG_IGN;

	sighand_unlock(p, irq);
	return yes;
}

static bool is_orphaned(void)
{
	struct process *p = process_current();
	bool yes;

	process_tree_lock();
	yes = process_group_orphaned(p->pgid, p->sid, NULL);
	process_tree_unlock();
	return yes;
}

static int check(struct tty *t, int sig)
{
	int pgrp = READ_ONCE(t->pgrp), own = process_current()->pgid;

	if (!is_own_terminal(t) || !pgrp || pgrp == own)
		return 0;
	if (blocked_or_ignored(sig))
		return sig == SIGTTIN ? -EIO : 0;
	if (is_orphaned())
		return -EIO;
	jobctl_signal_group(own, sig);
	return -ERESTARTSYS;
}

static int caller_session(void)
{
	const struct process *p = process_current();

	return p->left_terminal ? 0 : p->sid;
}

static bool has_terminal(int session)
{
	struct tty *t = pty_find_session(session);

	if (t)
		pty_slave_closed(t);
	return t;
}

static void take_terminal(struct tty *t)
{
	struct process *p = process_current();

	p->left_terminal = false;
	WRITE_ONCE(t->session, p->sid);
	WRITE_ONCE(t->pgrp, p->pgid);
}

static void opened(struct tty *t)
{
	struct process *p = process_current();

	if (p->sid != p->pid)
		return;
	mutex_lock(&jobs.lock);
	if (!t->session && !has_terminal(p->sid))
		take_terminal(t);
	mutex_unlock(&jobs.lock);
}

static int64_t set_controlling(struct tty *t, uint64_t steal)
{
	struct process *p = process_current();
	int64_t err = 0;

	mutex_lock(&jobs.lock);
	if (p->sid == p->pid && t->session == p->sid)
		goto out;
	err = -EPERM;
	if (p->sid != p->pid || has_terminal(p->sid))
		goto out;
	if (t->session && !(steal == 1 && cred_has_cap(cred_current(), CAP_SYS_ADMIN_BIT)))
		goto out;
	take_terminal(t);
	err = 0;
out:
	mutex_unlock(&jobs.lock);
	return err;
}

// Takes the terminal from its session; its foreground group then.
static int give_up(struct tty *t)
{
	int pgrp;

	mutex_lock(&jobs.lock);
	pgrp = t->pgrp;
	WRITE_ONCE(t->session, 0);
	WRITE_ONCE(t->pgrp, 0);
	mutex_unlock(&jobs.lock);
	return pgrp;
}

static int64_t leave_terminal(struct tty *t)
{
	struct process *p = process_current();
	int pgrp;

	if (!is_own_terminal(t))
		return -ENOTTY;
	if (p->sid != p->pid) {
		p->left_terminal = true;
		return 0;
	}
	pgrp = give_up(t);
	if (pgrp) {
		jobctl_signal_group(pgrp, SIGHUP);
		jobctl_signal_group(pgrp, SIGCONT);
	}
	return 0;
}

static int64_t get_foreground(struct tty *t, uint64_t arg, bool master)
{
	int pgrp = READ_ONCE(t->pgrp);

	if (!master && !is_own_terminal(t))
		return -ENOTTY;
	return copy_to_user(UPTR(arg), &pgrp, sizeof(pgrp));
}

static int64_t get_session(struct tty *t, uint64_t arg, bool master)
{
	int session = READ_ONCE(t->session);

	if (!session || (!master && !is_own_terminal(t)))
		return -ENOTTY;
	return copy_to_user(UPTR(arg), &session, sizeof(session));
}

// 0 if group |pgrp| exists in the session |sid|; -ESRCH, -EPERM.
static int check_group(int pgrp, int sid)
{
	struct process *p;
	int err = -ESRCH;

	process_tree_lock();
	p = process_next_in_group(pgrp, NULL);
	if (p) {
		err = p->sid == sid ? 0 : -EPERM; // all of a group are in one session
		process_put(p);
	}
	process_tree_unlock();
	return err;
}

static int64_t set_foreground(struct tty *t, uint64_t arg)
{
	int pgrp, err = check(t, SIGTTOU);

	if (err)
		return err == -EIO ? -ENOTTY : err;
	if (!is_own_terminal(t))
		return -ENOTTY;
	if (copy_from_user(&pgrp, UPTR(arg), sizeof(pgrp)))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	err = check_group(pgrp, process_current()->sid);
	if (!err)
		WRITE_ONCE(t->pgrp, pgrp);
	return err;
}

static int64_t job_ioctl(struct tty *t, unsigned cmd, uint64_t arg, bool master)
{
	switch (cmd) {
	case TIOCSCTTY:
		return set_controlling(t, arg);
	case TIOCNOTTY:
		return leave_terminal(t);
	case TIOCGPGRP:
		return get_foreground(t, arg, master);
	case TIOCSPGRP:
		return set_foreground(t, arg);
	case TIOCGSID:
		return get_session(t, arg, master);
	}
	return -ENOTTY;
}

// The master of a pseudo terminal was closed: its session's leader hears of it.
static void hung_up(struct tty *t)
{
	struct process *leader = process_find(READ_ONCE(t->session));

	(void)give_up(t);
	if (!leader)
		return;
	(void)!signal_send_process(leader, SIGHUP, NULL);
	(void)!signal_send_process(leader, SIGCONT, NULL);
	process_put(leader);
}

void jobctl_session_ended(struct process *p)
{
	struct tty *t = p->sid == p->pid ? pty_find_session(p->sid) : NULL;
	int pgrp;

	if (!t)
		return;
	pgrp = give_up(t);
	if (pgrp) {
		jobctl_signal_group(pgrp, SIGHUP);
		jobctl_signal_group(pgrp, SIGCONT);
	}
	tty_hang_up(t);
	pty_slave_closed(t);
}

static const struct tty_jobs hooks = {
	.check = check,
	.signal_group = jobctl_signal_group,
	.caller_session = caller_session,
	.opened = opened,
	.ioctl = job_ioctl,
	.hung_up = hung_up,
};

void jobctl_init(void)
{
	mutex_init(&jobs.lock, RANK_PIPE);
	tty_set_jobs(&hooks);
}
