// Processes as records: making them, their threads, the table by number. Lock: table.lock
// (RANK_PID, interrupts off) guards the table. The tree is tree.c's.

#include <asm/errno.h>
#include <linux/signal.h>

#include "fs/fdtable.h"
#include "kernel/base/clock.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/prio.h"
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
	struct spinlock lock;
	struct radix by_pid; // of struct process
	struct process pid1;
	struct process *program;
	struct thread *pid1_thread; // made when somebody asks for it
} table = {
	.lock = SPINLOCK_INIT(RANK_PID, "process table"),
	.by_pid = { .mem = &table_mem },
};

// Signal actions that exec replaced while another process shared them (CLONE_SIGHAND without
// CLONE_THREAD): who looked up the old lock just before may still take it.
struct retired_sighand {
	struct sighand *sighand;
	struct retired_sighand *next;
};

struct process *process_pid1(void)
{
	return &table.pid1;
}

struct thread *process_find_thread(int pid)
{
	struct thread *t = __atomic_load_n(&table.pid1_thread, __ATOMIC_ACQUIRE), *none = NULL;

	if (pid != 1)
		return pid_find_thread(pid);
	if (!t) {
		t = thread_create_kernel("init", NULL, NULL);
		if (t && !__atomic_compare_exchange_n(&table.pid1_thread, &none, t, false,
						      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			thread_put(t);
			t = none;
		}
	}
	if (t)
		thread_get(t);
	return t;
}

struct process *process_program(void)
{
	return table.program;
}

void process_set_program(struct process *p)
{
	table.program = p;
}

static void process_setup(struct process *p, struct process *parent)
{
	struct pmm_stats ram;

	pmm_get_stats(&ram);
	rlimits_init(&p->limits, ram.total_pages * PAGE_SIZE);
	p->refs = 1;
	p->parent = parent;
	p->parent_pid = parent == p ? 0 : parent->pid;
	p->exit_signal = SIGCHLD;
	p->dumpable = 1;
	p->start_ns = clock_mono_ns();
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->threads);
	list_init(&p->tracees);
	sigpending_init(&p->shared_pending);
	waitq_init(&p->thread_exit);
	waitq_init(&p->child_event);
	waitq_init(&p->vfork_done);
	waitq_init(&p->pidfd_wait);
}

static int table_set(struct process *p)
{
	uint64_t irq = spin_lock_irqsave(&table.lock);
	int err = radix_set(&table.by_pid, (uint64_t)p->pid, (uint64_t)p);

	spin_unlock_irqrestore(&table.lock, irq);
	return err;
}

// pid 1 has no thread: it adopts orphans and forgets them.
static struct sighand pid1_sighand;

static void thread_released(struct thread *t)
{
	if (t->uthread) {
		sigpending_flush(&t->uthread->pending);
		kfree(t->uthread->trace);
	}
	kfree(t->uthread);
	if (t->process)
		process_put(t->process);
}

void process_init(void)
{
	process_tree_init();
	process_setup(&table.pid1, &table.pid1);
	table.pid1.pid = 1;
	pid1_sighand.refs = 1;
	spin_init(&pid1_sighand.lock, RANK_SIGHAND, "sighand");
	table.pid1.sighand = &pid1_sighand;
	thread_set_release(thread_released);
	(void)!table_set(&table.pid1); // without memory for it nothing else will start either
}

struct process *process_create(struct process *parent)
{
	struct process *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	process_setup(p, parent);
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
	list_init(&u->pi_held);
	u->pi_lent = PRIO_NONE;
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
	}
	irq = sighand_lock(p);
	err = p->exiting || p->exec_thread ? -EAGAIN : 0;
	if (!err) {
		t->process = process_get(p);
		t->tgid = p->pid;
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
	struct retired_sighand *r;

	if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
		return;
	sigpending_flush(&p->shared_pending);
	while ((r = p->retired)) {
		p->retired = r->next;
		sighand_put(r->sighand);
		kfree(r);
	}
	if (p->sighand)
		sighand_put(p->sighand);
	if (p->last_cred)
		cred_put(p->last_cred);
	kfree(p);
}

int process_own_sighand(struct process *p)
{
	struct sighand *old = p->sighand, *own;
	struct retired_sighand *r;
	uint64_t irq;

	if (__atomic_load_n(&old->refs, __ATOMIC_ACQUIRE) == 1)
		return 0;
	r = kmalloc(sizeof(*r));
	own = r ? sighand_clone(old) : NULL;
	if (!own) {
		kfree(r);
		return -ENOMEM;
	}
	*r = (struct retired_sighand){ .sighand = old, .next = p->retired };
	irq = sighand_lock(p);
	p->retired = r;
	WRITE_ONCE(p->sighand, own);
	spin_unlock_irqrestore(&old->lock, irq);
	return 0;
}

void process_forget(struct process *p)
{
	uint64_t irq = spin_lock_irqsave(&table.lock);

	radix_clear(&table.by_pid, (uint64_t)p->pid);
	spin_unlock_irqrestore(&table.lock, irq);
	pid_free(p->pid);
	process_put(p);
}

struct process *process_find(int pid)
{
	uint64_t irq;
	struct process *p = NULL;

	if (pid <= 0)
		return NULL;
	irq = spin_lock_irqsave(&table.lock);
	p = (struct process *)radix_get(&table.by_pid, (uint64_t)pid);
	if (p)
		process_get(p);
	spin_unlock_irqrestore(&table.lock, irq);
	return p;
}

struct thread *process_next_thread(struct process *p, const struct thread *t)
{
	uint64_t irq = sighand_lock(p);
	struct list_node *n =
		t && !list_empty(&t->uthread->node) ? t->uthread->node.next : p->threads.next;
	struct thread *next = NULL;

	if (n != &p->threads) {
		next = list_entry(n, struct uthread, node)->thread;
		thread_get(next);
	}
	sighand_unlock(p, irq);
	return next;
}

struct process *process_next(int from)
{
	uint64_t irq = spin_lock_irqsave(&table.lock), pid;
	struct process *p = NULL;

	if (radix_next_used(&table.by_pid, (uint64_t)MAX(from, 0), PID_MAX, &pid))
		p = process_get((struct process *)radix_get(&table.by_pid, pid));
	spin_unlock_irqrestore(&table.lock, irq);
	return p;
}

struct process *process_next_in_group(int pgid, struct process *p)
{
	int next = 2; // pid 1 is in no group that anybody means

	do {
		if (p) {
			next = p->pid + 1;
			process_put(p);
		}
		p = process_next(next);
	} while (p && (READ_ONCE(p->pgid) != pgid || p->reaped));
	return p;
}
