// brk(2): the heap is an ordinary private anonymous mapping between brk_start and brk.
#include <linux/errno.h>

#include "mm/virt/mmap.h"
#include "mm/virt/place.h"
#include "mm/virt/vma.h"

static int grow(struct aspace *as, va_t old_end, va_t new_end, struct vma **dead)
{
	struct vma *v, *next = aspace_find_vma(as, old_end);

	if (new_end > USER_TOP || (next && new_end + PAGE_SIZE > vma_start_with_gap(next)))
		return -ENOMEM;
	if (as->vma_count > vm_policy.max_map_count)
		return -ENOMEM;
	if ((as->default_vma_flags & VMA_LOCKED) &&
	    !vma_may_lock(as, (new_end - old_end) >> PAGE_SHIFT))
		return -EAGAIN;
	v = vma_alloc(as);
	if (!v)
		return -ENOMEM;
	vma_fill(v, as, old_end, new_end, &(struct mmap_source){ 0 });
	v->pgoff = old_end >> PAGE_SHIFT;
	v->flags = VMA_READ | VMA_WRITE | VMA_MAYREAD | VMA_MAYWRITE | VMA_MAYEXEC | VMA_ACCOUNT |
		   as->default_vma_flags;
	return map_region(as, v, dead);
}

// Where the program unmapped all of the heap's end, Linux leaves the break.
static int shrink(struct aspace *as, va_t new_end, va_t old_end, struct vma **dead)
{
	struct vma *first = aspace_find_vma(as, new_end);

	if (!first || first->start >= old_end)
		return -ENOMEM;
	return vma_clear_range(as, new_end, old_end, dead);
}

// RLIMIT_DATA covers the program's data and the heap.
static bool within_data_limit(const struct aspace *as, va_t new_brk)
{
	if (as->limits.data == UINT64_MAX)
		return true;
	return (new_brk - as->brk_start) + (as->data_end - as->data_start) <= as->limits.data;
}

int64_t vm_brk(struct aspace *as, va_t new_brk)
{
	struct vma *dead = NULL;
	va_t old_end, new_end, result;
	int r = 0;

	rwsem_write_lock(&as->lock);
	old_end = ALIGN_UP(as->brk, PAGE_SIZE);
	if (new_brk < as->brk_start || new_brk > USER_TOP || !within_data_limit(as, new_brk))
		goto out;
	new_end = ALIGN_UP(new_brk, PAGE_SIZE);
	if (new_end > old_end)
		r = grow(as, old_end, new_end, &dead);
	else if (new_end < old_end)
		r = shrink(as, new_end, old_end, &dead);
	if (!r)
		as->brk = new_brk;
out:
	result = as->brk;
	rwsem_write_unlock(&as->lock);
	vma_release_list(dead);
	if (!r && result == new_brk && (as->default_vma_flags & VMA_LOCKED) &&
	    ALIGN_UP(result, PAGE_SIZE) > old_end)
		vm_populate(as, old_end, ALIGN_UP(result, PAGE_SIZE) - old_end);
	return (int64_t)result;
}
