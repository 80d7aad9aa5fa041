// mmap(2): flags to vma flags, checks in Linux's order, and the step that puts a mapping in place.
// Holds the address space's lock for write; never takes an inode lock.
#include "mm/virt/mmap.h"

#include <linux/errno.h>
#include <linux/mman.h>

#include "lib/string.h"
#include "mm/virt/huge.h"
#include "mm/virt/hugetlb.h"
#include "mm/virt/place.h"
#include "mm/virt/vma.h"

#define MAX_FILE_PAGES (0x7fffffffffffffffull >> PAGE_SHIFT)
// MAP_SHARED_VALIDATE takes these and nothing else (LEGACY_MAP_MASK of <linux/mman.h>).
#define KNOWN_MAP_FLAGS                                                                            \
	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE |   \
	 MAP_UNINITIALIZED | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |           \
	 MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | MAP_ABOVE4G | MAP_HUGE_2MB |         \
	 MAP_HUGE_1GB)

static const struct mmap_source anonymous_source;

// What mmap was called with, checked as far as no lock is needed.
struct request {
	va_t addr;
	uint64_t bytes; // a multiple of the page size
	unsigned prot, flags;
	const struct mmap_source *src;
	uint64_t pgoff;
};

static unsigned prot_to_flags(unsigned prot)
{
	return ((prot & PROT_READ) ? VMA_READ : 0) | ((prot & PROT_WRITE) ? VMA_WRITE : 0) |
	       ((prot & PROT_EXEC) ? VMA_EXEC : 0);
}

// All of the flags that become vma flags.
#define KEPT_MAP_FLAGS (MAP_GROWSDOWN | MAP_LOCKED | MAP_SYNC | MAP_STACK | MAP_NORESERVE)

static inline unsigned kept_flags(unsigned flags)
{
	return ((flags & MAP_GROWSDOWN) ? VMA_GROWSDOWN : 0) |
	       ((flags & MAP_LOCKED) ? VMA_LOCKED : 0) | ((flags & MAP_SYNC) ? VMA_SYNC : 0) |
	       ((flags & MAP_STACK) ? VMA_NOHUGEPAGE : 0) | // as Linux since 6.7
	       ((flags & MAP_NORESERVE) && vm_policy.overcommit_memory != 2 ? VMA_NORESERVE : 0);
}

static inline unsigned map_to_flags(const struct aspace *as, unsigned flags)
{
	return VMA_MAYREAD | VMA_MAYWRITE | VMA_MAYEXEC | as->default_vma_flags |
	       ((flags & KEPT_MAP_FLAGS) ? kept_flags(flags) : 0);
}

// The rights that the descriptor's mode, its mount and its seals leave to a file mapping.
static int file_flags(const struct mmap_source *src, unsigned prot, unsigned flags, unsigned *out)
{
	const unsigned type = flags & MAP_TYPE;

	if (type != MAP_SHARED && type != MAP_SHARED_VALIDATE && type != MAP_PRIVATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (flags & ~(unsigned)KNOWN_MAP_FLAGS & ~MAP_TYPE))
		return -EOPNOTSUPP;
	if (src->error)
		return src->error;
	if (type != MAP_PRIVATE) {
		if ((prot & PROT_WRITE) && !src->may_write)
			return -EACCES;
		*out |= VMA_SHARED;
		if (!src->may_write)
			*out &= ~(unsigned)VMA_MAYWRITE;
	}
	if (!src->may_read)
		return -EACCES;
	if (!src->may_exec) {
		if (prot & PROT_EXEC)
			return -EPERM;
		*out &= ~(unsigned)VMA_MAYEXEC;
	}
	return (*out & VMA_GROWSDOWN) ? -EINVAL : 0;
}

// Seals: who may write through a shared view is counted, by the descriptor's mode.
static int seal_flags(const struct mmap_source *src, unsigned prot, unsigned *out)
{
	if (!(*out & VMA_SHARED) || !(*out & VMA_MAYWRITE))
		return 0;
	if (!src->deny_write_view) {
		*out |= VMA_COUNTED_WRITER;
		return 0;
	}
	if (prot & PROT_WRITE)
		return -EPERM;
	*out &= ~(unsigned)VMA_MAYWRITE;
	return 0;
}

