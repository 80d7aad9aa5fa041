// clone(2) and clone3(2): threads of the calling process, and new processes (fork.c makes what is
// theirs). The checks are Linux's copy_process() (6.18).

#include "kernel/proc/clone.h"

#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/sched.h>

#include "fs/fdtable.h"
#include "kernel/base/cpu.h"
#include "kernel/base/fpu.h"
#include "kernel/proc/pidfd.h"
#include "kernel/proc/process_internal.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/proc/sysvsem.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/sched.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/aspace.h"
#include "mm/virt/uaccess.h"

#define CLONE_NAMESPACES                                                                           \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)
#define NAMESPACE_ERROR (-EINVAL) // as a kernel that was built without namespaces

static int check_flags(const struct clone_request *r)
{
	uint64_t f = r->flags;

	if ((f & (CLONE_NEWNS | CLONE_FS)) == (CLONE_NEWNS | CLONE_FS))
		return -EINVAL;
	if (f & CLONE_THREAD && !(f & CLONE_SIGHAND))
		return -EINVAL;
	if (f & CLONE_SIGHAND && !(f & CLONE_VM))
		return -EINVAL;
	if (f & CLONE_THREAD && f & (CLONE_NEWUSER | CLONE_NEWPID))
		return -EINVAL;
	if (f & CLONE_PIDFD && f & CLONE_DETACHED)
		return -EINVAL;
	if (f & CLONE_SIGHAND && f & CLONE_CLEAR_SIGHAND)
		return -EINVAL;
	if (f & CLONE_NAMESPACES)
		return NAMESPACE_ERROR;
	// The program has no parent that could wait for its siblings.
	if (f & CLONE_PARENT && !(f & CLONE_THREAD) && process_current() == process_program())
		return -EINVAL;
	if (f & CLONE_PIDFD && f & CLONE_PARENT_SETTID && r->pidfd.va == r->parent_tid.va)
		return -EINVAL;
	return 0;
}

static void copy_cpu_state(struct thread *child, const struct clone_request *r)
{
	struct thread *self = thread_current();
	uint64_t irq = cpu_irq_save();

	fpu_save(self->fpu);
	memcpy(child->fpu, self->fpu, fpu_area_bytes());
	thread_save_segment_bases(self);
	cpu_irq_restore(irq);
	child->fs_base = r->flags & CLONE_SETTLS ? r->tls : self->fs_base;
	child->gs_base = self->gs_base;
	child->regs->rax = 0;
	child->regs->orig_rax = (uint64_t)-1;
	if (r->stack)
		child->regs->rsp = r->stack;
}

static int copy_fs(struct thread *child, uint64_t flags)
{
	struct fs_context *c = thread_current()->fsctx;

	unsigned share = (flags & CLONE_FS ? FS_SHARE_VIEW : 0) |
			 (flags & CLONE_FILES ? FS_SHARE_FDS : 0) |
			 (flags & CLONE_THREAD ? FS_SHARE_LIMITS : 0);

	if (share == (FS_SHARE_VIEW | FS_SHARE_FDS | FS_SHARE_LIMITS))
		child->fsctx = fs_context_get(c);
	else
		child->fsctx = fs_context_clone(c, share);
	return child->fsctx ? 0 : -ENOMEM;
}

