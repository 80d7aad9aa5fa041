// Pages given up by MADV_FREE (lazy.c).
#pragma once

#include "mm/virt/vma.h"

void lazy_init(void); // once
// Of private anonymous memory; the address space's lock is held, shared is enough.
void lazy_mark_range(struct aspace *as, struct vma *v, va_t start, va_t end);
// Frees such pages; how many. |wait|: no lock may be held. Else those of address spaces that are
// locked are left.
uint64_t lazy_reclaim(bool wait);
void lazy_forget(struct aspace *as); // it ends
