// Inside mm/virt: guards in page tables (guard.c). The address space's lock is held.
#pragma once

#include "mm/virt/vma.h"

// For vmas that have them (VMA_GUARDED), in place of what else is done to a range of entries.
void guard_zap_range(struct aspace *as, struct vma *v, va_t start, va_t end);
void guard_protect_range(struct pgtable *pt, va_t start, va_t end, unsigned prot, bool may_write,
			 struct tlb_batch *batch);
// Gives the child the guards of |v|, whose entries it does not get. 0 or -ENOMEM.
int __must_check guard_fork(struct aspace *from, struct aspace *to, const struct vma *v);
bool guard_in_range(const struct vma *v, va_t start, va_t end);
// madvise: takes the lock itself. 0, -EINVAL, -ENOMEM.
int __must_check guard_advise(struct aspace *as, va_t start, va_t end, bool make);
