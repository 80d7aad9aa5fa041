// mlock(2) and its family, msync(2), mincore(2). There is no swap, so locking means: present now.
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/mman.h>

#include "kernel/sched/cred.h"
#include "mm/phys/pmm.h"
#include "mm/virt/mmap.h"
#include "mm/virt/populate.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/vma.h"

#define LOCK_FLAGS ((unsigned)(VMA_LOCKED | VMA_LOCKONFAULT))

struct relock {
	unsigned flags; // the new LOCK_FLAGS
	va_t next;      // first address not visited: a hole ends it
	struct vma *dead;
};

static int relock_visit(struct aspace *as, struct vma **v, va_t start, va_t end, void *arg)
{
	struct relock *l = arg;

	if (start != l->next)
		return -ENOMEM;
	l->next = end;
	if ((*v)->flags & (VMA_SPECIAL | VMA_HUGETLB))
		return 0;
	return vma_modify(as, *v, start, end, ((*v)->flags & ~LOCK_FLAGS) | l->flags, v, &l->dead);
}

static int count_locked(struct aspace *as, struct vma **v, va_t start, va_t end, void *arg)
{
	if ((*v)->flags & VMA_LOCKED)
		*(uint64_t *)arg += (end - start) >> PAGE_SHIFT;
	return 0;
}

static bool within_lock_limit(struct aspace *as, va_t start, va_t end)
{
	uint64_t already = 0;

	if (vma_may_lock(as, (end - start) >> PAGE_SHIFT))
		return true;
	// What is locked already is not locked twice; holes are found later.
	(void)vma_for_range(as, start, end, count_locked, &already);
	return as->locked_pages + ((end - start) >> PAGE_SHIFT) - already <= as->limits.memlock >>
	       PAGE_SHIFT;
}

static int relock_range(struct aspace *as, va_t start, va_t end, unsigned flags, bool limited)
{
	struct relock l = { .flags = flags, .next = start };
	int r = -ENOMEM;

	rwsem_write_lock(&as->lock);
	if (!limited || within_lock_limit(as, start, end))
		r = vma_for_range(as, start, end, relock_visit, &l);
	rwsem_write_unlock(&as->lock);
	vma_release_list(l.dead);
	return r;
}

// Page-aligned range of byte arguments; end < start is -EINVAL, an empty one is reported as such.
static int lock_range(va_t addr, uint64_t bytes, va_t *start, va_t *end)
{
	uint64_t len = ALIGN_UP(bytes + (addr & (PAGE_SIZE - 1)), PAGE_SIZE);

	*start = addr & PAGE_MASK;
	*end = *start + len;
	return *end < *start ? -EINVAL : 0;
}

int vm_mlock(struct aspace *as, va_t addr, uint64_t bytes, unsigned flags)
{
	va_t start, end;
	int r;

	if (flags & ~(unsigned)MLOCK_ONFAULT)
		return -EINVAL;
	if (!vma_can_mlock(as))
		return -EPERM;
	r = lock_range(addr, bytes, &start, &end);
	if (r || start == end)
		return r;
	r = relock_range(as, start, end,
			 VMA_LOCKED | ((flags & MLOCK_ONFAULT) ? VMA_LOCKONFAULT : 0), true);
	if (r)
		return r;
	r = populate_as_mapped(as, start, end, true);
	// Linux's __mlock_posix_error_return().
	return r == -EFAULT ? -ENOMEM : r == -ENOMEM ? -EAGAIN : r;
}

int vm_munlock(struct aspace *as, va_t addr, uint64_t bytes)
{
	va_t start, end;
	int r = lock_range(addr, bytes, &start, &end);

	return r || start == end ? r : relock_range(as, start, end, 0, false);
}

static void relock_all(struct aspace *as, unsigned flags, struct vma **dead)
{
	struct vma *v = aspace_first_vma(as);

	while (v) {
		// Without a split nothing can fail.
		if (!(v->flags & (VMA_SPECIAL | VMA_HUGETLB)) &&
		    vma_modify(as, v, v->start, v->end, (v->flags & ~LOCK_FLAGS) | flags, &v, dead))
			return;
		v = vma_next(v);
	}
}

static void populate_all_locked(struct aspace *as)
{
	va_t at = 0;

	for (;;) {
		struct vma *v;
		va_t start, end;

		rwsem_read_lock(&as->lock);
		v = aspace_find_vma(as, at);
		start = v ? MAX(v->start, at) : 0;
		end = v ? v->end : 0;
		rwsem_read_unlock(&as->lock);
		if (start == end)
			return;
		// As Linux: what cannot be populated is passed over.
		(void)populate_as_mapped(as, start, end, true);
		at = end;
	}
}

