// madvise(2): a table of advices. Flag changes and zaps run under the exclusive lock; populating
// and hole punching (which takes the inode lock) run without.
#include <linux/errno.h>
#include <linux/mman.h>

#include "lib/uapi_new.h"
#include "mm/phys/tlb.h"
#include "mm/virt/guard.h"
#include "mm/virt/huge.h"
#include "mm/virt/hugetlb.h"
#include "mm/virt/lazy.h"
#include "mm/virt/mmap.h"
#include "mm/virt/populate.h"
#include "mm/virt/slots.h"
#include "mm/virt/vma.h"

struct advice {
	int number;
	unsigned set, clear; // vma flags to change
	unsigned refuse;     // -EINVAL if the vma has one of these
	bool anon_only;      // -EINVAL for what shows an object
	bool zap;            // pages of the range go away, ...
	bool later;          // ... when memory is short
	bool skip_shared;    // done, without effect, for what is shared
};

// VMA_SPECIAL stands for Linux's VM_IO and VM_PFNMAP.
static const struct advice advices[] = {
	{ .number = MADV_NORMAL, .clear = VMA_SEQ_READ | VMA_RAND_READ },
	{ .number = MADV_RANDOM, .set = VMA_RAND_READ, .clear = VMA_SEQ_READ },
	{ .number = MADV_SEQUENTIAL, .set = VMA_SEQ_READ, .clear = VMA_RAND_READ },
	{ .number = MADV_WILLNEED },
	{ .number = MADV_DONTNEED, .refuse = VMA_LOCKED | VMA_SPECIAL, .zap = true },
	{ .number = MADV_DONTNEED_LOCKED, .refuse = VMA_SPECIAL, .zap = true },
	{ .number = MADV_FREE,
	  .refuse = VMA_LOCKED | VMA_SPECIAL,
	  .anon_only = true,
	  .zap = true,
	  .later = true },
	{ .number = MADV_COLD, .refuse = VMA_LOCKED | VMA_SPECIAL | VMA_HUGETLB },
	{ .number = MADV_PAGEOUT, .refuse = VMA_LOCKED | VMA_SPECIAL | VMA_HUGETLB },
	{ .number = MADV_DONTFORK, .set = VMA_DONTFORK },
	{ .number = MADV_DOFORK, .clear = VMA_DONTFORK, .refuse = VMA_SPECIAL },
	{ .number = MADV_WIPEONFORK,
	  .set = VMA_WIPEONFORK,
	  .refuse = VMA_SHARED,
	  .anon_only = true },
	{ .number = MADV_KEEPONFORK, .clear = VMA_WIPEONFORK },
	{ .number = MADV_DONTDUMP, .set = VMA_DONTDUMP },
	{ .number = MADV_DODUMP, .clear = VMA_DONTDUMP, .refuse = VMA_SPECIAL },
	{ .number = MADV_HUGEPAGE,
	  .set = VMA_HUGEPAGE,
	  .clear = VMA_NOHUGEPAGE,
	  .refuse = VMA_SPECIAL },
	{ .number = MADV_NOHUGEPAGE,
	  .set = VMA_NOHUGEPAGE,
	  .clear = VMA_HUGEPAGE,
	  .refuse = VMA_SPECIAL },
	{ .number = MADV_MERGEABLE, .set = VMA_MERGEABLE, .skip_shared = true },
	{ .number = MADV_UNMERGEABLE, .clear = VMA_MERGEABLE },
	{ .number = MADV_POPULATE_READ },
	{ .number = MADV_POPULATE_WRITE },
	{ .number = MADV_REMOVE },
	{ .number = MADV_COLLAPSE },
	{ .number = MADV_GUARD_INSTALL },
	{ .number = MADV_GUARD_REMOVE },
};

static const struct advice *find_advice(int number)
{
	for (unsigned i = 0; i < ARRAY_SIZE(advices); i++) {
		if (advices[i].number == number)
			return &advices[i];
	}
	return NULL;
}

struct visit {
	const struct advice *advice;
	struct vma *dead;
};

static bool is_refused(const struct advice *a, const struct vma *v)
{
	return (v->flags & a->refuse) || (a->anon_only && v->obj);
}

static int change_flags(struct aspace *as, struct vma **v, va_t start, va_t end, void *arg)
{
	struct visit *visit = arg;
	const struct advice *a = visit->advice;

	if (is_refused(a, *v))
		return -EINVAL;
	if (a->skip_shared && ((*v)->flags & (VMA_SHARED | VMA_SPECIAL)))
		return 0;
	return vma_modify(as, *v, start, end, ((*v)->flags | a->set) & ~a->clear, v, &visit->dead);
}

static int advise_locked(struct aspace *as, va_t start, va_t end, const struct advice *a)
{
	struct visit visit = { .advice = a };
	int r;

	rwsem_write_lock(&as->lock);
	r = vma_for_range(as, start, end, change_flags, &visit);
	rwsem_write_unlock(&as->lock);
	vma_release_list(visit.dead);
	return r;
}

