// Inside mm/virt only: where a new mapping goes, and the step that puts it there.
#pragma once

#include "mm/virt/aspace.h"

// An address for |bytes| (page aligned) as Linux's get_unmapped_area chooses it for the MAP_*
// |flags|, or -ENOMEM, -EINVAL, -EPERM. |aligned|: 2 MiB aligned where that costs nothing. The
// lock is held.
int64_t __must_check place_mapping(struct aspace *as, va_t addr, uint64_t bytes, unsigned flags,
				   bool anonymous);
// Maps what |v| says (a record of vma_alloc without references: start, end, flags, obj, pgoff,
// owner, name), in place of what is there, or makes a neighbour longer. Takes over |v|. 0 or
// -ENOMEM, -EPERM; on failure nothing is changed. What was replaced goes on |*dead|.
int __must_check map_region(struct aspace *as, struct vma *v, struct vma **dead);
