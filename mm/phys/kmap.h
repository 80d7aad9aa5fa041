// The kernel's own page tables: entries are added one at a time, for the direct map, the page
// records and the kernel's mapping area. Guarded by one lock (RANK_KMAP), so that the pmm can use
// it while it holds its own. Private to mm/phys.
#pragma once

#include "mm/phys/mapper.h"

// Where frames for new tables come from: take returns a zeroed frame that the direct map shows, or
// 0. Called with the lock held.
struct kmap_source {
	pa_t (*take)(struct kmap_source *src);
	pa_t stock[3];
	unsigned n;
};

// Takes over the tables that this CPU has loaded.
void kmap_init(void);
// Adds an entry of |order| 0, 9 or 18. 0 also if something is mapped there already; -ENOMEM if a
// table is missing and |src| has none (NULL: none).
int __must_check kmap_set(va_t va, pa_t pa, unsigned order, unsigned prot, struct kmap_source *src);
// Makes the upper table for |va|'s 512 GiB, so that address spaces made later share it.
int __must_check kmap_make_slot(va_t va, struct kmap_source *src);
// Empties a 4 KiB entry and returns its frame; 0 if there was none. The caller flushes.
pa_t kmap_clear(va_t va);
// Replaces what is there (a 4 KiB entry) by another protection; the caller flushes.
void kmap_protect(va_t va, unsigned prot);
bool kmap_present(va_t va);

// A source that starts with nothing; kmap_stock_fill gets it frames from the pmm (no spinlock
// held), kmap_stock_drop gives back what is left.
void kmap_stock_init(struct kmap_source *src);
int __must_check kmap_stock_fill(struct kmap_source *src);
void kmap_stock_drop(struct kmap_source *src);
