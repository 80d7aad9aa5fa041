// Truncation, hole punching and allocation of objects. The inode lock is held by the caller, so
// there is one of these at a time per object. While pages go away o->seq is odd: a fault that sees
// that, or a change, installs nothing. Order: seq odd, set size, zap all views, free pages, seq
// even. Everything that waits (TLB flushes, scheduling) happens with no spinlock held.
#include <linux/errno.h>

#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "mm/virt/huge.h"
#include "mm/virt/mmap.h"
#include "mm/virt/resv.h"
#include "mm/virt/slots.h"
#include "mm/virt/vma.h"

#define STEP_PAGES 512 // of one view between two reschedule points

struct zap {
	struct memobj *o;
	uint64_t first, last; // pages
	bool even_private;
	uint64_t next; // within the view o->zap_next: pages before it are done
};

// Takes the next view to work on from the cursor, or NULL at the end; views_lock is held.
static struct vma *current_view(struct zap *z)
{
	struct vma *v;

	if (z->o->zap_restart) {
		z->o->zap_restart = false;
		z->o->zap_next = view_first(z->o, z->first, z->last);
		z->next = 0;
	}
	v = z->o->zap_next;
	if (v && v->pgoff > z->last)
		v = z->o->zap_next = NULL;
	return v;
}

// Zaps up to STEP_PAGES pages of |v|; moves the cursor on when |v| is done.
static void zap_some(struct zap *z, struct vma *v, struct tlb_batch *b)
{
	uint64_t from = MAX(MAX(z->first, v->pgoff), z->next);
	uint64_t to = MIN(z->last, v->pgoff + vma_pages(v) - 1);
	va_t start, end;

	if (from <= to) {
		to = MIN(to, from + STEP_PAGES - 1);
		start = v->start + ((from - v->pgoff) << PAGE_SHIFT);
		end = v->start + ((to + 1 - v->pgoff) << PAGE_SHIFT);
		if (v->touched == VMA_GUARDED && (z->even_private || (v->flags & VMA_SHARED)))
			pt_unmap_owned(&v->aspace->pt, start, end, PT_ALL_BUT_GUARDS, b);
		else if (z->even_private || (v->flags & VMA_SHARED))
			pt_unmap_range(&v->aspace->pt, start, end, b);
		else
			pt_unmap_owned(&v->aspace->pt, start, end, z->o, b);
		z->next = to + 1;
	}
	if (from > to || z->next > MIN(z->last, v->pgoff + vma_pages(v) - 1)) {
		z->o->zap_next = view_next(v, z->first, z->last);
		z->next = 0;
	}
}

// One step over one view. False: all views are done.
static __stack_guarded bool zap_step(struct zap *z)
{
	struct memobj *o = z->o;
	struct tlb_batch batch;
	struct aspace *as;
	struct vma *v;

	spin_lock(&o->views_lock);
	v = current_view(z);
	if (!v) {
		spin_unlock(&o->views_lock);
		return false;
	}
	// Its root must stay until the flush is done, also when the program ends meanwhile.
	as = v->aspace;
	aspace_struct_get(as);
	tlb_batch_begin(&batch, &as->pt);
	zap_some(z, v, &batch);
	spin_unlock(&o->views_lock);
	tlb_batch_end(&batch);
	vma_uncount_rss(as, o, &batch);
	aspace_struct_put(as);
	sched_point();
	return true;
}

void vm_zap_views(struct memobj *o, uint64_t first, uint64_t last, bool even_private)
{
	struct zap z = { .o = o, .first = first, .last = last, .even_private = even_private };

	spin_lock(&o->views_lock);
	o->zap_restart = true;
	spin_unlock(&o->views_lock);
	while (zap_step(&z))
		;
}

void memobj_begin_removal(struct memobj *o)
{
	__atomic_fetch_add(&o->seq, 1, __ATOMIC_SEQ_CST);
}

void memobj_end_removal(struct memobj *o)
{
	__atomic_fetch_add(&o->seq, 1, __ATOMIC_SEQ_CST);
	waitq_wake_all(&o->fill_wait);
}

static void set_size(struct memobj *o, uint64_t size_bytes)
{
	spin_lock(&o->slots_lock);
	o->size_bytes = size_bytes;
	o->reserving = o->resv || memobj_may_reserve(o);
	spin_unlock(&o->slots_lock);
}

// Takes up to 64 slots out of [*next, last]; the pages come back in |pages|. Slots that are being
// filled become empty: the filler notices.
static unsigned detach_some(struct memobj *o, uint64_t *next, uint64_t last, struct page **pages,
			    bool *more)
{
	unsigned n = 0;

	*more = true;
	spin_lock(&o->slots_lock);
	while (n < 64) {
		uint64_t slot;

		if (*next > last || !radix_next_used(&o->slots, *next, last, next)) {
			*more = false;
			break;
		}
		slot = radix_clear(&o->slots, (*next)++);
		if (slot_is_page(slot))
			pages[n++] = slot_page(slot);
	}
	o->present_pages -= n;
	if (n && !o->huge)
		memobj_count_pages(-(int64_t)n);
	if (n && o->ops->account)
		(void)o->ops->account(o, -(int64_t)n);
	spin_unlock(&o->slots_lock);
	return n;
}

// No view shows [first, last] and none can: free the pages.
static __stack_guarded void free_pages(struct memobj *o, uint64_t first, uint64_t last)
{
	struct page *pages[64];
	bool more = true;

	resv_break(o, first, last);
	huge_break(o, first);
	if (last != UINT64_MAX)
		huge_break(o, last + 1);
	while (more) {
		unsigned n = detach_some(o, &first, last, pages, &more);

		for (unsigned i = 0; i < n; i++)
			page_put(pages[i], 0);
		sched_point();
	}
}

