// Inside mm/virt only: where a new mapping goes, and the step that puts it there.
#pragma once

#include <linux/mman.h>

#include "mm/virt/vma.h"

#ifndef MAP_ABOVE4G
#define MAP_ABOVE4G 0x80 // Linux 6.6, arch/x86/include/uapi/asm/mman.h
#endif

// An address for |bytes| (page aligned) as Linux's get_unmapped_area chooses it for the MAP_*
// |flags|, or -ENOMEM, -EINVAL, -EPERM. |aligned|: 2 MiB aligned where that costs nothing. The
// lock is held.
int64_t __must_check place_mapping_slow(struct aspace *as, va_t addr, uint64_t bytes,
					unsigned flags, bool anonymous);
// |*above|: the first mapping that ends above that address, or NULL.
static inline int64_t place_mapping(struct aspace *as, va_t addr, uint64_t bytes, unsigned flags,
				    bool anonymous, struct vma **above)
{
	int64_t at;

	// Anywhere: the place is in range, aligned and allowed.
	if (!addr && !(flags & (MAP_FIXED | MAP_32BIT | MAP_ABOVE4G)) &&
	    !(anonymous && IS_ALIGNED(bytes, HUGE_SIZE)) &&
	    (*above = vma_gap_next(as, VM_MMAP_MIN_ADDR, bytes, (va_t *)&at)))
		return at;
	at = place_mapping_slow(as, addr, bytes, flags, anonymous);
	*above = at < 0 ? NULL : vma_from(as, (va_t)at);
	return at;
}
// Maps what |v| says (a record of vma_alloc without references: start, end, flags, obj, pgoff,
// owner, name), in place of what is there, or makes a neighbour longer. Takes over |v|. 0 or
// -ENOMEM, -EPERM; on failure nothing is changed. What was replaced goes on |*dead|.
int __must_check map_region(struct aspace *as, struct vma *v, struct vma **dead);