static int anonymous_flags(unsigned flags, unsigned *out)
{
	if ((flags & MAP_TYPE) == MAP_PRIVATE)
		return 0;
	if ((flags & MAP_TYPE) != MAP_SHARED || (*out & VMA_GROWSDOWN))
		return -EINVAL;
	*out |= VMA_SHARED;
	return 0;
}

static uint64_t overlapping_pages(struct aspace *as, va_t start, va_t end)
{
	struct vma *v = aspace_find_vma(as, start);
	uint64_t pages = 0;

	for (; v && v->start < end; v = vma_next(v))
		pages += (MIN(v->end, end) - MAX(v->start, start)) >> PAGE_SHIFT;
	return pages;
}

// Grows a neighbour over the free range of |v| where the result is one mapping. The counted writer
// and all references of the neighbour serve for both.
static bool extend_neighbour(struct aspace *as, const struct vma *v, struct vma *next,
			     struct vma **dead)
{
	struct vma *prev = next ? vma_prev(next) : as->highest;

	if (prev && vma_can_merge(prev, v)) {
		vma_set_range(as, prev, prev->start, v->end, prev->pgoff);
		if (next && next->start == v->end)
			vma_merge_around(as, prev, dead);
		return true;
	}
	if (next && vma_can_merge(v, next)) {
		vma_set_range(as, next, v->start, next->end, v->pgoff);
		return true;
	}
	return false;
}

static inline bool may_map(struct aspace *as, const struct vma *v, bool overlaps)
{
	uint64_t more = vma_pages(v);

	if ((v->flags & VMA_ACCOUNT) && !vma_may_commit(more))
		return false;
	if (overlaps)
		more -= overlapping_pages(as, v->start, v->end);
	return vma_may_expand(as, v->flags, more);
}

// In place of what is there, |old| and perhaps more. |v| has its references.
static __noinline int replace_region(struct aspace *as, struct vma *v, struct vma *old,
				     struct vma **dead)
{
	int r = vma_clear_from(as, old, v->start, v->end, dead);

	if (r) {
		vma_discard(as, v, dead);
		return r;
	}
	vma_link_before(as, v, vma_from(as, v->start));
	vma_merge_around(as, v, dead);
	return 0;
}

static int put_region(struct aspace *as, struct vma *v, bool has_source, struct vma *next,
		      struct vma **dead)
{
	const bool overlaps = next && next->start < v->end;
	int r = -ENOMEM;

	if (!may_map(as, v, overlaps))
		goto blank;
	r = 0;
	if (!overlaps && extend_neighbour(as, v, next, dead))
		goto blank;
	if (has_source) {
		r = vma_acquire(v);
		if (r)
			goto blank;
	}
	if (overlaps)
		return replace_region(as, v, next, dead);
	vma_link_before(as, v, next);
	return 0;
blank:
	vma_free_blank(as, v);
	return r;
}

int map_region(struct aspace *as, struct vma *v, struct vma **dead)
{
	return put_region(as, v, true, aspace_find_vma(as, v->start), dead);
}

// What hugetlbfs looks at once the mapping has its place: frames are promised to it, and a mapping
// that may be written makes the file as long as it needs.
__cold static int promise_frames(const struct vma *v)
{
	const uint64_t end_bytes = (v->pgoff + vma_pages(v)) << PAGE_SHIFT;
	int r = 0;

	if (!IS_ALIGNED(v->pgoff, HUGE_PAGES))
		return -EINVAL;
	// The promises of an object without a file are those of its one mapping.
	if (!(v->flags & VMA_NORESERVE))
		r = (v->flags & VMA_SHARED) || !v->owner
			    ? hugetlb_reserve(v->obj, v->pgoff, vma_pages(v))
			    : hugetlb_may_map(v->obj, vma_pages(v));
	if (!r && (v->flags & VMA_WRITE) && end_bytes > READ_ONCE(v->obj->size_bytes))
		memobj_truncate(v->obj, end_bytes);
	return r;
}

