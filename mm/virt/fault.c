// The page fault: what kind of mapping, what the entry holds and what was tried pick a step from a
// table; steps are small and may be repeated. Holds the address space shared; never sleeps with it
// held: a step that must wait (a fill, a truncation under way) says so and is repeated from the
// vma.
#include <linux/errno.h>

#include "kernel/sched/sched.h"
#include "mm/phys/pmm.h"
#include "mm/virt/fault_impl.h"
#include "mm/virt/huge.h"
#include "mm/virt/lazy.h"
#include "mm/virt/resv.h"

enum kind { KIND_ANON, KIND_SHARED, KIND_PRIVATE, KIND_HUGETLB, KINDS };
enum entry_state { ENTRY_NONE, ENTRY_PRESENT, ENTRY_STATES };

static struct {
	bool (*oom_handler)(struct aspace *); // set at init
} state;

void aspace_set_oom_handler(bool (*handler)(struct aspace *as))
{
	state.oom_handler = handler;
}

static enum step_result (*const steps[KINDS][ENTRY_STATES][2])(struct fault *f) = {
	//                               read            write
	[KIND_ANON][ENTRY_NONE] = { fault_anon_zero, fault_anon_new },
	[KIND_ANON][ENTRY_PRESENT] = { fault_present_read, fault_private_write },
	[KIND_SHARED][ENTRY_NONE] = { fault_object_map, fault_object_map },
	[KIND_SHARED][ENTRY_PRESENT] = { fault_present_read, fault_shared_write },
	[KIND_PRIVATE][ENTRY_NONE] = { fault_object_map, fault_object_copy },
	[KIND_PRIVATE][ENTRY_PRESENT] = { fault_present_read, fault_private_write },
	[KIND_HUGETLB][ENTRY_NONE] = { fault_hugetlb, fault_hugetlb },
	[KIND_HUGETLB][ENTRY_PRESENT] = { fault_hugetlb, fault_hugetlb },
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

	while ((r = steps[kind][present ? ENTRY_PRESENT : ENTRY_NONE][f->write](f)) == STEP_AGAIN) {
		struct pt_entry e = pt_query(&f->as->pt, f->va);

		if (pt_is_guard(&e))
			return fail(f, FAULT_MAPERR);
		present = e.present;
	}
	return r;
}

static bool access_allowed(const struct vma *v, uint32_t error)
{
	if (error & FAULT_ERR_WRITE)
		return v->flags & VMA_WRITE || error & FAULT_ERR_FORCED;
	// As Linux, fetching what is not there maps it as a read would; the next fault refuses.
	if ((error & FAULT_ERR_FETCH) && (error & FAULT_ERR_PRESENT))
		return v->flags & VMA_EXEC;
	return v->flags & VMA_PROT_FLAGS || error & FAULT_ERR_FORCED;
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
	if (why == STEP_PROMOTE) {
		f->promoted = true;
		huge_promote(f->as, f->va);
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

// The first fault in the mapping, or one where guards may be, before the object is asked for pages.
__cold static __noinline bool hits_guard(struct fault *f)
{
	struct pt_entry e;

	if (!READ_ONCE(f->v->touched)) {
		WRITE_ONCE(f->v->touched, VMA_TOUCHED);
		return false; // guards come under the exclusive lock
	}
	e = pt_query(&f->as->pt, f->va);
	return pt_is_guard(&e);
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
		if (unlikely(READ_ONCE(f->v->touched) != VMA_TOUCHED) && hits_guard(f))
			r = fail(f, FAULT_MAPERR);
		else
			r = run_steps(f, error & FAULT_ERR_PRESENT);
	}
	if (unlikely(r != STEP_DONE))
		return attempt_failed(f, r);
	rwsem_read_unlock(&f->as->lock);
	return true;
}

__cold bool aspace_out_of_memory(struct aspace *as)
{
	return (resv_reclaim() || lazy_reclaim(true) ||
		(state.oom_handler && state.oom_handler(as))) &&
	       !sched_killed();
}

// The lock is held.
static __noinline enum fault_result resolve(struct aspace *as, va_t va, uint32_t error)
{
	struct fault f;

	f.as = as;
	f.va = va;
	f.write = error & FAULT_ERR_WRITE;
	f.major = f.told = f.promoted = false;
	for (;;) {
		if (likely(attempt(&f, error))) {
			if (likely(f.result == FAULT_OK))
				break;
			if (f.result != FAULT_OOM || !aspace_out_of_memory(as))
				return f.result;
		}
		rwsem_read_lock(&as->lock);
	}
	count_fault(as, f.major);
	return FAULT_OK;
}

// What most faults are, in one piece: a write to nothing makes a page, of private memory, or of an
// object that is written page by page. False: that it is not, or something is in the way.
static inline bool make_page(struct aspace *as, va_t va, uint32_t error)
{
	struct vma *v = aspace_find_vma(as, va);

	if (unlikely(!v || v->start > va) || READ_ONCE(v->touched) != VMA_TOUCHED ||
	    (error & (FAULT_ERR_WRITE | FAULT_ERR_PRESENT)) != FAULT_ERR_WRITE ||
	    (v->flags & (VMA_WRITE | VMA_HUGEPAGE | VMA_HUGETLB)) != VMA_WRITE)
		return false;
	return v->obj ? fault_object_next(as, v, va) : !fault_make_anon(as, v, va);
}

enum fault_result aspace_fault(struct aspace *as, va_t va, uint32_t error)
{
	if (unlikely(va >= USER_TOP))
		return FAULT_MAPERR;
	va &= PAGE_MASK;
	rwsem_read_lock(&as->lock);
	if (unlikely(!make_page(as, va, error)))
		return resolve(as, va, error);
	rwsem_read_unlock(&as->lock);
	count_fault(as, false);
	return FAULT_OK;
}
