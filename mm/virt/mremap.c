// mremap(2) in Linux 6.18's terms: resize in place, move, copy a shared mapping (old size 0), leave
// the old range behind (MREMAP_DONTUNMAP), move several mappings at once. Holds the address space's
// lock for write.
#include <linux/errno.h>
#include <linux/mman.h>

#include "kernel/sched/sched.h"
#include "mm/phys/tlb.h"
#include "mm/virt/mmap.h"
#include "mm/virt/place.h"
#include "mm/virt/vma.h"

struct remap {
	struct aspace *as;
	struct vma *v;
	va_t addr, new_addr;
	uint64_t old_bytes, new_bytes;
	unsigned flags;
	struct vma *dead;
	bool populate; // the new part of a locked mapping
};

static bool gives_address(const struct remap *m)
{
	return m->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

static bool ranges_overlap(const struct remap *m)
{
	return m->addr + m->old_bytes > m->new_addr && m->new_addr + m->new_bytes > m->addr;
}

// check_mremap_params() of Linux 6.18.
static int check_arguments(const struct remap *m)
{
	if (m->flags & ~(unsigned)(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if (!IS_ALIGNED(m->addr, PAGE_SIZE) || !m->new_bytes || m->new_bytes > USER_TOP)
		return -EINVAL;
	if (!gives_address(m))
		return 0;
	if (m->new_addr > USER_TOP - m->new_bytes || !IS_ALIGNED(m->new_addr, PAGE_SIZE))
		return -EINVAL;
	if (!(m->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((m->flags & MREMAP_DONTUNMAP) && m->old_bytes != m->new_bytes)
		return -EINVAL;
	if (ranges_overlap(m))
		return -EINVAL;
	return m->as->vma_count + 2 >= vm_policy.max_map_count - 3 ? -ENOMEM : 0;
}

static uint64_t growth(const struct remap *m)
{
	return m->new_bytes > m->old_bytes ? m->new_bytes - m->old_bytes : 0;
}

// check_prep_vma() of Linux 6.18: may this mapping be moved or grown so?
static int check_mapping(struct remap *m)
{
	struct vma *v = m->v;
	uint64_t index;

	if (!v || v->start > m->addr)
		return -EFAULT;
	if (v->flags & VMA_HUGETLB) {
		m->old_bytes = ALIGN_UP(m->old_bytes, HUGE_SIZE);
		m->new_bytes = ALIGN_UP(m->new_bytes, HUGE_SIZE);
		if (!IS_ALIGNED(m->addr | m->new_addr, HUGE_SIZE) || growth(m))
			return -EINVAL;
	}
	if (!gives_address(m) && m->new_bytes <= m->old_bytes)
		return 0;
	if (!m->old_bytes && !(v->flags & VMA_SHARED))
		return -EINVAL;
	if ((m->flags & MREMAP_DONTUNMAP) && (v->flags & VMA_DONTEXPAND))
		return -EINVAL;
	// What is cut off may lie in other mappings.
	if (MIN(m->old_bytes, m->new_bytes) > v->end - m->addr)
		return -EFAULT;
	if (m->new_bytes == m->old_bytes)
		return 0;
	index = vma_index(v, m->addr);
	if (index + (m->new_bytes >> PAGE_SHIFT) < index)
		return -EINVAL;
	if (v->flags & VMA_DONTEXPAND)
		return -EFAULT;
	if ((v->flags & VMA_LOCKED) && !vma_may_lock(m->as, growth(m) >> PAGE_SHIFT))
		return -EAGAIN;
	return vma_may_expand(m->as, v->flags, growth(m) >> PAGE_SHIFT) ? 0 : -ENOMEM;
}

static int unmap(struct remap *m, va_t start, uint64_t bytes)
{
	if (start > USER_TOP || bytes > USER_TOP - start)
		return -EINVAL;
	return bytes ? vma_clear_range(m->as, start, start + bytes, &m->dead) : 0;
}

// Entries move in steps under the views' lock, so that a truncation at work looks again.
static __stack_guarded int move_step(struct aspace *as, struct memobj *o, va_t from, va_t to,
				     uint64_t bytes)
{
	struct tlb_batch batch;
	int r;

	tlb_batch_begin(&batch, &as->pt);
	if (o)
		spin_lock(&o->views_lock);
	r = pt_move_range(&as->pt, from, to, bytes, &batch);
	// Flushed before a truncation can zap the new place: its flush does not cover the old one.
	tlb_batch_end(&batch);
	if (o) {
		o->zap_restart = true;
		spin_unlock(&o->views_lock);
	}
	vma_uncount_rss(as, o, &batch); // 2 MiB entries that cannot be one there
	return r;
}

static int move_entries(struct aspace *as, struct memobj *o, va_t from, va_t to, uint64_t bytes)
{
	uint64_t done = 0, step;
	int r = 0;

	while (done < bytes) {
		step = MIN(bytes - done, HUGE_SIZE);
		r = move_step(as, o, from + done, to + done, step);
		if (r)
			break;
		done += step;
		sched_point();
	}
	// The tables at the old place are still there: moving back needs no memory.
	while (r && done) {
		step = done % HUGE_SIZE ? done % HUGE_SIZE : HUGE_SIZE;
		done -= step;
		if (move_step(as, o, to + done, from + done, step))
			break;
	}
	return r;
}

static struct vma *new_place(const struct remap *m)
{
	struct vma like = *m->v;

	like.start = m->new_addr;
	like.end = m->new_addr + m->new_bytes;
	like.pgoff = vma_index(m->v, m->addr);
	if (!like.obj && !like.anon_id)
		like.pgoff = like.start >> PAGE_SHIFT;
	like.touched = MAX(like.touched, VMA_TOUCHED); // moving makes tables
	return vma_new(&like);
}

// The old range after its entries have moved away. With MREMAP_DONTUNMAP the whole mapping is left
// as it is, but not locked any more, and empty if all of it moved.
static void leave_old_place(struct remap *m, struct vma *old)
{
	if (!m->old_bytes)
		return;
	if (!(m->flags & MREMAP_DONTUNMAP)) {
		vma_remove_range(m->as, m->addr, m->addr + m->old_bytes, &m->dead);
		return;
	}
	vma_set_flags(m->as, old, old->flags & ~(unsigned)(VMA_LOCKED | VMA_LOCKONFAULT));
	if (old->start == m->addr && old->end == m->addr + m->old_bytes)
		old->anon_id = 0;
}

static int64_t move_mapping(struct remap *m)
{
	struct aspace *as = m->as;
	struct vma *nv, *old = m->v;
	int r = -ENOMEM;

	if (as->vma_count >= vm_policy.max_map_count - 3)
		return -ENOMEM;
	if ((old->flags & VMA_ACCOUNT) && !vma_may_commit(m->new_bytes >> PAGE_SHIFT))
		return -ENOMEM;
	nv = new_place(m);
	if (!nv)
		return -ENOMEM;
	if (m->old_bytes && !(m->flags & MREMAP_DONTUNMAP)) {
		r = vma_isolate_one(as, old, m->addr, m->addr + m->old_bytes, &old);
		if (r)
			goto fail;
	}
	vma_link(as, nv);
	r = move_entries(as, nv->obj, m->addr, m->new_addr, m->old_bytes);
	if (r) {
		vma_remove_range(as, nv->start, nv->end, &m->dead);
		vma_merge_around(as, old, &m->dead);
		return r;
	}
	m->populate = nv->flags & VMA_LOCKED;
	leave_old_place(m, old);
	vma_merge_around(as, nv, &m->dead);
	return (int64_t)m->new_addr;
fail:
	nv->next_dead = m->dead;
	m->dead = nv;
	return r;
}

static int64_t find_place(struct remap *m, va_t hint, unsigned map_flags)
{
	struct vma *above;
	int64_t at = place_mapping(m->as, hint, m->new_bytes, map_flags, !m->v->obj, &above);

	if (at >= 0)
		m->new_addr = (va_t)at;
	return at;
}

// To an address that the caller gives, or hints at.
static int64_t move_to(struct remap *m)
{
	const uint64_t tail = m->old_bytes > m->new_bytes ? m->old_bytes - m->new_bytes : 0;
	int64_t r;

	if (m->flags & MREMAP_FIXED) {
		r = unmap(m, m->new_addr, m->new_bytes);
		if (r)
			return r;
	}
	if (tail) {
		r = unmap(m, m->addr + m->new_bytes, tail);
		if (r)
			return r;
		m->old_bytes = m->new_bytes;
	}
	m->v = aspace_find_vma(m->as, m->addr); // unmapping may have split it, or taken it
	if (!m->v || m->v->start > m->addr)
		return -EFAULT;
	if ((m->flags & MREMAP_DONTUNMAP) &&
	    !vma_may_expand(m->as, m->v->flags, m->old_bytes >> PAGE_SHIFT))
		return -ENOMEM;
	r = find_place(m, m->new_addr, (m->flags & MREMAP_FIXED) ? MAP_FIXED : 0);
	return r < 0 ? r : move_mapping(m);
}

static bool room_behind(const struct remap *m)
{
	const struct vma *next = vma_next(m->v);
	va_t end = m->v->end;

	if (m->old_bytes != end - m->addr || end + growth(m) > USER_TOP)
		return false;
	return !next || next->start >= end + growth(m);
}

static int64_t grow(struct remap *m)
{
	struct vma *v = m->v;
	int64_t at;

	if (room_behind(m)) {
		if ((v->flags & VMA_ACCOUNT) && !vma_may_commit(growth(m) >> PAGE_SHIFT))
			return -ENOMEM;
		m->populate = v->flags & VMA_LOCKED;
		vma_set_range(m->as, v, v->start, v->end + growth(m), v->pgoff);
		vma_merge_around(m->as, v, &m->dead);
		return (int64_t)m->addr;
	}
	if (!(m->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	at = find_place(m, 0, 0);
	return at < 0 ? at : move_mapping(m);
}

static int64_t resize_at(struct remap *m)
{
	int r;

	m->new_addr = m->addr;
	if (m->new_bytes > m->old_bytes)
		return grow(m);
	r = unmap(m, m->addr + m->new_bytes, m->old_bytes - m->new_bytes);
	return r ? r : (int64_t)m->addr;
}

static int64_t remap_one(struct remap *m)
{
	int r = check_mapping(m);

	if (r)
		return r;
	return gives_address(m) ? move_to(m) : resize_at(m);
}

// Same size, given address: all mappings of the range move, holes stay holes.
static int64_t move_several(struct remap *m)
{
	const va_t start = m->addr, end = m->addr + m->old_bytes;
	const va_t target = m->new_addr;
	int64_t result = -EFAULT;
	va_t at = start;

	while (at < end) {
		int64_t r;

		m->v = aspace_find_vma(m->as, at);
		if (!m->v || m->v->start >= end)
			break;
		if (at == start && m->v->start > start)
			return -EFAULT;
		if (vma_is_segment(m->v) && (result >= 0 || m->v->end < end))
			return -EFAULT;
		m->addr = MAX(m->v->start, at);
		m->old_bytes = m->new_bytes = MIN(m->v->end, end) - m->addr;
		m->new_addr = target + (m->addr - start);
		at = m->addr + m->old_bytes;
		r = remap_one(m);
		if (r < 0)
			return r;
		if (result < 0)
			result = r;
	}
	return result;
}

static int64_t remap_locked(struct remap *m)
{
	int r = check_arguments(m);

	if (r)
		return r;
	if ((m->flags & MREMAP_FIXED) && m->old_bytes == m->new_bytes)
		return move_several(m);
	m->v = aspace_find_vma(m->as, m->addr);
	return remap_one(m);
}

int64_t vm_mremap(struct aspace *as, va_t addr, uint64_t old_bytes, uint64_t new_bytes,
		  unsigned flags, va_t new_addr)
{
	struct remap m = {
		.as = as,
		.addr = addr,
		.new_addr = new_addr,
		.old_bytes = ALIGN_UP(old_bytes, PAGE_SIZE),
		.new_bytes = ALIGN_UP(new_bytes, PAGE_SIZE),
		.flags = flags,
	};
	const uint64_t old_pages_bytes = m.old_bytes;
	int64_t at;

	rwsem_write_lock(&as->lock);
	at = remap_locked(&m);
	rwsem_write_unlock(&as->lock);
	vma_release_list(m.dead);
	if (at >= 0 && m.populate && m.new_bytes > old_pages_bytes)
		vm_populate(as, (va_t)at + old_pages_bytes, m.new_bytes - old_pages_bytes);
	return at;
}
