// Steps of the page fault that show an object's own pages, or copy them. Protocol against
// truncation: docs/core-rules.md, "Memory objects, truncation, holes". See fault_impl.h.
#include <linux/errno.h>

#include "kernel/base/cpu.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/fault_impl.h"
#include "mm/virt/huge.h"
#include "mm/virt/hugetlb.h"

#define WINDOW_MIN  16u // pages mapped around a fault on an object
#define WINDOW_MAX  512u
#define CHUNK_PAGES 64u // of a window, in one go: adjacent slots of the object
// In place of a window: the last fault made its page, the next one in order probably will.
#define WINDOW_FRESH UINT32_MAX

// Rights of entries that show the object itself. Without mkwrite, writing needs no permission.
static unsigned object_prot(const struct fault *f)
{
	const struct vma *v = f->v;
	unsigned prot = vma_pt_prot(v);

	if (!(v->flags & VMA_SHARED))
		return read_only(prot) | PT_ACCESSED;
	if (v->obj->ops->mkwrite)
		return read_only(prot);
	return prot | PT_ACCESSED | PT_DIRTY;
}

static enum step_result map_result(struct fault *f, int r)
{
	if (r == -EAGAIN)
		return STEP_UNSTABLE;
	if (r == -ENOMEM)
		return fail(f, FAULT_OOM);
	return r > 0 ? STEP_DONE : STEP_AGAIN;
}

// The pages to map around a fault that found its page: aligned, or the next ones, twice as many,
// while faults run through the object in order.
static void window(struct fault *f, uint64_t index, va_t *start, va_t *end)
{
	struct vma *v = f->v;
	uint32_t pages = WINDOW_MIN;

	if (index == v->next_fault_index && v->fault_window - 1 < WINDOW_MAX) {
		pages = MIN(v->fault_window * 2, WINDOW_MAX);
		*start = f->va;
	} else {
		*start = MAX(ALIGN_DOWN(f->va, WINDOW_MIN * PAGE_SIZE), v->start);
	}
	*end = MIN(*start + pages * PAGE_SIZE, v->end);
	v->fault_window = pages;
	v->next_fault_index = vma_index(v, *end);
}

// Best effort: neighbours that are present, never made. A failure shows at their own faults.
static __noinline void map_neighbours(struct fault *f, uint64_t index, unsigned prot)
{
	struct vma *v = f->v;
	int64_t made = 0;
	va_t va, end;

	window(f, index, &va, &end);
	index = vma_index(v, va);
	while (va < end) {
		uint64_t table_left = (ALIGN_DOWN(va, HUGE_SIZE) + HUGE_SIZE - va) >> PAGE_SHIFT;
		uint64_t n = MIN(MIN(CHUNK_PAGES - index % CHUNK_PAGES, table_left),
				 (end - va) >> PAGE_SHIFT);
		int r = memobj_map_present(v->obj, index, (unsigned)n, &f->as->pt, va, prot,
					   f->seq);

		if (r < 0)
			break;
		made += r;
		va += n << PAGE_SHIFT;
		index += n;
	}
	rss_add(object_rss(f), made);
}

// Finds or makes the page of the object. STEP_DONE: it is f->page.
static __always_inline_fn enum step_result object_page(struct fault *f, uint64_t index,
						       unsigned flags)
{
	struct memobj *o = f->v->obj;
	int r;

	f->seq = __atomic_load_n(&o->seq, __ATOMIC_ACQUIRE);
	if (unlikely(f->seq & 1))
		return STEP_UNSTABLE;
	r = memobj_get_page_fresh(o, index, flags | MEMOBJ_ALLOC | MEMOBJ_NOSLEEP, &f->page,
				  &f->fresh);
	return unlikely(r) ? fail_errno(f, r) : STEP_DONE;
}

// The object's 2 MiB frame as one entry. STEP_FAILED: small pages it must be.
static enum step_result huge_object(struct fault *f, unsigned prot, bool make)
{
	int r = -ENOENT;

	if ((f->v->flags & (VMA_SHARED | VMA_NOHUGEPAGE)) == VMA_SHARED && !f->v->obj->ops->mkwrite)
		r = huge_map_object(f->as, f->v, f->va, prot, make);
	return r == -EAGAIN ? STEP_UNSTABLE : r ? STEP_FAILED : STEP_DONE;
}

__stack_guarded enum step_result fault_hugetlb(struct fault *f)
{
	int r = hugetlb_fault(f->as, f->v, f->va, f->write);

	if (r == -EAGAIN)
		return STEP_UNSTABLE;
	return r ? fail(f, r == -ENOMEM ? FAULT_OOM : FAULT_BUS) : STEP_DONE;
}

