// The page fault: what kind of mapping, what the entry holds and what was tried pick a step from a
// table; steps are small and may be repeated. Holds the address space shared; never sleeps with it
// held: a step that must wait (a fill, a truncation under way) says so and is repeated from the
// vma. Protocol against truncation: docs/core-rules.md, "Memory objects, truncation, holes".
#include <linux/errno.h>

#include "lib/string.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "mm/virt/aspace.h"
#include "mm/virt/huge.h"
#include "mm/virt/hugetlb.h"
#include "mm/virt/slots.h"
#include "mm/virt/vma.h"

#define WINDOW_MIN  16u // pages mapped around a fault on an object
#define WINDOW_MAX  512u
#define CHUNK_PAGES 64u // of a window, in one go: adjacent slots of the object
// In place of a window: the last fault made its page, the next one in order probably will.
#define WINDOW_FRESH UINT32_MAX

enum kind { KIND_ANON, KIND_SHARED, KIND_PRIVATE, KIND_HUGETLB, KINDS };
enum entry_state { ENTRY_NONE, ENTRY_PRESENT, ENTRY_STATES };

enum step_result {
	STEP_DONE,
	STEP_AGAIN,     // look at the entry, not at the processor's word for it
	STEP_UNSTABLE,  // pages are being removed from the object: wait, restart
	STEP_NEED_FILL, // the page must be read: without the lock
	STEP_NEED_MKWRITE,
	STEP_FAILED, // f->result says how
};

struct fault {
	struct aspace *as;
	struct vma *v;
	va_t va; // page aligned
	bool write;
	bool major;
	bool told;  // mkwrite has been called
	bool fresh; // |page| was made for this fault
	uint32_t seq;
	enum fault_result result;
	struct page *page; // of the object
};

static struct {
	struct page *zero_page;               // made on first use, permanent; set once, atomically
	bool (*oom_handler)(struct aspace *); // set at init
} state;

void aspace_set_oom_handler(bool (*handler)(struct aspace *as))
{
	state.oom_handler = handler;
}

static void rss_add(int64_t *counter, int64_t pages)
{
	__atomic_fetch_add(counter, pages, __ATOMIC_RELAXED);
}

static int64_t *object_rss(struct fault *f)
{
	return f->v->obj->counts_as_file ? &f->as->rss_file : &f->as->rss_shmem;
}

static enum step_result fail(struct fault *f, enum fault_result result)
{
	f->result = result;
	return STEP_FAILED;
}

static enum step_result fail_errno(struct fault *f, int error)
{
	if (error == -EAGAIN)
		return STEP_NEED_FILL;
	if (error == -ENOMEM)
		return fail(f, FAULT_OOM);
	return fail(f, error == -EIO ? FAULT_IO : FAULT_BUS);
}

// Private pages exist from now on; other faults say the same at the same time.
static void mark_faulted(struct vma *v)
{
	if (unlikely(!READ_ONCE(v->anon_id)))
		vma_set_anon_id(v);
}

static struct page *zero_page(void)
{
	struct page *p = __atomic_load_n(&state.zero_page, __ATOMIC_ACQUIRE), *none = NULL;

