// fork(2)'s part of memory: the child gets the same mappings, private pages are shared copy on
// write. Entries of shared views, and those of private views that still show the object, are left
// for the child's own faults. Holds the parent's lock for write; nobody else sees the child yet.
#include <linux/errno.h>

#include "kernel/sched/sched.h"
#include "mm/phys/tlb.h"
#include "mm/virt/guard.h"
#include "mm/virt/mmap.h"
#include "mm/virt/vma.h"

static void copy_layout(const struct aspace *from, struct aspace *to)
{
	to->mmap_base = from->mmap_base;
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->stack_top = from->stack_top;
	to->stack_guard_gap_pages = from->stack_guard_gap_pages;
	to->arg_start = from->arg_start;
	to->arg_end = from->arg_end;
	to->env_start = from->env_start;
	to->env_end = from->env_end;
	to->code_start = from->code_start;
	to->code_end = from->code_end;
	to->data_start = from->data_start;
	to->data_end = from->data_end;
	to->vdso = from->vdso;
	to->limits = from->limits;
	to->membarrier = __atomic_load_n(&from->membarrier, __ATOMIC_ACQUIRE);
	to->exe_ops = from->exe_ops;
	to->exe_owner = from->exe_owner;
	if (to->exe_owner)
		to->exe_ops->get(to->exe_owner);
	__builtin_memcpy(to->auxv, from->auxv, sizeof(to->auxv));
}

// One step of copying entries. Under the views' lock, so that a truncation at work looks again at
// the child's view, which may have got a page that it has passed in the parent's.
static __stack_guarded int copy_step(struct aspace *from, struct aspace *to, struct vma *v,
				     va_t start, va_t end)
{
	struct memobj *o = v->obj;
	struct tlb_batch batch;
	uint64_t copied = 0;
	int r;

	tlb_batch_begin(&batch, &from->pt);
	if (o)
		spin_lock(&o->views_lock);
	r = pt_fork_range(&from->pt, &to->pt, start, end, o, &batch, &copied);
	if (o) {
		o->zap_restart = true;
		spin_unlock(&o->views_lock);
	}
	tlb_batch_end(&batch);
	__atomic_fetch_add(&to->rss_anon, (int64_t)copied, __ATOMIC_RELAXED);
	return r;
}

static int copy_entries(struct aspace *from, struct aspace *to, struct vma *v)
{
	va_t at = v->start;

	if ((v->flags & (VMA_SHARED | VMA_WIPEONFORK)) || !v->anon_id)
		return v->touched == VMA_GUARDED ? guard_fork(from, to, v) : 0;
	while (at < v->end) {
		va_t end = MIN(v->end, at + VMA_MAX_STEP_BYTES);
		int r = copy_step(from, to, v, at, end);

		if (r)
			return r;
		at = end;
		sched_point();
	}
	return 0;
}

static int copy_vma(struct aspace *from, struct aspace *to, struct vma *v)
{
	struct vma *nv;

	if ((v->flags & VMA_ACCOUNT) && !vma_may_commit(vma_pages(v)))
		return -ENOMEM;
	nv = vma_new(v);
	if (!nv)
		return -ENOMEM;
	nv->flags &= ~(unsigned)(VMA_LOCKED | VMA_LOCKONFAULT);
	nv->fault_window = 0;
	if (v->flags & VMA_WIPEONFORK)
		nv->anon_id = 0;
	if (nv->anon_id) {
		nv->anon_id = vma_new_anon_id();
		nv->flags |= VMA_FORKED;
	}
	vma_link(to, nv);
	return copy_entries(from, to, v);
}

int vm_fork(struct aspace *parent, struct aspace *child)
{
	struct vma *v;
	int r = 0;

	rwsem_write_lock(&parent->lock);
	copy_layout(parent, child);
	for (v = aspace_first_vma(parent); v && !r; v = vma_next(v)) {
		if (!(v->flags & VMA_DONTFORK))
			r = copy_vma(parent, child, v);
	}
	rwsem_write_unlock(&parent->lock);
	return r;
}