// Nothing there, the object itself is to be seen: the page and its present neighbours. Neither
// takes a reference: a truncation that frees the page changes seq before, so that it is not mapped,
// or finds the entry.
enum step_result fault_object_map(struct fault *f)
{
	struct vma *v = f->v;
	const uint64_t index = vma_index(v, f->va);
	const unsigned prot = object_prot(f);
	enum step_result r;
	uint64_t slot;
	int made;

	if (unlikely(v->flags & VMA_HUGEPAGE)) {
		r = huge_object(f, prot, true);
		if (r != STEP_FAILED)
			return r;
	}
	r = object_page(f, index, MEMOBJ_BORROW);
	if (unlikely(r != STEP_DONE))
		return r;
	if (unlikely(f->page->flags & PAGE_HUGE_MEMBER)) {
		r = huge_object(f, prot, false);
		if (r != STEP_FAILED)
			return r;
		if (!f->promoted && huge_could_promote(f->as, v, f->va))
			return STEP_PROMOTE;
	}
	slot = slot_of_page(f->page);
	made = pt_map_borrowed(&f->as->pt, f->va, &slot, 1, prot, &v->obj->seq, f->seq);
	if (unlikely(made <= 0))
		return map_result(f, made);
	rss_add(object_rss(f), 1);
	if (f->fresh) { // next to a page that was just made there is seldom anything
		v->fault_window = WINDOW_FRESH;
		v->next_fault_index = index + 1;
	} else {
		map_neighbours(f, index, prot);
	}
	// A file is told before it is written: the entry is still read-only.
	return f->write && !(prot & PT_WRITE) ? STEP_AGAIN : STEP_DONE;
}

bool fault_object_next(struct aspace *as, struct vma *v, va_t va)
{
	struct memobj *o = v->obj;
	const uint64_t index = vma_index(v, va);
	const unsigned prot = vma_pt_prot(v) | PT_ACCESSED | PT_DIRTY;
	struct page *page;
	uint32_t seq;
	bool fresh;

	// (WINDOW_FRESH says that the object has no fill op.)
	if (index != v->next_fault_index || v->fault_window != WINDOW_FRESH ||
	    !(v->flags & VMA_SHARED) || o->ops->mkwrite)
		return false;
	seq = __atomic_load_n(&o->seq, __ATOMIC_ACQUIRE);
	if (unlikely(seq & 1) || unlikely(memobj_borrow_new(o, index, &page, &fresh)))
		return false;
	if (unlikely(!fresh || (page->flags & PAGE_HUGE_MEMBER)) ||
	    unlikely(pt_map_borrowed_one(&as->pt, va, page, prot, &o->seq, seq) <= 0))
		return false;
	rss_add(o->counts_as_file ? &as->rss_file : &as->rss_shmem, 1);
	v->next_fault_index = index + 1;
	return true;
}

// Nothing there, private mapping written: straight to a copy.
enum step_result fault_object_copy(struct fault *f)
{
	struct page *page, *copy;
	uint64_t done;
	enum step_result r;
	int made;

	mark_faulted(f->v); // even if it comes to nothing, as Linux
	r = object_page(f, vma_index(f->v, f->va), 0);
	if (r != STEP_DONE)
		return r;
	page = f->page;
	copy = pmm_alloc(0, 0);
	if (!copy) {
		page_put(page, 0);
		return fail(f, FAULT_OOM);
	}
	cpu_copy_page(phys_to_virt(page_to_pa(copy)), phys_to_virt(page_to_pa(page)));
	page_put(page, 0);
	made = pt_map_batch(&f->as->pt, f->va, &copy, 1, owned(vma_pt_prot(f->v)), &f->v->obj->seq,
			    f->seq, &done);
	if (made == 1)
		rss_add(&f->as->rss_anon, 1);
	else
		page_put(copy, 0);
	return map_result(f, made);
}

// Write to a present read-only entry of a shared view.
enum step_result fault_shared_write(struct fault *f)
{
	struct pt_entry e = pt_query(&f->as->pt, f->va);

	if (!e.present)
		return STEP_AGAIN;
	if (fault_entry_allows(f, &e))
		return STEP_DONE;
	if (f->v->obj->ops->mkwrite && !f->told)
		return STEP_NEED_MKWRITE;
	return fault_set_prot(f, e, e.prot | vma_pt_prot(f->v) | PT_DIRTY);
}
