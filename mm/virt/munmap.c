// Taking mappings out: munmap(2), and the same for mmap(MAP_FIXED), mremap, exec and exit. Views
// leave their object's tree after their entries and before page-table pages are freed; files and
// objects are released only after the address space's lock is dropped, because that may take inode
// locks.
#include "mm/virt/mmap.h"

#include <linux/errno.h>

#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/tlb.h"
#include "mm/virt/vma.h"

static void rss_sub(int64_t *counter, uint64_t pages)
{
	if (pages)
		__atomic_fetch_sub(counter, (int64_t)pages, __ATOMIC_RELAXED);
}

static uint64_t resident_pages(const struct aspace *as)
{
	const int64_t n =
		READ_ONCE(as->rss_anon) + READ_ONCE(as->rss_file) + READ_ONCE(as->rss_shmem);

	return n > 0 ? (uint64_t)n : 0;
}

uint64_t aspace_peak_rss_pages(const struct aspace *as)
{
	return MAX(READ_ONCE(as->peak_rss_pages), resident_pages(as));
}

// The peak is noted where it begins to fall: faults need not look.
static void note_peak(struct aspace *as)
{
	uint64_t now = resident_pages(as), peak = READ_ONCE(as->peak_rss_pages);

	while (now > peak && !__atomic_compare_exchange_n(&as->peak_rss_pages, &peak, now, false,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void vma_uncount_rss(struct aspace *as, const struct memobj *o, const struct tlb_batch *b)
{
	if (!(b->anon_pages | b->obj_pages) || (o && o->huge))
		return;
	note_peak(as);
	rss_sub(&as->rss_anon, b->anon_pages);
	rss_sub(o && o->counts_as_file ? &as->rss_file : &as->rss_shmem, b->obj_pages);
}

__stack_guarded void vma_zap_range(struct aspace *as, struct vma *v, va_t start, va_t end)
{
	uint64_t step = HUGE_SIZE; // grows while nothing is found

	if (!v->touched)
		return;
	while (start < end) {
		va_t to = MIN(end, ALIGN_DOWN(start, HUGE_SIZE) + step);
		struct tlb_batch batch;
		bool found;

		tlb_batch_begin(&batch, &as->pt);
		// Entries of an object's pages hold no reference: a truncation that finds them gone
		// must be able to rely on them being flushed too.
		if (v->obj)
			spin_lock(&v->obj->views_lock);
		pt_unmap_range(&as->pt, start, to, &batch);
		found = batch.anon_pages + batch.obj_pages != 0;
		tlb_batch_end(&batch);
		if (v->obj)
			spin_unlock(&v->obj->views_lock);
		vma_uncount_rss(as, v->obj, &batch);
		step = found ? HUGE_SIZE : MIN(step * 2, VMA_MAX_STEP_BYTES);
		start = to;
		if (start < end)
			sched_point();
	}
}

// A neighbour that keeps a table from going answers for it from now on.
static void leave_table(struct vma *heir, bool shares)
{
	if (heir && shares)
		heir->touched = MAX(heir->touched, VMA_TOUCHED);
}

// Tables of [start, end) go if no vma on either side needs them. |next|: the one above, or NULL.
// Only for what was touched: so each table lies in the range of a vma that was.
static __stack_guarded void free_tables(struct aspace *as, va_t start, va_t end, struct vma *prev,
					struct vma *next)
{
	struct tlb_batch batch;

	leave_table(prev, prev && prev->end > ALIGN_DOWN(start, HUGE_SIZE));
	leave_table(next, next && next->start < ALIGN_UP(end, HUGE_SIZE));
	tlb_batch_begin(&batch, &as->pt);
	pt_free_tables(&as->pt, start, end, prev ? prev->end : 0, next ? next->start : USER_TOP,
		       &batch);
	tlb_batch_end(&batch);
}

// Takes |v| and those behind it that begin below |end| out.
static __noinline void remove_found(struct aspace *as, struct vma *v, va_t end, struct vma **dead)
{
	va_t low = 0, high = 0; // of what had entries

	while (v && v->start < end) {
		struct vma *next = vma_next(v);

		if (v->touched) {
			// In this order: a truncation must find the view while it has entries.
			vma_zap_range(as, v, v->start, v->end);
			low = high ? low : v->start;
			high = v->end;
		}
		vma_unlink(as, v);
		vma_discard(as, v, dead);
		v = next;
	}
	if (high)
		free_tables(as, low, high, v ? v->prev : as->highest, v);
}

void vma_remove_range(struct aspace *as, va_t start, va_t end, struct vma **dead)
{
	remove_found(as, aspace_find_vma(as, start), end, dead);
}

static void drop_private(struct aspace *as, const struct vma *v)
{
	uint64_t step = HUGE_SIZE;
	va_t to;

	for (va_t at = v->start; at < v->end; at = to) {
		to = MIN(v->end, ALIGN_DOWN(at, HUGE_SIZE) + step);
		step = pt_drop_private(&as->pt, at, to) ? HUGE_SIZE
							: MIN(step * 2, VMA_MAX_STEP_BYTES);
		if (to < v->end)
			sched_point();
	}
}

__stack_guarded void vma_remove_all(struct aspace *as, struct vma **dead)
{
	struct vma *v = as->lowest, *next;
	struct tlb_batch tables;

	tlb_unload(&as->pt);
	tlb_batch_begin(&tables, &as->pt);
	for (; v; v = next) {
		next = v->next;
		if (v->touched && !v->obj)
			drop_private(as, v);
		else if (v->touched)
			vma_zap_range(as, v, v->start, v->end);
		if (v->obj)
			vma_hide(v);
		// Here, where it is known where they are, rather than at the end.
		if (v->touched)
			pt_free_tables(&as->pt, v->start, v->end, 0, next ? next->start : USER_TOP,
				       &tables);
		vma_discard(as, v, dead);
	}
	tlb_batch_end(&tables);
	// They went as one, not each out of its trees.
	as->vmas.node = NULL;
	as->lowest = as->highest = as->last_hit = as->place_at = NULL;
	memset(as->fresh, 0, sizeof(as->fresh));
	as->vma_count = 0;
}

// Cuts [start, end), one end of |v| but not all of it, off.
static void cut(struct aspace *as, struct vma *v, va_t start, va_t end)
{
	vma_zap_range(as, v, start, end);
	if (start == v->start)
		vma_set_range(as, v, end, v->end, vma_index(v, end));
	else
		vma_set_range(as, v, v->start, start, v->pgoff);
	if (!v->touched)
		return;
	if (end == v->start)
		free_tables(as, start, end, v->prev, v);
	else
		free_tables(as, start, end, v, v->next);
}

// What lies across an end of [start, end). |v| is the first in the range.
static __noinline int clear_across(struct aspace *as, struct vma *v, va_t start, va_t end,
				   struct vma **dead)
{
	int r;

	// Owners are told of each part that goes (SysV shm shows it): what has one is split. So is
	// what cannot be cut anywhere: that is refused there.
	if (!v->owner && !(v->flags & VMA_HUGETLB) &&
	    ((v->start == start && v->end > end) || (v->start < start && v->end == end))) {
		cut(as, v, start, end);
		return 0;
	}
	r = vma_isolate(as, start, end);
	if (!r)
		vma_remove_range(as, start, end, dead);
	return r;
}

int vma_clear_from(struct aspace *as, struct vma *v, va_t start, va_t end, struct vma **dead)
{
	if (v->start < start || v->end != end)
		return clear_across(as, v, start, end, dead);
	remove_found(as, v, end, dead);
	return 0;
}

int vma_clear_range(struct aspace *as, va_t start, va_t end, struct vma **dead)
{
	struct vma *v = aspace_find_vma(as, start);

	return v && v->start < end ? vma_clear_from(as, v, start, end, dead) : 0;
}

int64_t vm_munmap(struct aspace *as, va_t addr, uint64_t bytes)
{
	struct vma *dead = NULL, *v;
	int r = 0;

	if (!IS_ALIGNED(addr, PAGE_SIZE) || addr > USER_TOP || bytes > USER_TOP - addr)
		return -EINVAL;
	bytes = ALIGN_UP(bytes, PAGE_SIZE);
	if (!bytes)
		return -EINVAL;
	rwsem_write_lock(&as->lock);
	v = aspace_find_vma(as, addr);
	if (!v || v->start >= addr + bytes)
		goto out;
	// A hole in the middle makes one mapping more.
	if (v->start < addr && v->end > addr + bytes && as->vma_count >= vm_policy.max_map_count) {
		r = -ENOMEM;
		goto out;
	}
	if (v->start < addr || v->end != addr + bytes) {
		r = clear_across(as, v, addr, addr + bytes, &dead);
	} else if (v->touched) {
		remove_found(as, v, addr + bytes, &dead);
	} else { // no entries, and so no tables of its own
		vma_unlink(as, v);
		vma_discard(as, v, &dead);
	}
out:
	rwsem_write_unlock(&as->lock);
	vma_release_list(dead);
	return r;
}

__cold int vm_find_view(struct aspace *as, va_t base, const struct vm_owner_ops *ops, va_t *start,
			va_t *end, void **owner)
{
	int r = -EINVAL;

	rwsem_read_lock(&as->lock);
	for (struct vma *v = aspace_find_vma(as, *start); v && r; v = vma_next(v)) {
		if (v->start < *start || v->owner_ops != ops || (*owner && v->owner != *owner) ||
		    v->start - base != v->pgoff << PAGE_SHIFT)
			continue;
		*start = v->start;
		*end = v->end;
		if (!*owner)
			ops->get(*owner = v->owner);
		r = 0;
	}
	rwsem_read_unlock(&as->lock);
	return r;
}
