// MADV_FREE: pages that the program has given up, kept until memory is short; a write takes a page
// back, which its entry's dirty bit tells. Owns the list of address spaces that may have such
// pages; lazy.lock guards it and comes after an address space's lock.
#include "mm/virt/lazy.h"

#include "kernel/sched/sched.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"

#define MAX_TRIES 16 // address spaces looked at when memory is short

static struct {
	struct spinlock lock;
	struct list_node spaces; // aspace.lazy_node
} lazy = { SPINLOCK_INIT(RANK_LAZY, "lazy"), LIST_INIT(lazy.spaces) };

static uint64_t reclaim_some(uint64_t want_pages)
{
	return lazy_reclaim(false);
}

void lazy_init(void)
{
	pmm_add_reclaim(reclaim_some);
}

static void enlist(struct aspace *as)
{
	spin_lock(&lazy.lock);
	if (!as->lazy_listed && READ_ONCE(as->refs)) { // else it ends: nobody would take it out
		list_push_back(&lazy.spaces, &as->lazy_node);
		as->lazy_listed = true;
	}
	spin_unlock(&lazy.lock);
}

void lazy_forget(struct aspace *as)
{
	spin_lock(&lazy.lock);
	if (as->lazy_listed)
		list_remove(&as->lazy_node);
	as->lazy_listed = false;
	spin_unlock(&lazy.lock);
}

__stack_guarded void lazy_mark_range(struct aspace *as, struct vma *v, va_t start, va_t end)
{
	if (!v->touched)
		return;
	WRITE_ONCE(v->lazy, true);
	enlist(as);
	while (start < end) {
		va_t to = MIN(end, ALIGN_DOWN(start, HUGE_SIZE) + HUGE_SIZE);
		struct tlb_batch batch;

		tlb_batch_begin(&batch, &as->pt);
		pt_mark_lazy(&as->pt, start, to, &batch);
		tlb_batch_end(&batch);
		start = to;
		sched_point();
	}
}

static __stack_guarded uint64_t drop_range(struct aspace *as, struct vma *v)
{
	struct tlb_batch batch;
	uint64_t dropped = 0;

	for (va_t at = v->start, to; at < v->end; at = to) {
		to = MIN(v->end, ALIGN_DOWN(at, HUGE_SIZE) + HUGE_SIZE);
		tlb_batch_begin(&batch, &as->pt);
		pt_drop_lazy(&as->pt, at, to, &batch);
		tlb_batch_end(&batch);
		vma_uncount_rss(as, NULL, &batch);
		dropped += batch.anon_pages;
	}
	return dropped;
}

static uint64_t drop_all(struct aspace *as)
{
	uint64_t dropped = 0;

	for (struct vma *v = aspace_first_vma(as); v; v = vma_next(v)) {
		if (READ_ONCE(v->lazy)) {
			WRITE_ONCE(v->lazy, false); // before: pages may be given up meanwhile
			dropped += drop_range(as, v);
		}
	}
	return dropped;
}

// The first of the list, taken out of it, with a reference.
static struct aspace *next_space(void)
{
	struct aspace *as = NULL;

	spin_lock(&lazy.lock);
	if (!list_empty(&lazy.spaces)) {
		as = list_first(&lazy.spaces, struct aspace, lazy_node);
		list_remove(&as->lazy_node);
		as->lazy_listed = false;
		aspace_struct_get(as);
	}
	spin_unlock(&lazy.lock);
	return as;
}

uint64_t lazy_reclaim(bool wait)
{
	struct aspace *as;
	uint64_t dropped = 0;

	for (unsigned n = 0; n < MAX_TRIES && !dropped && (as = next_space()); n++) {
		if (wait)
			rwsem_read_lock(&as->lock);
		if (wait || rwsem_try_read(&as->lock)) {
			dropped = drop_all(as);
			rwsem_read_unlock(&as->lock);
		} else { // perhaps it is we who hold it
			enlist(as);
		}
		aspace_struct_put(as);
	}
	return dropped;
}
