// mprotect(2): vma by vma, as Linux; what was changed before an error stays changed. Holds the
// address space's lock for write.
#include <linux/errno.h>
#include <linux/mman.h>

#include "kernel/sched/sched.h"
#include "mm/phys/tlb.h"
#include "mm/virt/guard.h"
#include "mm/virt/mmap.h"
#include "mm/virt/populate.h"
#include "mm/virt/vma.h"

static __noinline __stack_guarded void apply_in_steps(struct aspace *as, struct vma *v, va_t start,
						      va_t end, bool may_write)
{
	const unsigned prot = vma_pt_prot(v);

	for (;;) {
		va_t to = MIN(end, start + VMA_MAX_STEP_BYTES);
		struct tlb_batch batch;

		tlb_batch_begin(&batch, &as->pt);
		if (unlikely(v->touched == VMA_GUARDED))
			guard_protect_range(&as->pt, start, to, prot, may_write, &batch);
		else
			pt_protect_range(&as->pt, start, to, prot, may_write, &batch);
		tlb_batch_end(&batch);
		vma_uncount_rss(as, v->obj, &batch); // a 2 MiB entry cut in two
		start = to;
		if (start >= end)
			break;
		sched_point();
	}
}

void vma_apply_prot(struct aspace *as, struct vma *v, va_t start, va_t end)
{
	const bool may_write = (v->flags & VMA_SHARED) && !v->obj->ops->mkwrite;

	if (!v->touched)
		return;
	if (unlikely(v->touched == VMA_GUARDED ||
		     !pt_protect_near(&as->pt, start, end, vma_pt_prot(v), may_write)))
		apply_in_steps(as, v, start, end, may_write);
}

// What overcommit and RLIMIT_DATA say to memory that becomes writable.
static int account_write(const struct aspace *as, const struct vma *v, uint64_t pages,
			 unsigned *flags)
{
	if (*flags & VMA_WRITE) {
		if (!vma_may_expand(as, *flags, pages) && vma_may_expand(as, v->flags, pages))
			return -ENOMEM;
		if (!(v->flags & (VMA_ACCOUNT | VMA_WRITE | VMA_SHARED | VMA_NORESERVE))) {
			if (!vma_may_commit(pages))
				return -ENOMEM;
			*flags |= VMA_ACCOUNT;
		}
	} else if (!v->obj && !v->anon_id) {
		*flags &= ~(unsigned)VMA_ACCOUNT;
	}
	return 0;
}

struct change {
	unsigned access;
	// Locked memory that became writable: its copies are made now. None: |to| is 0.
	va_t from, to;
	struct vma *dead;
};

static void note_populate(struct change *c, va_t start, va_t end)
{
	if (!c->to)
		c->from = start;
	c->to = end;
}

// Gives [start, end), part of |v|, new flags; |*out| is the vma that covers it then.
static int change(struct aspace *as, struct vma *v, va_t start, va_t end, struct change *c,
		  struct vma **out)
{
	unsigned flags = (v->flags & ~VMA_PROT_FLAGS) | c->access;
	int r;

	*out = v;
	if (flags == v->flags)
		return 0;
	r = account_write(as, v, (end - start) >> PAGE_SHIFT, &flags);
	if (r)
		return r;
	if ((v->flags & (VMA_WRITE | VMA_SHARED | VMA_LOCKED)) == VMA_LOCKED && (flags & VMA_WRITE))
		note_populate(c, start, end);
	if (start == v->start && end == v->end) {
		vma_set_flags(as, v, flags);
		if (!vma_is_segment(v))
			*out = vma_merge_around(as, v, &c->dead);
	} else {
		r = vma_modify(as, v, start, end, flags, out, &c->dead);
		if (r)
			return r;
	}
	vma_apply_prot(as, *out, start, end);
	return 0;
}

static unsigned may_bits(unsigned flags)
{
	return ((flags & VMA_MAYREAD) ? VMA_READ : 0) | ((flags & VMA_MAYWRITE) ? VMA_WRITE : 0) |
	       ((flags & VMA_MAYEXEC) ? VMA_EXEC : 0);
}

// |v| shows |start|.
static int change_range(struct aspace *as, struct vma *v, va_t start, va_t end, struct change *c)
{
	for (;;) {
		va_t to;
		int r;

		if (c->access & ~may_bits(v->flags))
			return -EACCES;
		to = MIN(v->end, end);
		r = change(as, v, start, to, c, &v);
		if (r)
			return r;
		start = to;
		if (start >= end)
			return 0;
		if (v->end <= start)
			v = vma_next(v);
		if (!v || v->start > start)
			return -ENOMEM;
	}
}

static int protect_locked(struct aspace *as, va_t start, va_t end, unsigned grows, struct change *c)
{
	struct vma *v = aspace_find_vma(as, start);

	if (!v)
		return -ENOMEM;
	if (unlikely(grows & PROT_GROWSDOWN)) {
		if (v->start >= end)
			return -ENOMEM;
		if (!(v->flags & VMA_GROWSDOWN))
			return -EINVAL;
		start = v->start;
	}
	if (v->start > start)
		return -ENOMEM;
	if (unlikely(grows & PROT_GROWSUP)) // no mapping grows up on this machine
		return -EINVAL;
	return change_range(as, v, start, end, c);
}

int vm_mprotect(struct aspace *as, va_t addr, uint64_t bytes, uint64_t prot)
{
	const unsigned growing = PROT_GROWSDOWN | PROT_GROWSUP;
	struct change c;
	va_t end;
	int r;

	if ((prot & growing) == growing || !IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (!bytes)
		return 0;
	end = addr + ALIGN_UP(bytes, PAGE_SIZE);
	if (end <= addr)
		return -ENOMEM;
	if (prot & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | growing))
		return -EINVAL;
	c.access = ((prot & PROT_READ) ? VMA_READ : 0) | ((prot & PROT_WRITE) ? VMA_WRITE : 0) |
		   ((prot & PROT_EXEC) ? VMA_EXEC : 0);
	c.to = 0;
	c.dead = NULL;
	rwsem_write_lock(&as->lock);
	r = protect_locked(as, addr, end, (unsigned)prot & growing, &c);
	rwsem_write_unlock(&as->lock);
	vma_release_list(c.dead);
	if (c.to)
		(void)populate_as_mapped(as, c.from, c.to, true);
	return r;
}
