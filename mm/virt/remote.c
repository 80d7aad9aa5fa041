// Reading and writing the memory of another address space: page by page, each made present by a
// fault on that address space's behalf, then copied through the direct map. See remote.h.
//
// Owns no state. A page is copied with the address space held shared, so that no fork can begin to
// share it in between; a reference keeps its frame from a truncation, which does not take that
// lock.

#include "mm/virt/remote.h"

#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/mapper.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "mm/virt/aspace.h"

// Linux check_vma_flags(): the address space is held.
static bool may_access(const struct vma *v, unsigned flags)
{
	if (flags & REMOTE_WRITE) {
		if (v->flags & VMA_WRITE)
			return true;
		return flags & REMOTE_FORCE && !(v->flags & VMA_HUGETLB) &&
		       (v->flags & (VMA_SHARED | VMA_MAYWRITE)) == VMA_MAYWRITE;
	}
	return v->flags & VMA_READ || (flags & REMOTE_FORCE && v->flags & VMA_MAYREAD);
}

// Would the program's own write go to the page that |e| shows? Of private pages that it may not
// write, those that no other process shows.
static bool may_write_in_place(const struct pt_entry *e)
{
	return e->prot & (PT_WRITE | PT_EXCLUSIVE);
}

// Marks the entry as written: a page that was given up (MADV_FREE) is wanted again.
static __stack_guarded bool note_write(struct aspace *as, va_t va, const struct pt_entry *e)
{
	struct tlb_batch batch;
	bool done;

	if (e->prot & PT_DIRTY)
		return true;
	tlb_batch_begin(&batch, &as->pt);
	done = pt_set_prot(&as->pt, va & PAGE_MASK, *e, e->prot | PT_DIRTY, &batch);
	tlb_batch_end(&batch);
	return done;
}

// Within one page that is there. 1: moved; 0: a fault is needed first; -1: never.
static int move_present(struct aspace *as, va_t va, void *buf, size_t bytes, unsigned flags)
{
	struct vma *v = aspace_find_vma(as, va);
	struct pt_entry e;
	struct page *p;
	int moved = 0;

	if (!v || v->start > va || !may_access(v, flags))
		return v && v->start > va && v->flags & VMA_GROWSDOWN ? 0 : -1;
	p = pt_get_page(&as->pt, va, &e);
	if (e.present && pt_is_guard(&e))
		moved = -1;
	else if (!p && e.present && !(flags & REMOTE_WRITE)) // the page of zeros, or the vDSO's
		moved = 1;
	else if (p &&
		 (!(flags & REMOTE_WRITE) || (may_write_in_place(&e) && note_write(as, va, &e))))
		moved = 1;
	if (moved > 0 && flags & REMOTE_WRITE)
		memcpy(phys_to_virt(e.pa), buf, bytes);
	else if (moved > 0)
		memcpy(buf, phys_to_virt(e.pa), bytes);
	if (p)
		page_put(p, 0);
	return moved;
}

static bool move_in_page(struct aspace *as, va_t va, void *buf, size_t bytes, unsigned flags)
{
	uint32_t error = FAULT_ERR_USER | FAULT_ERR_FORCED;
	int moved;

	if (flags & REMOTE_WRITE)
		error |= FAULT_ERR_WRITE;
	for (;;) {
		rwsem_read_lock(&as->lock);
		moved = move_present(as, va, buf, bytes, flags);
		rwsem_read_unlock(&as->lock);
		if (moved)
			return moved > 0;
		if (aspace_fault(as, va, error) != FAULT_OK)
			return false;
	}
}

size_t aspace_access(struct aspace *as, va_t va, void *buf, size_t bytes, unsigned flags)
{
	size_t done = 0;

	while (done < bytes && va < USER_TOP && !sched_killed()) {
		size_t n = MIN(bytes - done, (size_t)(PAGE_SIZE - va % PAGE_SIZE));

		if (!move_in_page(as, va, (char *)buf + done, n, flags))
			break;
		done += n;
		va += n;
	}
	return done;
}
