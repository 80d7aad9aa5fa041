// May one process look at another, and the memory of another: ptrace(2)'s rules (Linux
// kernel/ptrace.c, 6.18), process_vm_readv(2) and process_vm_writev(2) (mm/process_vm_access.c),
// /proc/PID/mem (fs/proc/base.c). Owns no state.

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "fs/file.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/aspace.h"
#include "mm/virt/remote.h"
#include "mm/virt/uio.h"

#define CAP_SYS_PTRACE_BIT 19
#define DUMPABLE_USER      1

static bool same_ids(const struct cred *c, const struct cred *of, bool look)
{
	uint32_t uid = look ? c->fsuid : c->uid, gid = look ? c->fsgid : c->gid;

	return uid == of->uid && uid == of->euid && uid == of->suid && gid == of->gid &&
	       gid == of->egid && gid == of->sgid;
}

bool process_may_access(struct thread *t, bool look)
{
	const struct cred *c = cred_current();
	struct cred *of;
	bool ok;

	if (t->process == process_current() || cred_has_cap(c, CAP_SYS_PTRACE_BIT))
		return true;
	of = cred_of(t);
	ok = same_ids(c, of, look) && t->process->dumpable == DUMPABLE_USER &&
	     !(of->cap_permitted & ~(look ? c->cap_effective : c->cap_permitted));
	cred_put(of);
	return ok;
}

struct aspace *process_get_aspace(struct process *p)
{
	struct aspace *as;
	uint64_t irq = sighand_lock(p);

	as = p->aspace;
	if (as)
		aspace_get(as);
	sighand_unlock(p, irq);
	return as;
}

// ---- process_vm_readv, process_vm_writev

// One buffer of the other process: how much was moved, or -EFAULT;
// |remote_err|: if it is the other process's memory that cannot be reached.
static int64_t move_seg(struct aspace *as, struct uio *local, const struct uio_seg *seg, void *page,
			unsigned flags, int remote_err)
{
	uint64_t done = 0;

	while (done < seg->bytes && local->resid) {
		uint64_t va = seg->base + done;
		size_t n = MIN(MIN(seg->bytes - done, local->resid), PAGE_SIZE - va % PAGE_SIZE);
		size_t got;

		bool remote;

		if (flags & REMOTE_WRITE) {
			size_t in = uio_copy_in(local, page, n);

			got = aspace_access(as, va, page, in, flags);
			remote = got < in;
		} else {
			size_t in = aspace_access(as, va, page, n, flags);

			got = uio_copy_out(local, page, in);
			remote = !in;
		}
		done += got;
		if (got < n)
			return done ? (int64_t)done : remote ? remote_err : -EFAULT;
	}
	return (int64_t)done;
}

static int64_t move_all(struct aspace *as, struct uio *local, const struct uio_seg *remote,
			unsigned count, bool write)
{
	void *page = kmalloc(PAGE_SIZE);
	int64_t done = 0, n = 0;

	if (!page)
		return -ENOMEM;
	for (unsigned i = 0; i < count && local->resid; i++) {
		n = move_seg(as, local, &remote[i], page, write ? REMOTE_WRITE : 0, -EFAULT);
		if (n > 0)
			done += n;
		if (n < (int64_t)MIN(remote[i].bytes, local->resid + (uint64_t)MAX(n, 0)))
			break;
	}
	kfree(page);
	return done ? done : MIN(n, 0);
}

int64_t process_vm_rw(int pid, struct uio *local, const struct uio_seg *remote, unsigned count,
		      bool write)
{
	struct thread *t = pid_find_thread(pid);
	struct aspace *as = NULL;
	int64_t result = -ESRCH;

	if (!t)
		return result;
	if (t->process && !process_may_access(t, false))
		result = -EPERM;
	else if (t->process)
		as = process_get_aspace(t->process);
	if (as) {
		result = move_all(as, local, remote, count, write);
		aspace_put(as);
	}
	thread_put(t);
	return result;
}

// ---- /proc/PID/mem: f->priv is the address space, of which the record is kept

static int64_t mem_move(struct file *f, struct uio *u, uint64_t *pos, bool write)
{
	struct aspace *as = f->priv;
	const struct uio_seg seg = { *pos, u->resid };
	void *page;
	int64_t n = -ENOMEM;

	if (!aspace_try_get(as))
		return 0;
	page = kmalloc(PAGE_SIZE);
	if (page)
		n = move_seg(as, u, &seg, page, REMOTE_FORCE | (write ? REMOTE_WRITE : 0), -EIO);
	kfree(page);
	aspace_put(as);
	if (n > 0)
		*pos += (uint64_t)n;
	return n;
}

static int64_t mem_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	return mem_move(f, u, pos, false);
}

static int64_t mem_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	return mem_move(f, u, pos, true);
}

static int64_t mem_seek(struct file *f, int64_t offset, int whence)
{
	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	f->pos = (uint64_t)offset + (whence == SEEK_CUR ? f->pos : 0);
	return (int64_t)f->pos;
}

static void mem_release(struct file *f)
{
	aspace_struct_put(f->priv);
}

static const struct file_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.seek = mem_seek,
	.release = mem_release,
};

int procfs_open_mem(const struct pseudo_ref *r, struct file *f)
{
	struct thread *t = procfs_thread(r);
	struct aspace *as = NULL;

	if (!t)
		return -ESRCH;
	if (process_may_access(t, true))
		as = process_get_aspace(t->process);
	thread_put(t);
	if (!as)
		return -EACCES;
	aspace_struct_get(as);
	aspace_put(as);
	f->ops = &mem_ops;
	f->priv = as;
	return 0;
}