	if (likely(p))
		return p;
	p = pmm_alloc(0, PMM_ZERO);
	if (!p)
		return NULL;
	p->flags |= PAGE_PERMANENT;
	if (__atomic_compare_exchange_n(&state.zero_page, &none, p, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return p;
	p->flags &= (uint8_t)~PAGE_PERMANENT;
	page_put(p, 0);
	return none;
}

static unsigned read_only(unsigned prot)
{
	return prot & ~(unsigned)PT_WRITE;
}

static unsigned owned(unsigned prot)
{
	return prot | PT_EXCLUSIVE | PT_ACCESSED | PT_DIRTY;
}

// Anonymous memory, nothing there, read: the shared zero page.
static enum step_result anon_zero(struct fault *f)
{
	struct page *p = zero_page();
	int r;

	if (!p)
		return fail(f, FAULT_OOM);
	r = pt_map(&f->as->pt, f->va, page_to_pa(p), 0,
		   read_only(vma_pt_prot(f->v)) | PT_SPECIAL | PT_ACCESSED);
	if (r == -ENOMEM)
		return fail(f, FAULT_OOM);
	return r ? STEP_AGAIN : STEP_DONE;
}

// Anonymous memory, nothing there, written: a page of its own.
static enum step_result anon_new(struct fault *f)
{
	struct page *p;
	int r;

	if (unlikely(f->v->flags & VMA_HUGEPAGE) &&
	    !huge_map_anon(f->as, f->v, f->va, owned(vma_pt_prot(f->v))))
		return STEP_DONE;
	p = pmm_alloc(0, PMM_ZERO);
	if (!p)
		return fail(f, FAULT_OOM);
	mark_faulted(f->v);
	r = pt_map(&f->as->pt, f->va, page_to_pa(p), 0, owned(vma_pt_prot(f->v)));
	if (unlikely(r)) {
		page_put(p, 0);
		return r == -ENOMEM ? fail(f, FAULT_OOM) : STEP_AGAIN;
	}
	rss_add(&f->as->rss_anon, 1);
	return STEP_DONE;
}

// The entry gives way to a copy of what it shows (or zeros, for the zero page) that may be
// written. |old| is held by the caller unless it is the zero page (NULL).
static enum step_result copy_entry(struct fault *f, struct pt_entry e, struct page *old)
{
	struct page *p = pmm_alloc(0, old ? 0 : PMM_ZERO);
	struct tlb_batch batch;
	bool replaced;

	if (!p)
		return fail(f, FAULT_OOM);
	if (old)
		memcpy(phys_to_virt(page_to_pa(p)), phys_to_virt(page_to_pa(old)), PAGE_SIZE);
	mark_faulted(f->v);
	tlb_batch_begin(&batch, &f->as->pt);
	replaced =
		pt_replace(&f->as->pt, f->va, e, page_to_pa(p), owned(vma_pt_prot(f->v)), &batch);
	tlb_batch_end(&batch);
	if (!replaced) {
		page_put(p, 0);
		return STEP_AGAIN;
	}
	if (!old || old->owner) {
		rss_add(&f->as->rss_anon, 1);
		if (old)
			rss_add(object_rss(f), -1);
	}
	return STEP_DONE;
}

static enum step_result set_prot(struct fault *f, struct pt_entry e, unsigned prot)
{
	struct tlb_batch batch;
	bool done;

	tlb_batch_begin(&batch, &f->as->pt);
	done = pt_set_prot(&f->as->pt, f->va, e, prot, &batch);
	tlb_batch_end(&batch);
	return done ? STEP_DONE : STEP_AGAIN;
}

static bool entry_allows(const struct fault *f, const struct pt_entry *e)
{
	unsigned need = f->write ? PT_WRITE : PT_READ;

	if (f->v->flags & VMA_EXEC)
		need |= PT_EXEC;
	return (e->prot & need) == need;
}

// Read of a present entry: another CPU was faster, or the entry has fewer rights than the mapping.
static enum step_result present_read(struct fault *f)
{
	struct pt_entry e = pt_query(&f->as->pt, f->va);

	if (!e.present)
		return STEP_AGAIN;
	if (entry_allows(f, &e))
		return STEP_DONE;
	return set_prot(f, e, e.prot | read_only(vma_pt_prot(f->v)));
}

// Write to a present entry of private memory: in place if the frame is ours alone, else a copy.
static enum step_result private_write(struct fault *f)
{
	struct pt_entry e;
	struct page *old = pt_get_page(&f->as->pt, f->va, &e);
	enum step_result r;

	if (!e.present)
		r = STEP_AGAIN;
	else if (entry_allows(f, &e))
		r = STEP_DONE;
	else if (e.prot & PT_EXCLUSIVE)
		r = set_prot(f, e, e.prot | vma_pt_prot(f->v) | PT_DIRTY);
	else if (e.order) {
		huge_split(f->as, f->v, f->va);
		r = STEP_AGAIN;
	} else
		r = copy_entry(f, e, old);
	if (old)
		page_put(old, 0);
	return r;
}

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
						       unsigned flags, bool likely_new)
{
	struct memobj *o = f->v->obj;
	int r;

	f->seq = __atomic_load_n(&o->seq, __ATOMIC_ACQUIRE);
	if (unlikely(f->seq & 1))
		return STEP_UNSTABLE;
	if (likely_new)
		r = memobj_borrow_new(o, index, &f->page, &f->fresh);
	else
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

static enum step_result hugetlb(struct fault *f)
{
	int r = hugetlb_fault(f->as, f->v, f->va, f->write);

	if (r == -EAGAIN)
		return STEP_UNSTABLE;
	return r ? fail(f, r == -ENOMEM ? FAULT_OOM : FAULT_BUS) : STEP_DONE;
}

// Nothing there, the object itself is to be seen: the page and its present neighbours. Neither
// takes a reference: a truncation that frees the page changes seq before, so that it is not mapped,
// or finds the entry.
static enum step_result object_map(struct fault *f)
{
	struct vma *v = f->v;
	const uint64_t index = vma_index(v, f->va);
	const unsigned prot = object_prot(f);
	// As the pages before it. (WINDOW_FRESH says that the object has no fill op.)
	const bool likely_new =
		f->write && index == v->next_fault_index && v->fault_window == WINDOW_FRESH;
	enum step_result r;
	int made;

	if (unlikely(v->flags & VMA_HUGEPAGE)) {
		r = huge_object(f, prot, true);
		if (r != STEP_FAILED)
			return r;
	}
	r = object_page(f, index, MEMOBJ_BORROW, likely_new);
	if (unlikely(r != STEP_DONE))
		return r;
	if (unlikely(f->page->flags & PAGE_HUGE_MEMBER)) {
		r = huge_object(f, prot, false);
		if (r != STEP_FAILED)
			return r;
	}
	made = pt_map_borrowed_one(&f->as->pt, f->va, f->page, prot, &v->obj->seq, f->seq);
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

// Nothing there, private mapping written: straight to a copy.
static enum step_result object_copy(struct fault *f)
{
	struct page *page, *copy;
	uint64_t done;
	enum step_result r;
	int made;

	mark_faulted(f->v); // even if it comes to nothing, as Linux
	r = object_page(f, vma_index(f->v, f->va), 0, false);
	if (r != STEP_DONE)
		return r;
	page = f->page;
	copy = pmm_alloc(0, 0);
	if (!copy) {
		page_put(page, 0);
		return fail(f, FAULT_OOM);
	}
	memcpy(phys_to_virt(page_to_pa(copy)), phys_to_virt(page_to_pa(page)), PAGE_SIZE);
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
static enum step_result shared_write(struct fault *f)
{
	struct pt_entry e = pt_query(&f->as->pt, f->va);

	if (!e.present)
		return STEP_AGAIN;
	if (entry_allows(f, &e))
		return STEP_DONE;
	if (f->v->obj->ops->mkwrite && !f->told)
		return STEP_NEED_MKWRITE;
	return set_prot(f, e, e.prot | vma_pt_prot(f->v) | PT_DIRTY);
}

static enum step_result (*const steps[KINDS][ENTRY_STATES][2])(struct fault *f) = {
	//                               read            write
	[KIND_ANON][ENTRY_NONE] = { anon_zero, anon_new },
	[KIND_ANON][ENTRY_PRESENT] = { present_read, private_write },
	[KIND_SHARED][ENTRY_NONE] = { object_map, object_map },
	[KIND_SHARED][ENTRY_PRESENT] = { present_read, shared_write },
	[KIND_PRIVATE][ENTRY_NONE] = { object_map, object_copy },
	[KIND_PRIVATE][ENTRY_PRESENT] = { present_read, private_write },
	[KIND_HUGETLB][ENTRY_NONE] = { hugetlb, hugetlb },
	[KIND_HUGETLB][ENTRY_PRESENT] = { hugetlb, hugetlb },
};

static enum kind kind_of(const struct vma *v)
{
	if (!v->obj)
		return KIND_ANON;
	if (unlikely(v->flags & VMA_HUGETLB))
		return KIND_HUGETLB;
	return (v->flags & VMA_SHARED) ? KIND_SHARED : KIND_PRIVATE;
}

// The processor's word about the entry is good for the first try only.
static enum step_result run_steps(struct fault *f, bool present)
{
	const enum kind kind = kind_of(f->v);
	enum step_result r;

	while ((r = steps[kind][present ? ENTRY_PRESENT : ENTRY_NONE][f->write](f)) == STEP_AGAIN)
		present = pt_query(&f->as->pt, f->va).present;
	return r;
}

static bool access_allowed(const struct vma *v, uint32_t error)
{
	if (error & FAULT_ERR_WRITE)
		return v->flags & VMA_WRITE;
	// As Linux, fetching what is not there maps it as a read would; the next fault refuses.
	if ((error & FAULT_ERR_FETCH) && (error & FAULT_ERR_PRESENT))
		return v->flags & VMA_EXEC;
	return v->flags & VMA_PROT_FLAGS;
}

// A stack grows down to |va| under the exclusive lock, if limits and the guard gap allow.
static bool grow_stack_locked(struct aspace *as, va_t va)
{
	struct vma *v = aspace_find_vma(as, va), *prev;
	uint64_t more;

	if (!v || v->start <= va)
		return v != NULL;
	if (!(v->flags & VMA_GROWSDOWN) || v->end - va > as->limits.stack)
		return false;
	prev = vma_prev(v);
	if (prev && !(prev->flags & VMA_GROWSDOWN) && (prev->flags & VMA_PROT_FLAGS) &&
	    va - prev->end < as->stack_guard_gap_pages << PAGE_SHIFT)
		return false;
	more = (v->start - va) >> PAGE_SHIFT;
	if (va < PAGE_SIZE || v->pgoff < more || !vma_may_expand(as, v->flags, more))
		return false;
	if ((v->flags & VMA_LOCKED) && !vma_may_lock(as, more))
		return false;
	vma_set_range(as, v, va, v->end, v->pgoff - more);
	return true;
}

__cold static __noinline bool grow_stack(struct aspace *as, va_t va)
{
	bool grown;

	rwsem_write_lock(&as->lock);
	grown = grow_stack_locked(as, va);
	rwsem_write_unlock(&as->lock);
	return grown;
}

// Does what a step may not do under the lock. The object is kept by a reference of its own.
static __noinline enum fault_result wait_unlocked(struct fault *f, enum step_result why,
						  struct memobj *o, uint64_t index)
{
	struct page *page;
	int r;

	if (why == STEP_UNSTABLE) {
		memobj_wait_stable(o);
		return FAULT_OK;
	}
	f->major = true;
	f->told = why == STEP_NEED_MKWRITE;
	if (f->told)
		r = o->ops->mkwrite(o, index);
	else if (!(r = memobj_get_page(o, index, MEMOBJ_ALLOC, &page)))
		page_put(page, 0);
	if (r == 0)
		return FAULT_OK;
	if (r == -ENOMEM)
		return FAULT_OOM;
	return r == -EIO ? FAULT_IO : FAULT_BUS;
}

static void count_fault(struct aspace *as, bool major)
{
	__atomic_fetch_add(major ? &as->major_faults : &as->minor_faults, 1, __ATOMIC_RELAXED);
}

// What |r| asks for and the lock forbids; it is dropped. True: |f->result| is final.
static __noinline bool attempt_failed(struct fault *f, enum step_result r)
{
	struct memobj *o = f->v->obj;
	uint64_t index = vma_index(f->v, f->va);

	if (r == STEP_FAILED) {
		rwsem_read_unlock(&f->as->lock);
		return true;
	}
	memobj_get(o);
	rwsem_read_unlock(&f->as->lock);
	f->result = wait_unlocked(f, r, o, index);
	memobj_put(o);
	return f->result != FAULT_OK;
}

// Nothing is mapped at the address; the lock is dropped. True: |f->result| is final.
__cold static __noinline bool no_mapping(struct fault *f)
{
	const bool may_grow = f->v && (f->v->flags & VMA_GROWSDOWN);

	rwsem_read_unlock(&f->as->lock);
	f->result = FAULT_MAPERR;
	return !may_grow || !grow_stack(f->as, f->va);
}

// One attempt with the lock held; it is dropped on return. True: |f->result| is final.
static inline bool attempt(struct fault *f, uint32_t error)
{
	enum step_result r;

	f->v = aspace_find_vma(f->as, f->va);
	if (unlikely(!f->v || f->v->start > f->va))
		return no_mapping(f);
	f->result = FAULT_OK;
	if (unlikely(!access_allowed(f->v, error))) {
		f->result = FAULT_ACCERR;
		r = STEP_FAILED;
	} else {
		if (unlikely(!READ_ONCE(f->v->touched)))
			WRITE_ONCE(f->v->touched, true);
		r = run_steps(f, error & FAULT_ERR_PRESENT);
	}
	if (unlikely(r != STEP_DONE))
		return attempt_failed(f, r);
	rwsem_read_unlock(&f->as->lock);
	return true;
}

__cold void aspace_out_of_memory(struct aspace *as)
{
	if (state.oom_handler)
		(void)state.oom_handler(as);
}

static __noinline enum fault_result failed(struct fault *f)
{
	if (f->result == FAULT_OOM)
		aspace_out_of_memory(f->as);
	return f->result;
}

enum fault_result aspace_fault(struct aspace *as, va_t va, uint32_t error)
{
	struct fault f;

	if (unlikely(va >= USER_TOP))
		return FAULT_MAPERR;
	f.as = as;
	f.va = va & PAGE_MASK;
	f.write = error & FAULT_ERR_WRITE;
	f.major = f.told = false;
	do {
		rwsem_read_lock(&as->lock);
	} while (unlikely(!attempt(&f, error)));
	if (unlikely(f.result != FAULT_OK))
		return failed(&f);
	count_fault(as, f.major);
	return FAULT_OK;
}