int vm_mlockall(struct aspace *as, unsigned flags)
{
	const unsigned locked =
		VMA_LOCKED | ((flags & MCL_ONFAULT) ? (unsigned)VMA_LOCKONFAULT : 0);
	struct vma *dead = NULL;
	int r = 0;

	if (!flags || flags == MCL_ONFAULT ||
	    (flags & ~(unsigned)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
		return -EINVAL;
	if (!vma_can_mlock(as))
		return -EPERM;
	rwsem_write_lock(&as->lock);
	if ((flags & MCL_CURRENT) && as->total_pages > as->limits.memlock >> PAGE_SHIFT &&
	    !cred_has_cap(cred_current(), CAP_IPC_LOCK)) {
		r = -ENOMEM;
	} else {
		as->default_vma_flags = (flags & MCL_FUTURE) ? locked : 0;
		if (flags & MCL_CURRENT)
			relock_all(as, locked, &dead);
	}
	rwsem_write_unlock(&as->lock);
	vma_release_list(dead);
	if (!r && (flags & MCL_CURRENT))
		populate_all_locked(as);
	return r;
}

int vm_munlockall(struct aspace *as)
{
	struct vma *dead = NULL;

	rwsem_write_lock(&as->lock);
	as->default_vma_flags = 0;
	relock_all(as, 0, &dead);
	rwsem_write_unlock(&as->lock);
	vma_release_list(dead);
	return 0;
}

// One mapping's part of msync. 1: go on; else the answer.
struct sync_step {
	va_t end;
	void *owner;
	const struct vm_owner_ops *ops;
	uint64_t from, to; // bytes of the object
};

static int find_sync_step(struct aspace *as, va_t start, va_t end, unsigned flags,
			  struct sync_step *s, int *hole)
{
	struct vma *v = aspace_find_vma(as, start);

	*s = (struct sync_step){ 0 };
	if (!v)
		return -ENOMEM;
	if (start < v->start) {
		if (flags == MS_ASYNC)
			return -ENOMEM;
		*hole = -ENOMEM;
		start = v->start;
		s->end = end;
		if (start >= end)
			return 0;
	}
	if ((flags & MS_INVALIDATE) && (v->flags & VMA_LOCKED))
		return -EBUSY;
	s->end = v->end;
	if (!(flags & MS_SYNC) || !v->owner || !(v->flags & VMA_SHARED) || !v->owner_ops->sync)
		return 0;
	s->owner = v->owner;
	s->ops = v->owner_ops;
	s->from = vma_index(v, start) << PAGE_SHIFT;
	s->to = s->from + (MIN(v->end, end) - start);
	s->ops->get(s->owner);
	return 0;
}

static int msync_range(struct aspace *as, va_t start, va_t end, unsigned flags)
{
	int hole = 0;

	while (start < end) {
		struct sync_step s;
		int r;

		rwsem_read_lock(&as->lock);
		r = find_sync_step(as, start, end, flags, &s, &hole);
		rwsem_read_unlock(&as->lock);
		if (!r && s.owner) {
			r = s.ops->sync(s.owner, s.from, s.to);
			s.ops->put(s.owner);
		}
		if (r)
			return r;
		start = s.end;
	}
	return hole;
}

int vm_msync(struct aspace *as, va_t addr, uint64_t bytes, unsigned flags)
{
	va_t end = addr + ALIGN_UP(bytes, PAGE_SIZE);

	if ((flags & ~(unsigned)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    !IS_ALIGNED(addr, PAGE_SIZE) || (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;
	return msync_range(as, addr, end, flags);
}

static bool is_in_core(struct aspace *as, const struct vma *v, va_t va)
{
	struct pt_entry e = pt_query(&as->pt, va);
	struct page *p;

	if (e.present && !pt_is_guard(&e))
		return true;
	if (!v->obj || (v->flags & VMA_HUGETLB))
		return false;
	p = memobj_find_page(v->obj, vma_index(v, va)); // also past the end
	if (p)
		page_put(p, 0);
	return p;
}

// Up to |max| pages from |va| on, of one mapping; how many, or -ENOMEM.
static int64_t mincore_some(struct aspace *as, va_t va, uint64_t max, uint8_t *out)
{
	struct vma *v = aspace_find_vma(as, va);
	uint64_t n;

	if (!v || v->start > va)
		return -ENOMEM;
	n = MIN(max, (v->end - va) >> PAGE_SHIFT);
	for (uint64_t i = 0; i < n; i++)
		out[i] = is_in_core(as, v, va + (i << PAGE_SHIFT));
	return (int64_t)n;
}

int vm_mincore(struct aspace *as, va_t addr, uint64_t bytes, struct uptr vec)
{
	uint64_t pages = (bytes >> PAGE_SHIFT) + ((bytes & (PAGE_SIZE - 1)) != 0);
	uint8_t part[256];

	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (addr > USER_TOP || bytes > USER_TOP - addr)
		return -ENOMEM;
	if (vec.va > USER_TOP || pages > USER_TOP - vec.va)
		return -EFAULT;
	while (pages) {
		int64_t n;

		rwsem_read_lock(&as->lock);
		n = mincore_some(as, addr, MIN(pages, sizeof(part)), part);
		rwsem_read_unlock(&as->lock);
		if (n < 0)
			return (int)n;
		if (copy_to_user(vec, part, (size_t)n))
			return -EFAULT;
		vec = uptr_add(vec, (uint64_t)n);
		addr += (uint64_t)n << PAGE_SHIFT;
		pages -= (uint64_t)n;
	}
	return 0;
}