// Zaps need no more than the shared lock: entries have locks of their own.
static int zap_visit(struct aspace *as, struct vma **v, va_t start, va_t end, void *arg)
{
	const struct advice *a = arg;

	if (is_refused(a, *v) || hugetlb_is_cut(*v, start))
		return -EINVAL;
	if ((*v)->flags & VMA_HUGETLB)
		end = ALIGN_DOWN(end, HUGE_SIZE);
	if (a->later)
		lazy_mark_range(as, *v, start, end);
	else if ((*v)->touched == VMA_GUARDED)
		guard_zap_range(as, *v, start, end);
	else
		vma_zap_range(as, *v, start, end);
	return 0;
}

static int zap_shared(struct aspace *as, va_t start, va_t end, const struct advice *a)
{
	int r;

	rwsem_read_lock(&as->lock);
	r = vma_for_range(as, start, end, zap_visit, (void *)a);
	rwsem_read_unlock(&as->lock);
	return r;
}

// A part of a shared view whose pages MADV_REMOVE takes out of the object.
struct hole {
	struct memobj *obj;
	void *owner;
	const struct vm_owner_ops *owner_ops;
	uint64_t start, bytes; // in the object
	va_t end;
};

static int find_hole(struct aspace *as, va_t start, va_t end, struct hole *h, int *unmapped)
{
	struct vma *v = aspace_find_vma(as, start);

	*h = (struct hole){ .end = end };
	if (!v)
		return -ENOMEM;
	if (v->start > start) {
		*unmapped = -ENOMEM;
		start = v->start;
		if (start >= end)
			return 0;
	}
	if ((v->flags & VMA_LOCKED) || !v->obj)
		return -EINVAL;
	if ((v->flags & (VMA_SHARED | VMA_MAYWRITE)) != (VMA_SHARED | VMA_MAYWRITE))
		return -EACCES;
	h->end = MIN(v->end, end);
	h->start = vma_index(v, start) << PAGE_SHIFT;
	h->bytes = h->end - start;
	h->obj = v->obj;
	h->owner = v->owner;
	h->owner_ops = v->owner_ops;
	memobj_get(h->obj);
	if (h->owner)
		h->owner_ops->get(h->owner);
	return 0;
}

static int punch(const struct hole *h)
{
	if (h->owner)
		return h->owner_ops->punch ? h->owner_ops->punch(h->owner, h->start, h->bytes)
					   : -EOPNOTSUPP;
	return memobj_punch_anon(h->obj, h->start, h->start + h->bytes);
}

static int remove_pages(struct aspace *as, va_t start, va_t end)
{
	int unmapped = 0, r = 0;

	while (!r && start < end) {
		struct hole h;

		rwsem_read_lock(&as->lock);
		r = find_hole(as, start, end, &h, &unmapped);
		rwsem_read_unlock(&as->lock);
		if (r)
			break;
		if (h.obj) {
			r = punch(&h);
			if (h.owner)
				h.owner_ops->put(h.owner);
			memobj_put(h.obj);
		}
		start = h.end;
	}
	return r ? r : unmapped;
}

// Page by page as far as it goes: what lies before an error is populated.
static int populate(struct aspace *as, va_t start, va_t end, bool write)
{
	const unsigned need = write ? VMA_WRITE : VMA_READ;

	while (start < end) {
		struct vma *v;
		va_t to = end;
		int r = -ENOMEM;

		rwsem_read_lock(&as->lock);
		v = aspace_find_vma(as, start);
		if (v && v->start <= start) {
			to = MIN(v->end, end);
			r = (v->flags & need) && !(v->flags & VMA_SPECIAL) ? 0 : -EINVAL;
		}
		rwsem_read_unlock(&as->lock);
		if (!r)
			r = populate_range(as, start, to, write);
		if (r)
			return r;
		start = to;
	}
	return 0;
}

int vm_madvise(struct aspace *as, va_t addr, uint64_t bytes, int number)
{
	const struct advice *a = find_advice(number);
	uint64_t len = ALIGN_UP(bytes, PAGE_SIZE);
	va_t end = addr + len;

	if (!a || !IS_ALIGNED(addr, PAGE_SIZE) || (bytes && !len) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (number == MADV_REMOVE)
		return remove_pages(as, addr, end);
	if (number == MADV_COLLAPSE)
		return huge_collapse(as, addr, end);
	if (number == MADV_GUARD_INSTALL || number == MADV_GUARD_REMOVE)
		return guard_advise(as, addr, end, number == MADV_GUARD_INSTALL);
	if (number == MADV_POPULATE_READ || number == MADV_POPULATE_WRITE)
		return populate(as, addr, end, number == MADV_POPULATE_WRITE);
	if (a->zap)
		return zap_shared(as, addr, end, a);
	return advise_locked(as, addr, end, a);
}
