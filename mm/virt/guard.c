// Guards (MADV_GUARD_INSTALL, REMOVE): entries of page tables that every access faults at, without
// a mapping of their own. Made and removed under the address space's exclusive lock. They go with
// their mapping only: a vma that may have some is |touched| so, and what changes or zaps its
// entries must come here.
#include <linux/errno.h>

#include "kernel/sched/sched.h"
#include "mm/phys/tlb.h"
#include "mm/virt/guard.h"

// As vma_zap_range, but guards stay.
__stack_guarded void guard_zap_range(struct aspace *as, struct vma *v, va_t start, va_t end)
{
	while (start < end) {
		va_t to = MIN(end, ALIGN_DOWN(start, HUGE_SIZE) + HUGE_SIZE);
		struct tlb_batch batch;

		tlb_batch_begin(&batch, &as->pt);
		if (v->obj)
			spin_lock(&v->obj->views_lock);
		pt_unmap_owned(&as->pt, start, to, PT_ALL_BUT_GUARDS, &batch);
		tlb_batch_end(&batch);
		if (v->obj)
			spin_unlock(&v->obj->views_lock);
		vma_uncount_rss(as, v->obj, &batch);
		start = to;
		sched_point();
	}
}

struct protect {
	struct pgtable *pt;
	unsigned prot;
	bool may_write;
	struct tlb_batch *batch;
};

static int protect_entry(void *arg, va_t va, const struct pt_entry *e)
{
	struct protect *p = arg;

	if (!pt_is_guard(e))
		pt_protect_range(p->pt, va, va + PAGE_SIZE, p->prot, p->may_write, p->batch);
	return 0;
}

void guard_protect_range(struct pgtable *pt, va_t start, va_t end, unsigned prot, bool may_write,
			 struct tlb_batch *batch)
{
	struct protect p = { pt, prot, may_write, batch };

	(void)pt_walk(pt, start, end, protect_entry, &p);
}

static int copy_entry(void *arg, va_t va, const struct pt_entry *e)
{
	return pt_is_guard(e) ? pt_set_guards(arg, va, va + PAGE_SIZE) : 0;
}

int guard_fork(struct aspace *from, struct aspace *to, const struct vma *v)
{
	return pt_walk(&from->pt, v->start, v->end, copy_entry, &to->pt);
}

static int is_guard(void *arg, va_t va, const struct pt_entry *e)
{
	return pt_is_guard(e);
}

bool guard_in_range(const struct vma *v, va_t start, va_t end)
{
	return v->touched == VMA_GUARDED && pt_walk(&v->aspace->pt, start, end, is_guard, NULL);
}

static bool may_guard(const struct vma *v, unsigned refused)
{
	return !(v->flags & (refused | VMA_SPECIAL | VMA_HUGETLB | VMA_DONTEXPAND));
}

static int install(struct aspace *as, struct vma **at, va_t start, va_t end, void *arg)
{
	struct vma *v = *at;

	if (!may_guard(v, VMA_LOCKED))
		return -EINVAL;
	if (!v->anon_id) // as Linux, so that merging shows the same
		vma_set_anon_id(v);
	v->touched = VMA_GUARDED;
	guard_zap_range(as, v, start, end);
	return pt_set_guards(&as->pt, start, end);
}

static int remove_guards(struct aspace *as, struct vma **at, va_t start, va_t end, void *arg)
{
	if (!may_guard(*at, 0))
		return -EINVAL;
	pt_clear_guards(&as->pt, start, end);
	return 0;
}

int guard_advise(struct aspace *as, va_t start, va_t end, bool make)
{
	int r;

	rwsem_write_lock(&as->lock);
	r = vma_for_range(as, start, end, make ? install : remove_guards, NULL);
	rwsem_write_unlock(&as->lock);
	return r;
}