// put_region for frames of the pool. As on Linux what was mapped there is gone by the time of an
// error.
__cold static __noinline int put_frames(struct aspace *as, struct vma *v, struct vma *next,
					struct vma **dead)
{
	int r = may_map(as, v, true) ? vma_acquire(v) : -ENOMEM;

	v->flags &= ~(unsigned)(VMA_LOCKED | VMA_LOCKONFAULT); // it stays where it is anyway

	if (r) {
		vma_free_blank(as, v);
		return r;
	}
	if (next && next->start < v->end)
		r = vma_clear_from(as, next, v->start, v->end, dead);
	if (!r)
		r = promise_frames(v);
	if (r)
		vma_discard(as, v, dead);
	else
		vma_link_before(as, v, vma_from(as, v->start));
	return r;
}

// The flags of the new mapping, by the checks that are the descriptor's.
static int choose_flags(const struct request *q, unsigned *out)
{
	const struct mmap_source *src = q->src;
	int r;

	if (q->flags & MAP_ANONYMOUS) {
		r = anonymous_flags(q->flags, out);
	} else {
		// What has no pages has no largest size either.
		if (q->pgoff > (src->no_size ? UINT64_MAX >> PAGE_SHIFT : MAX_FILE_PAGES) -
				       (q->bytes >> PAGE_SHIFT))
			return -EOVERFLOW;
		r = file_flags(src, q->prot, q->flags, out);
		if (!r)
			r = seal_flags(src, q->prot, out);
	}
	if (vma_is_accountable(*out))
		*out |= VMA_ACCOUNT;
	return r;
}

// The order of these checks is Linux's do_mmap().
static int64_t mmap_locked(struct aspace *as, const struct request *q, struct vma **dead)
{
	unsigned vm_flags =
		prot_to_flags(q->prot) | map_to_flags(as, q->flags) | q->src->extra_vma_flags;
	struct vma *v, *next;
	int64_t at;
	int r;

	if (as->vma_count > vm_policy.max_map_count)
		return -ENOMEM;
	at = place_mapping(as, q->addr, q->bytes, q->flags, !q->src->obj || q->src->obj->huge,
			   &next);
	if (at < 0)
		return at;
	if (unlikely(q->flags & MAP_FIXED_NOREPLACE) && next && next->start < (va_t)at + q->bytes)
		return -EEXIST;
	if (unlikely(vm_flags & VMA_LOCKED)) {
		if ((q->flags & MAP_LOCKED) && !vma_can_mlock(as))
			return -EPERM;
		if (!vma_may_lock(as, q->bytes >> PAGE_SHIFT))
			return -EAGAIN;
	}
	r = choose_flags(q, &vm_flags);
	if (!r && unlikely(q->src->late_error)) {
		r = vma_clear_range(as, (va_t)at, (va_t)at + q->bytes, dead);
		r = r ? r : q->src->late_error;
	}
	if (r)
		return r;
	v = vma_alloc(as);
	if (!v)
		return -ENOMEM;
	vma_fill(v, as, (va_t)at, (va_t)at + q->bytes, q->src);
	v->flags = vm_flags;
	v->pgoff = (q->flags & MAP_ANONYMOUS) && !v->obj ? v->start >> PAGE_SHIFT : q->pgoff;
	if (unlikely(vm_flags & VMA_HUGETLB))
		r = put_frames(as, v, next, dead);
	else
		r = put_region(as, v, q->src->obj || q->src->owner, next, dead);
	return r ? r : at;
}

