// The tree of processes: parents and children, groups, sessions, orphans. Lock: tree.lock (a mutex,
// RANK_PROCESS_TREE); signals are sent under it, so that a new process cannot slip past one that is
// meant for its group. Follows Linux's kernel/exit.c and kernel/sys.c (6.18).

#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/signal.h>

#include "kernel/proc/process_internal.h"
#include "kernel/sched/mutex.h"
#include "kernel/sched/pid.h"

static struct {
	struct mutex lock;
} tree;

void process_tree_init(void)
{
	mutex_init(&tree.lock, RANK_PROCESS_TREE);
}

void process_tree_lock(void)
{
	mutex_lock(&tree.lock);
}

void process_tree_unlock(void)
{
	mutex_unlock(&tree.lock);
}

static void set_parent(struct process *p, struct process *parent)
{
	p->parent = parent;
	WRITE_ONCE(p->parent_pid, parent->pid);
	list_push_back(&parent->children, &p->sibling);
}

int process_tree_add(struct process *p, int pgid, int sid)
{
	int err = pid_hold(pgid);

	if (err)
		return err;
	err = pid_hold(sid);
	if (err) {
		pid_drop(pgid);
		return err;
	}
	p->pgid = pgid;
	p->sid = sid;
	set_parent(p, p->parent);
	return 0;
}

void process_tree_remove(struct process *p)
{
	list_remove(&p->sibling);
	WRITE_ONCE(p->reaped, true);
	waitq_wake(&p->pidfd_wait, ~0u, EPOLLIN | EPOLLHUP);
	pid_drop(p->pgid);
	pid_drop(p->sid);
}

// Who gets the children of |p|: the nearest ancestor that asked for them and still lives, or pid 1.
static struct process *find_reaper(const struct process *p)
{
	struct process *a;

	for (a = p->parent; a != process_pid1(); a = a->parent)
		if (a->child_subreaper && !a->exiting && !a->zombie)
			break;
	return a;
}

static __stack_guarded void send_pdeath_signal(struct process *child)
{
	struct uthread *u;
	uint64_t irq = sighand_lock(child);
	int sig = 0;

	list_for_each (u, &child->threads, node)
		if (u->pdeath_signal)
			sig = u->pdeath_signal;
	sighand_unlock(child, irq);
	if (sig)
		(void)signal_send_user(child, sig);
}

bool process_group_orphaned(int pgid, int sid, const struct process *but)
{
	struct process *p = NULL;

	while ((p = process_next_in_group(pgid, p))) {
		if (p != but && !p->zombie && p->parent != process_pid1() &&
		    p->parent->pgid != pgid && p->parent->sid == sid)
			break;
	}
	if (p)
		process_put(p);
	return !p;
}

static bool group_has_stopped(int pgid)
{
	struct process *p = NULL;

	while ((p = process_next_in_group(pgid, p)))
		if (READ_ONCE(p->stopped))
			break;
	if (p)
		process_put(p);
	return p;
}

// |p|, whose parent is |parent|, ties its group to the session no more (it, or its parent, ends):
// if nothing else does, stopped members would wait for ever.
static void hang_up_orphans(struct process *p, const struct process *parent, bool p_ends)
{
	struct process *m = NULL;

	if (parent == process_pid1() || parent->pgid == p->pgid || parent->sid != p->sid ||
	    !process_group_orphaned(p->pgid, p->sid, p_ends ? p : NULL) ||
	    !group_has_stopped(p->pgid))
		return;
	while ((m = process_next_in_group(p->pgid, m))) {
		(void)signal_send_process(m, SIGHUP, NULL);
		(void)signal_send_process(m, SIGCONT, NULL);
	}
}

void process_tree_leave(struct process *p, struct list_node *dead)
{
	struct process *c, *next, *reaper = find_reaper(p);

	list_for_each_safe (c, next, &p->children, sibling) {
		list_remove(&c->sibling);
		send_pdeath_signal(c);
		set_parent(c, reaper);
		c->creator_tid = reaper->pid;
		c->exit_signal = SIGCHLD;
		if (c->zombie && process_notify_exit(c)) {
			process_tree_remove(c);
			list_push_back(dead, &c->sibling);
		} else {
			hang_up_orphans(c, p, false);
		}
	}
	hang_up_orphans(p, p->parent, true);
}

void process_tree_thread_left(struct process *p, int tid)
{
	struct process *c;

	process_tree_lock();
	list_for_each (c, &p->children, sibling) {
		if (c->creator_tid != tid)
			continue;
		send_pdeath_signal(c);
		c->creator_tid = p->pid;
	}
	process_tree_unlock();
}

// The process |pid| (0: the caller's own) with a reference, or NULL.
static struct process *find_or_self(int pid)
{
	return pid ? process_find(pid) : process_get(process_current());
}

int process_getpgid(int pid)
{
	struct process *p = find_or_self(pid);
	int pgid;

	if (!p)
		return -ESRCH;
	process_tree_lock();
	pgid = p->pgid;
	process_tree_unlock();
	process_put(p);
	return pgid;
}

int process_getsid(int pid)
{
	struct process *p = find_or_self(pid);
	int sid;

	if (!p)
		return -ESRCH;
	process_tree_lock();
	sid = p->sid;
	process_tree_unlock();
	process_put(p);
	return sid;
}

// True if a process of session |sid| is in group |pgid|.
static bool group_exists(int pgid, int sid)
{
	struct process *p = NULL;

	while ((p = process_next_in_group(pgid, p)))
		if (p->sid == sid)
			break;
	if (p)
		process_put(p);
	return p;
}

// Linux's order of checks (kernel/sys.c).
static int setpgid_locked(struct process *p, int pgid)
{
	struct process *self = process_current();
	int err;

	if (p != self) {
		if (p->parent != self || p->reaped)
			return -ESRCH;
		if (p->sid != self->sid)
			return -EPERM;
		if (p->did_exec)
			return -EACCES;
	}
	if (p->sid == p->pid)
		return -EPERM;
	if (pgid != p->pid && !group_exists(pgid, self->sid))
		return -EPERM;
	err = pid_hold(pgid);
	if (err)
		return err;
	pid_drop(p->pgid);
	p->pgid = pgid;
	return 0;
}

int process_setpgid(int pid, int pgid)
{
	struct process *p;
	int err;

	if (pgid < 0)
		return -EINVAL;
	p = find_or_self(pid);
	if (!p)
		return -ESRCH;
	process_tree_lock();
	err = setpgid_locked(p, pgid ? pgid : p->pid);
	process_tree_unlock();
	process_put(p);
	return err;
}

// The caller's number becomes its group and session.
static int new_session(struct process *p)
{
	int err = pid_hold(p->pid);

	if (!err)
		err = pid_hold(p->pid);
	if (err)
		return err; // the first hold fails or none does
	pid_drop(p->pgid);
	pid_drop(p->sid);
	p->sid = p->pgid = p->pid;
	return p->pid;
}

int process_setsid(void)
{
	struct process *p = process_current();
	int err = -EPERM;

	process_tree_lock();
	if (p->sid != p->pid && !group_exists(p->pid, p->sid))
		err = new_session(p);
	process_tree_unlock();
	return err;
}
