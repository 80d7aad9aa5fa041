// Inside mm/virt only: the vma set of an address space (by address, with gaps) and the view tree of
// an object (by page offset). vma_tree.c and vma.c implement it; every change of the geometry of a
// vma goes through here, so that both trees and the counters stay right.
#pragma once

#include "kernel/base/panic.h"
#include "mm/phys/debug.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/aspace.h"
#include "mm/virt/mmap.h"

// What mprotect, madvise and mlock may change; everything else makes two vmas differ for good.
#define VMA_PROT_FLAGS ((unsigned)(VMA_READ | VMA_WRITE | VMA_EXEC))

// No more than this between two reschedule points.
#define VMA_MAX_STEP_BYTES (64ull << 20)

// Of System V shared memory. On Linux such a mapping counts as attached for itself, so that none
// goes by merging; and it does not move together with others.
static inline bool vma_is_segment(const struct vma *v)
{
	return v->owner && v->owner_ops->file;
}

static inline uint64_t vma_pages(const struct vma *v)
{
	return (v->end - v->start) >> PAGE_SHIFT;
}

static inline uint64_t vma_index(const struct vma *v, va_t va)
{
	return v->pgoff + ((va - v->start) >> PAGE_SHIFT);
}

static inline struct vma *vma_prev(const struct vma *v)
{
	return v->prev;
}
static inline struct vma *vma_next(const struct vma *v)
{
	return v->next;
}
// aspace_find_vma where the answer usually is the vma used last: the one above a place that was
// chosen, or that was just cleared.
static inline struct vma *vma_from(struct aspace *as, va_t va)
{
	struct vma *v = as->last_hit;

	if (likely(v && va < v->end && (!v->prev || v->prev->end <= va)))
		return v;
	return aspace_find_vma(as, va);
}

// First address below |v| that others may not use: its start, less the guard gap of a stack.
static inline va_t vma_start_with_gap(const struct vma *v)
{
	uint64_t gap;

	if (likely(!(v->flags & VMA_GROWSDOWN)))
		return v->start;
	gap = v->aspace->stack_guard_gap_pages << PAGE_SHIFT;
	return v->start > gap ? v->start - gap : 0;
}

// vma_tree.c: the address tree. The address space is write-locked.
//
// A vma is linked with its neighbours at once, but goes into the tree (is planted) only when some
// more have come after it, or a gap is searched for: many a mapping is gone again before that.
void vma_plant(struct aspace *as, struct vma *v);
void vma_uproot(struct aspace *as, struct vma *v);
void vma_gap_raise(struct vma *v);
void vma_tree_resized(struct aspace *as, struct vma *v); // start or end changed, order kept
// A free range of |bytes| within [low, high): the highest or the lowest. True if found.
bool vma_gap_highest(struct aspace *as, va_t low, va_t high, uint64_t bytes, va_t *out);
bool vma_gap_lowest(struct aspace *as, va_t low, va_t high, uint64_t bytes, va_t *out);
bool vma_gap_next_slow(struct aspace *as, va_t low, uint64_t bytes, va_t *out);

// In the tree all gaps from this size on are the same: the huge ones, at whose edges mappings come
// and go, need no upkeep then. At most some thousand gaps can be as large.
#define VMA_GAP_CAP (1ull << 36)
static inline uint64_t vma_gap_capped(uint64_t gap)
{
	return gap < VMA_GAP_CAP ? gap : UINT64_MAX;
}

// All of it: guard gaps of stacks count when a place in it was found, as on Linux. While a border
// moves, neighbours overlap for a moment.
static inline uint64_t vma_gap_below(const struct vma *v)
{
	va_t from = v->prev ? v->prev->end : 0;

	return v->start > from ? v->start - from : 0;
}

// There is room for the next mapping below |v|, which has the given gap: is that the highest such?
static inline void vma_gap_offer(struct aspace *as, struct vma *v, uint64_t gap)
{
	if (gap >= as->place_bytes && as->place_at && v->start > as->place_at->start)
		as->place_at = v;
}

// The gap below |v| may have grown.
static inline void vma_gap_grown(struct aspace *as, struct vma *v)
{
	uint64_t gap = vma_gap_below(v);

	vma_gap_offer(as, v, gap);
	if (gap > v->max_gap)
		vma_gap_raise(v);
}