static bool is_populated(const struct aspace *as, unsigned flags)
{
	if (likely(!(flags & (MAP_LOCKED | MAP_POPULATE)) && !as->default_vma_flags))
		return false;
	return (flags & MAP_LOCKED) || (as->default_vma_flags & VMA_LOCKED) ||
	       (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
}

static __noinline int64_t map_request(struct aspace *as, const struct request *q)
{
	struct vma *dead = NULL;
	int64_t at;

	rwsem_write_lock(&as->lock);
	at = mmap_locked(as, q, &dead);
	rwsem_write_unlock(&as->lock);
	vma_release_list(dead);
	if (unlikely(is_populated(as, q->flags)) && at >= 0)
		vm_populate(as, (va_t)at, q->bytes);
	return at;
}

// Shared anonymous memory is an object of its own, made before the lock is taken.
__cold static __noinline int64_t map_shared_anon(struct aspace *as, struct request *q)
{
	struct mmap_source src = { .name = "/dev/zero (deleted)" };
	bool may = true;
	int64_t at;

	if (!(q->flags & MAP_NORESERVE) || vm_policy.overcommit_memory == 2) {
		rwsem_read_lock(&as->lock);
		may = vma_may_commit(q->bytes >> PAGE_SHIFT);
		rwsem_read_unlock(&as->lock);
	}
	if (!may)
		return -ENOMEM;
	src.obj = memobj_create_anon(q->bytes);
	if (!src.obj)
		return -ENOMEM;
	q->src = &src;
	q->pgoff = 0;
	at = map_request(as, q);
	memobj_put(src.obj);
	return at;
}

__cold static bool is_known_huge_size(unsigned flags)
{
	unsigned log2 = (flags >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;

	return log2 == 0 || log2 == HUGE_SHIFT || log2 == GIGA_SHIFT;
}

// An object for MAP_HUGETLB without a file, or the file's, in |*src|. 0 or -errno.
__cold static int huge_source(uint64_t bytes, unsigned flags, struct mmap_source *src)
{
	if (!(flags & MAP_ANONYMOUS))
		return src->obj && src->obj->huge ? 0 : -EINVAL;
	if (!is_known_huge_size(flags))
		return -EINVAL;
	if (((flags >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK) == GIGA_SHIFT || bytes > USER_TOP)
		return -ENOMEM; // no such pool
	*src = anonymous_source;
	src->obj = bytes ? hugetlb_create_anon(ALIGN_UP(bytes, HUGE_SIZE)) : NULL;
	src->name = "/anon_hugepage (deleted)";
	src->extra_vma_flags = VMA_HUGETLB | VMA_DONTEXPAND;
	return src->obj ? 0 : bytes ? -ENOMEM : -EINVAL;
}

// Linux's round_hint_to_min().
static inline va_t round_hint(va_t addr)
{
	addr &= PAGE_MASK;
	return addr && addr < VM_MMAP_MIN_ADDR ? ALIGN_UP(VM_MMAP_MIN_ADDR, PAGE_SIZE) : addr;
}

__cold static int64_t map_frames(struct aspace *as, va_t addr, uint64_t bytes, unsigned prot,
				 unsigned flags, const struct mmap_source *src,
				 uint64_t offset_bytes)
{
	const uint64_t whole = ALIGN_UP(bytes, HUGE_SIZE);

	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	if (!whole || ((flags & MAP_FIXED) && !IS_ALIGNED(addr, HUGE_SIZE)))
		return -EINVAL; // what is too large wraps to nothing
	if (whole > USER_TOP)
		return -ENOMEM;
	if (!(flags & MAP_FIXED))
		addr = round_hint(addr);
	addr = addr > USER_TOP - HUGE_SIZE ? addr : ALIGN_UP(addr, HUGE_SIZE);
	return map_request(
		as, &(struct request){ addr, whole, prot, flags, src, offset_bytes >> PAGE_SHIFT });
}

// MAP_HUGETLB, or a file of hugetlbfs.
__cold static int64_t map_huge(struct aspace *as, va_t addr, uint64_t bytes, unsigned prot,
			       unsigned flags, const struct mmap_source *file,
			       uint64_t offset_bytes)
{
	struct mmap_source src = file ? *file : anonymous_source;
	int64_t at = huge_source(bytes, flags, &src);

	if (at < 0)
		return at;
	if (flags & MAP_NORESERVE)
		src.extra_vma_flags |= VMA_NORESERVE;
	at = map_frames(as, addr, bytes, prot, flags, &src, offset_bytes);
	if (flags & MAP_ANONYMOUS)
		memobj_put(src.obj);
	return at;
}

int64_t vm_mmap(struct aspace *as, va_t addr, uint64_t bytes, unsigned prot, unsigned flags,
		const struct mmap_source *src, uint64_t offset_bytes)
{
	struct request q;

	if (!IS_ALIGNED(offset_bytes, PAGE_SIZE))
		return -EINVAL;
	if (unlikely((flags & MAP_HUGETLB) || (src && src->obj && src->obj->huge)))
		return map_huge(as, addr, bytes, prot, flags, src, offset_bytes);
	q.bytes = ALIGN_UP(bytes, PAGE_SIZE);
	if (unlikely(!q.bytes)) // what is too large wraps to that
		return bytes ? -ENOMEM : -EINVAL;
	if (unlikely(flags & MAP_FIXED_NOREPLACE))
		flags |= MAP_FIXED;
	if (addr && !(flags & MAP_FIXED))
		addr = round_hint(addr);
	q.addr = addr;
	q.prot = prot;
	q.flags = flags;
	q.pgoff = offset_bytes >> PAGE_SHIFT;
	q.src = &anonymous_source;
	if ((flags & (MAP_ANONYMOUS | MAP_TYPE)) == (MAP_ANONYMOUS | MAP_SHARED) &&
	    bytes <= USER_TOP)
		return map_shared_anon(as, &q);
	if (src && !(flags & MAP_ANONYMOUS))
		q.src = src;
	return map_request(as, &q);
}

// Where a plain mapping goes, below |*above|. False: the general way is to be taken.
static inline bool place_plain(struct aspace *as, uint64_t bytes, va_t *at, struct vma **above)
{
	int64_t r = place_mapping(as, 0, bytes, 0, true, above);

	*at = (va_t)r;
	return r >= 0 && *above;
}

// Charges |pages| that nothing but |*flags|, the rights, says more about; false: they may not be.
static inline bool may_map_plain(struct aspace *as, uint64_t pages, unsigned *flags)
{
	if (*flags & VMA_WRITE) {
		if (!vma_may_commit(pages))
			return false;
		*flags |= VMA_ACCOUNT;
	}
	return vma_may_expand(as, *flags, pages);
}

// Is |v|, at whose edge a plain mapping with |flags| begins or ends, one mapping with it? As
// vma_may_join() for one that was never touched.
static inline bool continues_plain(const struct vma *v, unsigned flags)
{
	return v->flags == flags && !v->obj && !v->owner && !v->name && !v->anon_name &&
	       !v->policy && v->pgoff == v->start >> PAGE_SHIFT;
}

// What malloc asks for, and by far the most mappings are: of the steps of map_request() those that
// can apply. Whatever is not usual goes there, before anything was changed.
int64_t vm_mmap_plain(struct aspace *as, uint64_t bytes, unsigned prot)
{
	const uint64_t whole = ALIGN_UP(bytes, PAGE_SIZE);
	unsigned flags = VMA_MAYREAD | VMA_MAYWRITE | VMA_MAYEXEC | prot_to_flags(prot);
	struct vma *above, *below, *v;
	va_t at;

	if (unlikely(!whole))
		goto general;
	rwsem_write_lock(&as->lock);
	if (unlikely(as->default_vma_flags || as->vma_count > vm_policy.max_map_count) ||
	    unlikely(!place_plain(as, whole, &at, &above)) ||
	    unlikely(!may_map_plain(as, whole >> PAGE_SHIFT, &flags)))
		goto locked;
	below = above->prev;
	if (below && below->end == at && unlikely(continues_plain(below, flags)))
		goto locked;
	if (above->start == at + whole && continues_plain(above, flags)) {
		vma_set_range(as, above, at, above->end, at >> PAGE_SHIFT);
		goto out;
	}
	v = vma_alloc(as);
	if (unlikely(!v))
		goto locked;
	vma_fill(v, as, at, at + whole, &anonymous_source);
	v->flags = flags;
	v->pgoff = at >> PAGE_SHIFT;
	vma_tree_insert(as, v, above);
	vma_account(as, flags, whole >> PAGE_SHIFT);
out:
	rwsem_write_unlock(&as->lock);
	return (int64_t)at;
locked:
	rwsem_write_unlock(&as->lock);
general:
	return vm_mmap(as, 0, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
}
