// Faulting ranges in ahead of use: MAP_POPULATE, MAP_LOCKED, mlock, MADV_POPULATE_*. Takes the
// address space's lock shared, again for each stretch.
#include "mm/virt/populate.h"

#include <linux/errno.h>

#include "kernel/sched/sched.h"
#include "mm/virt/huge.h"
#include "mm/virt/mmap.h"
#include "mm/virt/slots.h"
#include "mm/virt/vma.h"

struct stretch {
	va_t end;
	unsigned flags; // of the vma
};

static int stretch_at(struct aspace *as, va_t va, struct stretch *out)
{
	struct vma *v;
	int r = -ENOMEM;

	rwsem_read_lock(&as->lock);
	v = aspace_find_vma(as, va);
	if (v && v->start <= va) {
		*out = (struct stretch){ v->end, v->flags };
		r = 0;
	} else if (v) {
		out->end = v->start; // a hole
	}
	rwsem_read_unlock(&as->lock);
	return r;
}

static int fault_in(struct aspace *as, va_t va, bool write)
{
	static const int errors[] = {
		[FAULT_OK] = 0,        [FAULT_MAPERR] = -EFAULT, [FAULT_ACCERR] = -EFAULT,
		[FAULT_BUS] = -EFAULT, [FAULT_OOM] = -ENOMEM,    [FAULT_IO] = -EFAULT,
	};

	return errors[aspace_fault(as, va, FAULT_ERR_USER | (write ? FAULT_ERR_WRITE : 0))];
}

// The first of the next pages that a fault is needed for; tables may be looked at under the lock.
static va_t skip_present(struct aspace *as, va_t va, va_t end, bool write)
{
	const va_t stop = MIN(end, va + 64 * PAGE_SIZE);
	const unsigned need = write ? PT_WRITE : PT_READ;

	rwsem_read_lock(&as->lock);
	for (; va < stop; va += PAGE_SIZE) {
		struct vma *v = aspace_find_vma(as, va);

		if (!v || v->start > va || !(v->flags & (write ? VMA_WRITE : VMA_PROT_FLAGS)))
			break;
		if (!(pt_query(&as->pt, va).prot & need))
			break;
	}
	rwsem_read_unlock(&as->lock);
	return va;
}

// Shows what is present of the object from |va| on, in the page table of |va|. Returns where
// something was missing, or |end|. The lock is held.
static va_t show_present(struct aspace *as, struct vma *v, va_t va, va_t end, uint32_t seq)
{
	struct memobj *o = v->obj;
	const unsigned prot = vma_pt_prot(v) | PT_ACCESSED | PT_DIRTY;

	while (va < end) {
		uint64_t index = vma_index(v, va);
		unsigned n = (unsigned)MIN(64 - index % 64, (end - va) >> PAGE_SHIFT);
		int made = memobj_map_present(o, index, n, &as->pt, va, prot, seq);

		if (made > 0)
			__atomic_fetch_add(o->counts_as_file ? &as->rss_file : &as->rss_shmem, made,
					   __ATOMIC_RELAXED);
		if (made < (int)n)
			break;
		va += n * PAGE_SIZE;
	}
	return va;
}

// Whole aligned stretches of 512 pages of a shared object are made as one frame, wherever the
// mapping lies, and shown at once. Returns where a fault is needed.
static va_t populate_object(struct aspace *as, va_t va, va_t end)
{
	struct vma *v;
	struct page *head;
	uint32_t seq;

	rwsem_read_lock(&as->lock);
	v = aspace_find_vma(as, va);
	if (!v || v->start > va || !v->obj || v->obj->ops->fill || v->obj->ops->mkwrite ||
	    (v->flags & (VMA_SHARED | VMA_HUGETLB | VMA_SPECIAL)) != VMA_SHARED ||
	    !(v->flags & VMA_PROT_FLAGS) || v->touched == VMA_GUARDED)
		goto out;
	if (!READ_ONCE(v->touched))
		WRITE_ONCE(v->touched, VMA_TOUCHED);
	end = MIN(end, v->end);
	seq = __atomic_load_n(&v->obj->seq, __ATOMIC_ACQUIRE);
	if (seq & 1)
		goto out;
	if (IS_ALIGNED(vma_index(v, va), HUGE_PAGES) && end - va >= HUGE_SIZE &&
	    memobj_get_huge(v->obj, vma_index(v, va), true, &head) == -ENOMEM)
		goto out; // page by page
	va = show_present(as, v, va, MIN(end, ALIGN_DOWN(va, HUGE_SIZE) + HUGE_SIZE), seq);
out:
	rwsem_read_unlock(&as->lock);
	return va;
}

int populate_range(struct aspace *as, va_t start, va_t end, bool write)
{
	while (start < end) {
		va_t missing;
		int r;

		if (huge_populate(as, start, end, write)) {
			start += HUGE_SIZE;
			sched_point();
			continue;
		}
		missing = populate_object(as, start, end);
		if (missing == start)
			missing = skip_present(as, start, end, write);
		if (missing == start) {
			r = fault_in(as, start, write);
			if (r)
				return r;
			missing += PAGE_SIZE;
		}
		start = missing;
		sched_point();
		if (sched_killed())
			return -EINTR;
	}
	return 0;
}

int populate_as_mapped(struct aspace *as, va_t start, va_t end, bool only_locked)
{
	while (start < end) {
		struct stretch s = { .end = end };
		int r = stretch_at(as, start, &s);
		bool private_write;

		if (r)
			return r;
		s.end = MIN(s.end, end);
		private_write = (s.flags & (VMA_WRITE | VMA_SHARED)) == VMA_WRITE;
		if ((s.flags & VMA_LOCKONFAULT) ||
		    (only_locked && !(s.flags & (VMA_LOCKED | VMA_HUGETLB))))
			r = 0;
		else if (!(s.flags & VMA_PROT_FLAGS))
			r = -EFAULT;
		else
			r = populate_range(as, start, s.end, private_write);
		if (r)
			return r;
		start = s.end;
	}
	return 0;
}

void vm_populate(struct aspace *as, va_t addr, uint64_t bytes)
{
	// What cannot be populated is met again at its own fault.
	(void)populate_as_mapped(as, addr, addr + bytes, false);
}
