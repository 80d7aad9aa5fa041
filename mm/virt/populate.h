// Inside mm/virt only: faulting ranges in ahead of use. May sleep; no lock is held.
#pragma once

#include "mm/virt/aspace.h"

// Faults every page of [start, end) in as if read or written. 0, -ENOMEM (nothing mapped, or no
// memory), -EFAULT (not allowed, or past the end of the object).
int __must_check populate_range(struct aspace *as, va_t start, va_t end, bool write);
// The same by what each mapping allows: private writable memory as if written, the rest as if read;
// with |only_locked| leaving out mappings that are not locked.
int populate_as_mapped(struct aspace *as, va_t start, va_t end, bool only_locked);