// |next|: the first vma above |v|, or NULL.
static inline void vma_tree_insert(struct aspace *as, struct vma *v, struct vma *next)
{
	struct vma *prev = next ? next->prev : as->highest;
	unsigned slot = as->fresh_turn++ % ARRAY_SIZE(as->fresh);

	if (unlikely(as->fresh[slot]))
		vma_plant(as, as->fresh[slot]);
	as->fresh[slot] = v;
	v->fresh = (uint8_t)(slot + 1);
	v->max_gap = UINT64_MAX; // not in the tree: nothing there is to be raised
	v->prev = prev;
	v->next = next;
	*(prev ? &prev->next : &as->lowest) = v;
	*(next ? &next->prev : &as->highest) = v;
	as->vma_count++;
	as->last_hit = v;
	// A mapping just put at the top of the gap: the next one goes below it.
	if (next && as->place_at == next && next->start - v->end < as->place_bytes)
		as->place_at = v;
}

static inline void vma_tree_erase(struct aspace *as, struct vma *v)
{
	struct vma *prev = v->prev, *next = v->next;
	uint64_t gap;

	if (likely(v->fresh))
		as->fresh[v->fresh - 1] = NULL;
	else
		vma_uproot(as, v);
	*(prev ? &prev->next : &as->lowest) = next;
	*(next ? &next->prev : &as->highest) = prev;
	as->vma_count--;
	as->last_hit = next;
	if (unlikely(!next)) {
		as->place_at = NULL;
		return;
	}
	gap = next->start - (prev ? prev->end : 0);
	if (likely(as->place_at == v))
		as->place_at = next;
	else
		vma_gap_offer(as, next, gap);
	if (gap > next->max_gap)
		vma_gap_raise(next);
}

// The highest place below as->mmap_base, as vma_gap_highest, by memory of where the last one was:
// that of what is now above it. NULL: not to be had so. (place_at is only set while there is
// something above mmap_base.)
static inline struct vma *vma_gap_next(const struct aspace *as, va_t low, uint64_t bytes, va_t *out)
{
	struct vma *v = as->place_at;
	va_t from, to;

	if (unlikely(!v || bytes < as->place_bytes))
		return NULL;
	to = MIN(v->start, as->mmap_base);
	from = MAX(v->prev ? v->prev->end : 0, low);
	if (unlikely(to < from || to - from < bytes || vma_start_with_gap(v) < to))
		return NULL;
	*out = to - bytes;
	return v;
}

// vma_tree.c: the view tree of v->obj; obj->views_lock is held.
void view_insert(struct memobj *o, struct vma *v);
void view_erase(struct memobj *o, struct vma *v);
// The first view, by page offset, that shows any of [first, last]; and the one after |v|.
struct vma *view_first(struct memobj *o, uint64_t first, uint64_t last);
struct vma *view_next(struct vma *v, uint64_t first, uint64_t last);

// vma.c. A record with the given fields and references of its own on object, owner and name; not
// linked. NULL: out of memory.
struct vma *__must_check vma_new(const struct vma *like);
// A record with nothing set, for a mapping that is filled in, acquires its references (-EPERM: its
// object's writers are denied) and is linked, all under the same hold of the lock; or freed again
// while it has no references. NULL: out of memory.
struct vma *__must_check vma_alloc_more(void);
static inline struct vma *__must_check vma_alloc(struct aspace *as)
{
	struct vma *v = as->spares;

	if (unlikely(!v))
		return vma_alloc_more();
	mem_unpoison(v, sizeof(*v));
	as->spares = v->next_dead;
	as->spare_count--;
	return v;
}
// All but |pgoff| and |flags|.
static inline void vma_fill(struct vma *v, struct aspace *as, va_t start, va_t end,
			    const struct mmap_source *src)
{
	v->start = start;
	v->end = end;
	v->obj = src->obj;
	v->owner = src->owner;
	v->owner_ops = src->owner_ops;
	v->name = src->name;
	v->anon_name = NULL;
	v->aspace = as;
	v->anon_id = 0;
	v->marks = 0;
	v->fault_window = 0;
	v->next_fault_index = 0;
}
int __must_check vma_acquire(struct vma *v);
#define VMA_SPARES_MAX 4
static inline void vma_free_blank(struct aspace *as, struct vma *v)
{
	if (unlikely(as->spare_count == VMA_SPARES_MAX)) {
		kfree(v);
		return;
	}
	v->next_dead = as->spares;
	as->spares = v;
	as->spare_count++;
	mem_poison(v, sizeof(*v));
}
void vma_free_spares(struct aspace *as);
// An unlinked vma is not needed any more: freed, or put on |*dead| if that may sleep.
static inline void vma_discard(struct aspace *as, struct vma *v, struct vma **dead)
{
	if (!((uintptr_t)v->obj | (uintptr_t)v->owner | (uintptr_t)v->anon_name)) {
		vma_free_blank(as, v);
		return;
	}
	v->next_dead = *dead;
	*dead = v;
}
void vma_free_unlinked(struct vma *v); // drops its references; may sleep
// The counter of Linux's classes for VmData, VmStk, VmExe and RLIMIT_DATA, or NULL.
static inline uint64_t *vma_class_counter(struct aspace *as, unsigned flags)
{
	if (flags & (VMA_STACK | VMA_GROWSDOWN))
		return &as->stack_pages;
	if ((flags & (VMA_WRITE | VMA_SHARED)) == VMA_WRITE)
		return &as->data_pages;
	if ((flags & (VMA_EXEC | VMA_WRITE)) == VMA_EXEC)
		return &as->exec_pages;
	return NULL;
}

