// New processes: what a child gets of its parent (fork, vfork, clone without CLONE_THREAD). Follows
// Linux's copy_process() (kernel/fork.c, 6.18). Owns no state; the child is nobody else's yet.

#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/sched.h>

#include "fs/fdtable.h"
#include "kernel/proc/clone.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/cred.h"
#include "lib/string.h"
#include "mm/virt/aspace.h"
#include "mm/virt/mmap.h"

static int fork_aspace(struct process *p, uint64_t flags)
{
	struct aspace *as = process_current()->aspace;
	int err;

	if (flags & CLONE_VM) {
		aspace_get(as);
		p->aspace = as;
		return 0;
	}
	p->aspace = aspace_create();
	if (!p->aspace)
		return -ENOMEM;
	err = vm_fork(as, p->aspace);
	return err;
}

static int fork_sighand(struct process *p, uint64_t flags)
{
	struct sighand *s = process_current()->sighand;

	p->sighand = flags & CLONE_SIGHAND ? sighand_get(s) : sighand_clone(s);
	if (!p->sighand)
		return -ENOMEM;
	if (flags & CLONE_CLEAR_SIGHAND)
		signal_reset_handlers(p);
	return 0;
}

static void fork_attributes(struct process *p, const struct clone_request *req)
{
	struct process *self = process_current();
	uint64_t irq = sighand_lock(self);

	p->limits = self->limits;
	p->personality = self->personality;
	p->dumpable = self->dumpable;
	p->oom_score_adj = self->oom_score_adj;
	sighand_unlock(self, irq);
	p->exit_signal = req->exit_signal;
	p->uid = cred_current()->uid;
	p->holds_parent = req->flags & CLONE_VFORK;
	if (req->flags & CLONE_PARENT)
		p->exit_signal = self->exit_signal;
}

int process_fork(const struct clone_request *req, struct thread *child, struct process **out)
{
	struct process *p = process_create(process_current());
	int err = -ENOMEM;

	if (!p)
		return err;
	fork_attributes(p, req);
	err = fork_sighand(p, req->flags);
	if (!err)
		err = fork_aspace(p, req->flags);
	if (err) {
		process_fork_undo(p);
		return err;
	}
	child->aspace = p->aspace;
	child->pgtable = &p->aspace->pt;
	*out = p;
	return 0;
}

void process_fork_undo(struct process *p)
{
	if (p->aspace)
		aspace_put(p->aspace);
	p->aspace = NULL;
	process_put(p);
}

void process_vfork_release(struct process *p)
{
	if (!READ_ONCE(p->holds_parent))
		return;
	__atomic_store_n(&p->holds_parent, false, __ATOMIC_SEQ_CST);
	waitq_wake_all(&p->vfork_done);
}
