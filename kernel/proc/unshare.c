// unshare(2), and what a thread has of its own among files. Owns no state. Follows Linux's
// ksys_unshare() (kernel/fork.c, 6.18).

#include <asm/errno.h>
#include <linux/sched.h>

#include "fs/fdtable.h"
#include "kernel/proc/process_internal.h"
#include "kernel/proc/sysvsem.h"
#include "mm/virt/aspace.h"

void process_set_fs(struct fs_context *c)
{
	struct thread *t = thread_current();
	struct fs_context *old = t->fsctx;
	uint64_t irq = sighand_lock(t->process);

	t->fsctx = c;
	sighand_unlock(t->process, irq);
	fs_context_put(old);
}

struct fs_context *process_get_fs(struct process *p)
{
	struct fs_context *c = NULL;
	uint64_t irq = sighand_lock(p);
	struct uthread *u;

	list_for_each (u, &p->threads, node) {
		c = u->thread->fsctx;
		if (c) {
			fs_context_get(c);
			break;
		}
	}
	sighand_unlock(p, irq);
	return c;
}

int process_unshare_fs(unsigned parts)
{
	const unsigned all = FS_SHARE_VIEW | FS_SHARE_FDS | FS_SHARE_LIMITS;
	struct fs_context *own, *old = thread_current()->fsctx;

	if (!fs_context_is_shared(old, parts))
		return 0;
	own = fs_context_clone(old, all & ~parts);
	if (!own)
		return -ENOMEM;
	process_set_fs(own);
	return 0;
}

// What the threads of a process share can be unshared only by one that is alone.
static int check_threads(uint64_t flags)
{
	struct process *p = process_current();

	if (flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM) && READ_ONCE(p->nthreads) > 1)
		return -EINVAL;
	if (flags & (CLONE_SIGHAND | CLONE_VM) && READ_ONCE(p->sighand->refs) > 1)
		return -EINVAL;
	if (flags & CLONE_VM && READ_ONCE(p->aspace->refs) > 1)
		return -EINVAL;
	return 0;
}

int process_unshare(uint64_t flags)
{
	const uint64_t known =
		CLONE_THREAD | CLONE_FS | CLONE_SIGHAND | CLONE_VM | CLONE_FILES | CLONE_SYSVSEM;
	unsigned parts = 0;
	int err;

	// Namespaces, too, are refused, as by a kernel that was built without them.
	if (flags & ~known)
		return -EINVAL;
	err = check_threads(flags);
	if (err)
		return err;
	if (flags & CLONE_SYSVSEM)
		sysvsem_leave();
	if (flags & CLONE_FS)
		parts |= FS_SHARE_VIEW;
	if (flags & CLONE_FILES)
		parts |= FS_SHARE_FDS;
	return parts ? process_unshare_fs(parts) : 0;
}
