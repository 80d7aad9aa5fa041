// The table and the tree of processes. Locks: tree.lock (a mutex, RANK_PROCESS_TREE) guards
// parents, children, groups and sessions; table_lock (RANK_PID, interrupts off) guards the table by
// number.

#include <asm/errno.h>
#include <linux/signal.h>

#include "fs/fdtable.h"
#include "kernel/base/clock.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/mutex.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/sched.h"
#include "lib/radix.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/pmm.h"
#include "mm/virt/aspace.h"

#define TIMER_SLACK_NS 50000 // Linux's default

static void table_node_free(void *p, size_t bytes)
{
	kfree(p);
}

static const struct radix_alloc table_mem = { kzalloc, table_node_free };

static struct {
	struct mutex lock;
	struct spinlock table_lock;
	struct radix table; // pid -> struct process
	struct process pid1;
	struct process *program;
} tree = {
	.table_lock = SPINLOCK_INIT(RANK_PID, "process table"),
	.table = { .mem = &table_mem },
};

void process_tree_lock(void)
{
	mutex_lock(&tree.lock);
}

void process_tree_unlock(void)
{
	mutex_unlock(&tree.lock);
}

struct process *process_pid1(void)
{
	return &tree.pid1;
}

struct process *process_program(void)
{
	return tree.program;
}

void process_set_program(struct process *p)
{
	tree.program = p;
}

static void process_setup(struct process *p, struct process *parent)
{
	p->refs = 1;
	p->parent = parent;
	p->parent_pid = parent == p ? 0 : parent->pid;
	p->dumpable = 1;
	p->start_ns = clock_mono_ns();
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->threads);
	sigpending_init(&p->shared_pending);
	waitq_init(&p->thread_exit);
	waitq_init(&p->child_event);
}

static int table_set(struct process *p)
{
	uint64_t irq = spin_lock_irqsave(&tree.table_lock);
	int err = radix_set(&tree.table, (uint64_t)p->pid, (uint64_t)p);

	spin_unlock_irqrestore(&tree.table_lock, irq);
	return err;
}

// pid 1 has no thread: it adopts orphans and forgets them.
static struct sighand pid1_sighand;

static void thread_released(struct thread *t)
{
	if (t->uthread)
		sigpending_flush(&t->uthread->pending);
	kfree(t->uthread);
	if (t->process)
		process_put(t->process);
}

void process_init(void)
{
	mutex_init(&tree.lock, RANK_PROCESS_TREE);
	process_setup(&tree.pid1, &tree.pid1);
	tree.pid1.pid = 1;
	pid1_sighand.refs = 1;
	spin_init(&pid1_sighand.lock, RANK_SIGHAND, "sighand");
	tree.pid1.sighand = &pid1_sighand;
	thread_set_release(thread_released);
	(void)!table_set(&tree.pid1); // without memory for it nothing else will start either
}

struct process *process_create(struct process *parent)
{
	struct process *p = kzalloc(sizeof(*p));
	struct pmm_stats ram;

	if (!p)
		return NULL;
	process_setup(p, parent);
	p->sighand = sighand_create();
	if (!p->sighand) {
		kfree(p);
		return NULL;
	}
	pmm_get_stats(&ram);
	rlimits_init(&p->limits, ram.total_pages * PAGE_SIZE);
	process_timers_init(p);
	return p;
}

static struct uthread *uthread_create(struct thread *t)
{
	struct uthread *u = kzalloc(sizeof(*u));

	if (!u)
		return NULL;
	u->thread = t;
	u->timer_slack_ns = TIMER_SLACK_NS;
	u->altstack.flags = SS_DISABLE;
	u->start_ns = clock_mono_ns();
	list_init(&u->node);
	sigpending_init(&u->pending);
	return u;
}

int process_add_thread(struct process *p, struct thread *t)
{
	uint64_t irq;
	int err;

	t->uthread = uthread_create(t);
	if (!t->uthread)
		return -ENOMEM;
	t->tid = pid_alloc(t);
	if (t->tid < 0)
		return t->tid;
	if (!p->pid) {
		p->pid = t->tid;
		err = table_set(p);
		if (err) {
			pid_free(t->tid);
			p->pid = 0;
			return err;
		}
		process_tree_lock();
		list_push_back(&p->parent->children, &p->sibling);
		process_tree_unlock();
	}
	irq = sighand_lock(p);
	err = p->exiting || p->exec_thread ? -EAGAIN : 0;
	if (!err) {
		t->process = process_get(p);
		list_push_back(&p->threads, &t->uthread->node);
		p->nthreads++;
	}
	sighand_unlock(p, irq);
	if (err)
		pid_free(t->tid);
	return err;
}

struct process *process_get(struct process *p)
{
	__atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
	return p;
}

void process_put(struct process *p)
{
	if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
		return;
	sigpending_flush(&p->shared_pending);
	sighand_put(p->sighand);
	kfree(p);
}

struct process *process_find(int pid)
{
	uint64_t irq;
	struct process *p = NULL;

	if (pid <= 0)
		return NULL;
	irq = spin_lock_irqsave(&tree.table_lock);
	p = (struct process *)radix_get(&tree.table, (uint64_t)pid);
	if (p)
		process_get(p);
	spin_unlock_irqrestore(&tree.table_lock, irq);
	return p;
}

struct process *process_next(int from)
{
	uint64_t irq = spin_lock_irqsave(&tree.table_lock), pid;
	struct process *p = NULL;

	if (radix_next_used(&tree.table, (uint64_t)MAX(from, 0), PID_MAX, &pid))
		p = process_get((struct process *)radix_get(&tree.table, pid));
	spin_unlock_irqrestore(&tree.table_lock, irq);
	return p;
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

// True if a process of session |sid| is in group |pgid|. The tree lock is held.
static bool group_exists(int pgid, int sid)
{
	struct process *p;
	bool found = false;

	for (int pid = 0; !found && (p = process_next(pid)); pid = p->pid + 1) {
		found = p->pgid == pgid && p->sid == sid;
		process_put(p);
	}
	return found;
}

// Linux's order of checks (kernel/sys.c).
static int setpgid_locked(struct process *p, int pgid)
{
	struct process *self = process_current();

	if (p != self) {
		if (p->parent != self)
			return -ESRCH;
		if (p->sid != self->sid)
			return -EPERM;
	}
	if (p->sid == p->pid)
		return -EPERM;
	if (pgid != p->pid && !group_exists(pgid, self->sid))
		return -EPERM;
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

int process_setsid(void)
{
	struct process *p = process_current();
	int err = -EPERM;

	process_tree_lock();
	if (p->pgid != p->pid && p->sid != p->pid) {
		p->sid = p->pgid = p->pid;
		err = p->pid;
	}
	process_tree_unlock();
	return err;
}