static inline void vma_account(struct aspace *as, unsigned flags, uint64_t pages)
{
	uint64_t *class;

	as->total_pages += pages;
	if ((flags & (VMA_STACK | VMA_GROWSDOWN | VMA_WRITE | VMA_SHARED | VMA_LOCKED)) ==
	    VMA_WRITE) { // as most are
		as->data_pages += pages;
		return;
	}
	class = vma_class_counter(as, flags);
	if (class)
		*class += pages;
	if (flags & (VMA_LOCKED | VMA_SHARED)) {
		as->locked_pages += flags & VMA_LOCKED ? pages : 0;
		as->shared_pages += flags & VMA_SHARED ? pages : 0;
	}
}

// Into and out of its object's tree of views; takes views_lock.
void vma_show(struct vma *v);
void vma_hide(struct vma *v);

// Into both trees and the counters; |next|: the vma above. v->aspace is |as|.
static __always_inline_fn void vma_link_before(struct aspace *as, struct vma *v, struct vma *next)
{
	vma_tree_insert(as, v, next);
	vma_account(as, v->flags, vma_pages(v));
	if (v->obj)
		vma_show(v);
}
void vma_link(struct aspace *as, struct vma *v); // sets v->aspace
// Out of all of them.
static inline void vma_unlink(struct aspace *as, struct vma *v)
{
	if (v->obj)
		vma_hide(v);
	vma_account(as, v->flags, -vma_pages(v));
	vma_tree_erase(as, v);
}
// Moves the edges of a linked vma; |pgoff| is that of the new start.
void vma_set_range(struct aspace *as, struct vma *v, va_t start, va_t end, uint64_t pgoff);
static inline void vma_set_flags(struct aspace *as, struct vma *v, unsigned flags)
{
	uint64_t *from = vma_class_counter(as, v->flags), *to = vma_class_counter(as, flags);
	const uint64_t pages = vma_pages(v);

	if (from != to) {
		if (from)
			*from -= pages;
		if (to)
			*to += pages;
	}
	if ((v->flags ^ flags) & VMA_LOCKED)
		as->locked_pages += flags & VMA_LOCKED ? pages : -pages;
	DEBUG_ASSERT(!((v->flags ^ flags) & VMA_SHARED));
	v->flags = flags;
}
// May |b|, which follows |a| directly, be one mapping with it? The part that usually says no first.
bool vma_may_join(const struct vma *a, const struct vma *b);
static inline bool vma_can_merge(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && !((a->flags ^ b->flags) & ~(unsigned)VMA_FORKED) &&
	       vma_may_join(a, b);
}
// Merges |v| with its neighbours where it may; returns the vma that now covers its range. What
// became superfluous goes on |*dead|.
struct vma *vma_merge_touching(struct aspace *as, struct vma *v, struct vma **dead);
static inline struct vma *vma_merge_around(struct aspace *as, struct vma *v, struct vma **dead)
{
	const struct vma *prev = vma_prev(v), *next = vma_next(v);

	if ((prev && vma_can_merge(prev, v)) || (next && vma_can_merge(v, next)))
		return vma_merge_touching(as, v, dead);
	return v;
}
// Releases a list of unlinked vmas. No lock is held; may sleep.
void vma_release_some(struct vma *dead);
static inline void vma_release_list(struct vma *dead)
{
	if (dead)
		vma_release_some(dead);
}