static void zero_part(struct memobj *o, uint64_t index, uint64_t from, uint64_t to)
{
	struct page *p;

	if (memobj_get_page(o, index, MEMOBJ_NOSIZE | MEMOBJ_NOSLEEP, &p))
		return;
	memset((char *)phys_to_virt(page_to_pa(p)) + from, 0, to - from);
	page_put(p, 0);
}

void memobj_truncate(struct memobj *o, uint64_t new_size_bytes)
{
	uint64_t old_end = memobj_end_index(o), tail = new_size_bytes & (PAGE_SIZE - 1);
	uint64_t first = (new_size_bytes >> PAGE_SHIFT) + (tail != 0);

	if (new_size_bytes > o->size_bytes) {
		set_size(o, new_size_bytes);
		return;
	}
	// The same size frees what lies behind it, as on Linux.
	if (new_size_bytes == o->size_bytes && !READ_ONCE(o->present_pages))
		return;
	memobj_begin_removal(o);
	set_size(o, new_size_bytes);
	if (first < old_end)
		vm_zap_views(o, first, old_end - 1, true);
	// Also what was allocated past the old end.
	free_pages(o, first, UINT64_MAX);
	if (tail)
		zero_part(o, new_size_bytes >> PAGE_SHIFT, tail, PAGE_SIZE);
	memobj_end_removal(o);
}

int memobj_punch(struct memobj *o, uint64_t start, uint64_t end)
{
	uint64_t first = (start >> PAGE_SHIFT) + ((start & (PAGE_SIZE - 1)) != 0);
	uint64_t past = end >> PAGE_SHIFT; // page after the last whole one

	if (start >= end)
		return -EINVAL;
	memobj_begin_removal(o);
	if (first < past) {
		vm_zap_views(o, first, past - 1, false);
		free_pages(o, first, past - 1);
	}
	if (first > past) { // both edges in one page
		zero_part(o, past, start & (PAGE_SIZE - 1), end & (PAGE_SIZE - 1));
	} else {
		if (start & (PAGE_SIZE - 1))
			zero_part(o, first - 1, start & (PAGE_SIZE - 1), PAGE_SIZE);
		if (end & (PAGE_SIZE - 1))
			zero_part(o, past, 0, end & (PAGE_SIZE - 1));
	}
	memobj_end_removal(o);
	return 0;
}

// Frees the pages of [first, end) that nobody has written. No view shows them: a fault takes their
// mark away.
static void free_unwritten(struct memobj *o, uint64_t first, uint64_t end)
{
	resv_break(o, first, end - 1);
	huge_break(o, first);
	for (uint64_t i = first; i < end; i++) {
		struct page *p = NULL;

		if (IS_ALIGNED(i, HUGE_PAGES))
			huge_break(o, i + 1);
		spin_lock(&o->slots_lock);
		if (slot_is_unwritten(radix_get(&o->slots, i))) {
			p = slot_page(radix_clear(&o->slots, i));
			o->present_pages--;
			memobj_count_pages(-1);
			if (o->ops->account)
				(void)o->ops->account(o, -1);
		}
		spin_unlock(&o->slots_lock);
		if (p)
			page_put(p, 0);
		if (i % 512 == 511)
			sched_point();
	}
}

int memobj_allocate(struct memobj *o, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++) {
		struct page *p;
		int r;

		if (IS_ALIGNED(i, HUGE_PAGES) && last - i >= HUGE_PAGES - 1 &&
		    memobj_make_huge(o, i)) {
			i += HUGE_PAGES - 1;
			sched_point();
			continue;
		}
		r = memobj_get_page(o, i, MEMOBJ_ALLOC | MEMOBJ_NOSIZE | MEMOBJ_UNWRITTEN, &p);

		if (r) {
			free_unwritten(o, first, i);
			return r;
		}
		page_put(p, 0);
		if (i % 512 != 511)
			continue;
		sched_point();
		if (sched_killed()) {
			free_unwritten(o, first, i + 1);
			return -EINTR;
		}
	}
	return 0;
}

// -- is a page in use beyond the object and its mappings? --

// Entries of page tables hold no reference (decisions/0004), so whatever does, a pipe or a copy in
// flight, shows in the count.
#define CHUNKS_A_STEP 8u // of 64 slots each

static bool has_pinned(const uint64_t *slots, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (slot_is_page(slots[i]) && READ_ONCE(slot_page(slots[i])->count) > 1)
			return true;
	return false;
}

// Looks at |CHUNKS_A_STEP| chunks from |*next| on. True: |*pinned| is the answer.
static bool step(struct memobj *o, uint64_t *next, bool *pinned)
{
	for (unsigned i = 0; i < CHUNKS_A_STEP; i++) {
		uint64_t first;
		unsigned n;
		const uint64_t *slots = radix_next_slots(&o->slots, *next, &first, &n);

		*pinned = slots && has_pinned(slots, n);
		*next = (first | 63) + 1;
		if (!slots || *pinned || !*next)
			return true;
	}
	return false;
}

bool memobj_is_pinned(struct memobj *o)
{
	uint64_t next = 0;
	bool pinned, done;

	do {
		spin_lock(&o->slots_lock);
		done = step(o, &next, &pinned);
		spin_unlock(&o->slots_lock);
		sched_point();
	} while (!done);
	return pinned;
}