static void copy_uthread(struct uthread *child, const struct clone_request *r)
{
	struct uthread *self = uthread_current();

	child->blocked = self->blocked;
	child->exit_signal = r->exit_signal;
	child->no_new_privs = self->no_new_privs;
	child->timer_slack_ns = self->timer_slack_ns;
	if (!(r->flags & CLONE_VM)) { // threads register their own
		child->rseq = self->rseq;
		child->rseq_bytes = self->rseq_bytes;
		child->rseq_sig = self->rseq_sig;
	}
	if (!(r->flags & CLONE_VM) || r->flags & CLONE_VFORK)
		child->altstack = self->altstack;
	if (r->flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = r->child_tid;
	child->thread->notify_on_switch = child->rseq.va ? NOTIFY_RSEQ : 0;
}

// The first code of a new thread, in its own address space.
static void child_start(void *arg)
{
	struct thread *t = thread_current();
	struct uptr *word = arg;

	if (word) { // CLONE_CHILD_SETTID; a bad address is ignored, as on Linux
		int tid = t->tid;

		(void)!copy_to_user(*word, &tid, sizeof(tid));
		kfree(word);
	}
}

static struct uptr *settid_word(const struct clone_request *r)
{
	struct uptr *word = kmalloc(sizeof(*word));

	if (word)
		*word = r->child_tid;
	return word;
}

// A thread that nobody knows yet, of no process, with all that it inherits but its address space.
static int make_thread(const struct clone_request *r, const struct pt_regs *regs,
		       struct thread **out)
{
	struct thread *self = thread_current(), *child;
	struct uptr *settid = NULL;
	int err = -ENOMEM;

	if (r->flags & CLONE_CHILD_SETTID) {
		settid = settid_word(r);
		if (!settid)
			return -ENOMEM;
	}
	child = thread_create_user(regs, child_start, settid);
	if (!child)
		goto err_settid;
	child->cred = cred_get(self->cred);
	child->aspace = self->aspace;
	child->pgtable = self->pgtable;
	memcpy(child->comm, self->comm, sizeof(child->comm));
	child->mempolicy = self->mempolicy;
	copy_cpu_state(child, r);
	err = copy_fs(child, r->flags);
	if (err)
		goto err_child;
	*out = child;
	return 0;
err_child:
	thread_put(child);
err_settid:
	kfree(settid);
	return err;
}

static void unmake_thread(struct thread *child)
{
	fs_context_put(child->fsctx);
	kfree(child->start_arg);
	thread_put(child);
}

// CLONE_PIDFD: the caller's descriptor for the child, |*fd|; -1: not asked for. 0 or -errno.
static int give_pidfd(const struct clone_request *r, struct process *p, struct thread *t, int *fd)
{
	struct fs_context *c = fs_context_current();
	struct file *f;
	int err;

	*fd = -1;
	if (!(r->flags & CLONE_PIDFD))
		return 0;
	err = pidfd_create(p, t, 0, &f);
	if (err)
		return err;
	err = fd_install(c->fds, f, 0, c->limits->nofile, true);
	if (err < 0) {
		file_put(f);
		return err;
	}
	*fd = err;
	return put_user(*fd, r->pidfd);
}

static void take_back_pidfd(int fd)
{
	if (fd >= 0)
		(void)!fd_close(fs_context_current()->fds, fd);
}

static int add_thread(const struct clone_request *r, struct thread *child)
{
	struct process *p = process_current();
	int pidfd, err = give_pidfd(r, p, child, &pidfd);

	if (!err)
		err = process_add_thread(p, child);
	if (err)
		take_back_pidfd(pidfd);
	else
		copy_uthread(child->uthread, r);
	return err;
}

// The child's process enters the tree: from here on signals to its group reach it too.
static int join_tree(const struct clone_request *r, struct process *p)
{
	struct process *self = process_current();
	int err = -ERESTARTNOINTR;

	process_tree_lock();
	if (r->flags & CLONE_PARENT)
		p->parent = self->parent;
	p->creator_tid = r->flags & CLONE_PARENT ? self->creator_tid : thread_current()->tid;
	if (!signal_is_pending())
		err = process_tree_add(p, self->pgid, self->sid);
	process_tree_unlock();
	return err;
}

// |p| gets the caller's reference to the new process.
static int add_process(const struct clone_request *r, struct thread *child, struct process **out)
{
	struct process *p;
	uint64_t irq;
	int pidfd, err = process_fork(r, child, &p);

	if (err)
		return err;
	err = give_pidfd(r, p, NULL, &pidfd);
	if (!err)
		err = process_add_thread(p, child);
	if (err)
		goto err_fork;
	copy_uthread(child->uthread, r);
	err = join_tree(r, p);
	if (!err) {
		*out = process_get(p);
		return 0;
	}
	irq = sighand_lock(p);
	list_remove(&child->uthread->node);
	p->nthreads--;
	sighand_unlock(p, irq);
	process_get(p); // the table's goes
	process_forget(p);
err_fork:
	take_back_pidfd(pidfd);
	process_fork_undo(p);
	return err;
}

static bool wake_vfork_parent(struct waitq_entry *e, uint64_t key)
{
	sched_wake(e->thread, 1u << THREAD_KILLABLE);
	return true;
}

// vfork: until the child has an address space of its own or has ended. Only death ends the wait
// before (the child then goes on with memory that nobody else uses any more).
static void wait_for_vfork(struct process *p)
{
	struct waitq_entry e = { .thread = thread_current(), .func = wake_vfork_parent };

	waitq_add(&p->vfork_done, &e);
	for (;;) {
		sched_set_state(THREAD_KILLABLE);
		if (!READ_ONCE(p->holds_parent) || sched_killed())
			break;
		schedule();
	}
	sched_set_state(THREAD_RUNNING);
	waitq_remove(&p->vfork_done, &e);
}

int64_t clone_task(const struct clone_request *req, const struct pt_regs *regs)
{
	struct sem_undo_list *undos = NULL;
	struct process *p = NULL;
	struct thread *child;
	struct tracee *trace;
	unsigned event;
	int tid, err = check_flags(req);

	if (err)
		return err;
	if (req->set_tid_count) // needs a pid namespace's privileges
		return -EPERM;
	// A signal that came before must not be lost between the threads: restart after it.
	if (signal_is_pending())
		return -ERESTARTNOINTR;
	err = rlimit_check_clone();
	if (err)
		return err;
	err = ptrace_clone_begin(req, &trace, &event);
	if (err)
		return err;
	if (req->flags & CLONE_SYSVSEM) {
		undos = sysvsem_share_undo();
		err = undos ? 0 : -ENOMEM;
		if (err)
			goto err_trace;
	}
	err = make_thread(req, regs, &child);
	if (err)
		goto err_undos;
	err = req->flags & CLONE_THREAD ? add_thread(req, child) : add_process(req, child, &p);
	if (err)
		goto err_thread;
	child->uthread->sem_undos = undos;
	ptrace_clone_finish(trace, child);
	tid = child->tid;
	if (req->flags & CLONE_PARENT_SETTID)
		(void)!copy_to_user(req->parent_tid, &tid, sizeof(tid));
	if (p && unlikely(p->limits.v[RLIMIT_CPU].cur != UINT64_MAX))
		process_cpu_limit_changed(p);
	sched_start(child);
	if (unlikely(event))
		ptrace_event(event, (uint64_t)tid);
	if (p && req->flags & CLONE_VFORK) {
		wait_for_vfork(p);
		if (unlikely(uthread_current()->trace) && !sched_killed())
			ptrace_event(PTRACE_EVENT_VFORK_DONE, (uint64_t)tid);
	}
	if (p)
		process_put(p);
	return tid;
err_thread:
	unmake_thread(child);
err_undos:
	sysvsem_unshare_undo(undos);
err_trace:
	kfree(trace);
	return err;
}