// Splits at |start| and |end| where they fall inside a vma, so that [start, end) is made of whole
// vmas. 0 or -ENOMEM (memory, or too many mappings), then nothing is changed.
int __must_check vma_isolate(struct aspace *as, va_t start, va_t end);
// As vma_isolate for the part of |v| in [start, end); |*out| is the vma that is exactly that part.
int __must_check vma_isolate_one(struct aspace *as, struct vma *v, va_t start, va_t end,
				 struct vma **out);

// Gives [start, end), part of |v|, other flags: splits, sets, merges. |*out| is the vma that covers
// it then. 0 or -ENOMEM (nothing changed).
int __must_check vma_modify(struct aspace *as, struct vma *v, va_t start, va_t end, unsigned flags,
			    struct vma **out, struct vma **dead);
// Calls |fn| for the part of each vma in [start, end), in order. Holes do not stop it; they make
// the result -ENOMEM. |fn| may split and merge; it returns the vma that covers its part through
// |*v|.
typedef int vma_visit_fn(struct aspace *as, struct vma **v, va_t start, va_t end, void *arg);
int vma_for_range(struct aspace *as, va_t start, va_t end, vma_visit_fn *fn, void *arg);

// munmap.c: unmaps whatever [start, end) shows; what lies across its ends is cut, or split. 0 or
// -ENOMEM (nothing changed).
int __must_check vma_clear_range(struct aspace *as, va_t start, va_t end, struct vma **dead);
// The same where |v| is known to be the first in that range, and there is one.
int __must_check vma_clear_from(struct aspace *as, struct vma *v, va_t start, va_t end,
				struct vma **dead);
// Takes [start, end) out (whole vmas, after vma_isolate); they go on |*dead|.
void vma_remove_range(struct aspace *as, va_t start, va_t end, struct vma **dead);
// Takes everything out of an address space that nobody runs in any more, nor will.
void vma_remove_all(struct aspace *as, struct vma **dead);
// Unmaps the page-table entries of [start, end) in steps, with the accounting of |v|'s kind.
void vma_zap_range(struct aspace *as, struct vma *v, va_t start, va_t end);
struct tlb_batch;
void vma_uncount_rss(struct aspace *as, const struct memobj *o, const struct tlb_batch *b);

// Says that |v| may have private pages now (the shared lock is enough); a fresh number for that.
void vma_set_anon_id(struct vma *v);
uint64_t vma_new_anon_id(void);

// Counted strings for anonymous names.
char *__must_check vma_name_new(const char *s);
char *vma_name_get(char *name);
void vma_name_put(char *name);

// Private memory that counts for overcommit.
static inline bool vma_is_accountable(unsigned flags)
{
	return (flags & (VMA_WRITE | VMA_SHARED | VMA_NORESERVE | VMA_HUGETLB)) == VMA_WRITE;
}

// Gives the present entries of [start, end) of |v| the rights that its flags say.
void vma_apply_prot(struct aspace *as, struct vma *v, va_t start, va_t end);

// Limits and overcommit (limits.c). |flags| are vma flags of the new pages.
static inline bool vma_may_expand(const struct aspace *as, unsigned flags, uint64_t pages)
{
	if (as->total_pages + pages > as->limits.as >> PAGE_SHIFT)
		return false;
	if ((flags & (VMA_WRITE | VMA_SHARED | VMA_STACK | VMA_GROWSDOWN)) == VMA_WRITE)
		return as->data_pages + pages <= as->limits.data >> PAGE_SHIFT;
	return true;
}
// Linux's heuristic: one request may not be larger than all memory, which never changes.
bool vma_may_commit_more(uint64_t pages);
static inline bool vma_may_commit(uint64_t pages)
{
	return likely(pages <= READ_ONCE(vm_policy.ram_pages)) || vma_may_commit_more(pages);
}
bool vma_may_lock(const struct aspace *as, uint64_t more_pages);
bool vma_can_mlock(const struct aspace *as);

// The hardware rights of |v|'s entries.
_Static_assert((int)VMA_WRITE == (int)PT_WRITE && VMA_EXEC << 1 == (int)PT_EXEC && PT_READ == 1,
	       "vma_pt_prot");
static inline unsigned vma_pt_prot(const struct vma *v)
{
	return PT_USER | (v->flags & VMA_WRITE) | (v->flags & VMA_EXEC) << 1 |
	       ((v->flags & VMA_PROT_FLAGS) != 0);
}
