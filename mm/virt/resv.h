// 2 MiB frames reserved for objects whose pages are made one by one (resv.c). What is not used of
// one is free for others when memory is short.
#pragma once

#include "mm/phys/pmm.h"
#include "mm/virt/memobj.h"

// A frame for page |index|, which is empty, as pmm_alloc; with |ahead| (index a multiple of 512)
// one whose neighbours are about to be made too, perhaps past the end. To be stored at |index|, or
// given to resv_put. No spinlock is held.
struct page *resv_alloc(struct memobj *o, uint64_t index, unsigned pmm_flags, bool ahead);
void resv_put(struct memobj *o, uint64_t index, struct page *p);
static inline struct page *memobj_alloc_page(struct memobj *o, uint64_t index, unsigned pmm_flags)
{
	return likely(!o->reserving) ? pmm_alloc(0, pmm_flags)
				     : resv_alloc(o, index, pmm_flags, false);
}
static inline void memobj_put_unused(struct memobj *o, uint64_t index, struct page *p)
{
	if (likely(!o->reserving))
		page_put(p, 0);
	else
		resv_put(o, index, p);
}
// |slot| is stored at |index| now; the 512th page makes the frame one that views map with one
// entry. The slots lock is held.
void resv_count(struct memobj *o, uint64_t index, uint64_t slot);
// Before pages of [first, last] go: nothing is reserved there any more.
void resv_break(struct memobj *o, uint64_t first, uint64_t last);
void resv_end(struct memobj *o); // it dies
void resv_init(void);            // once
uint64_t resv_reclaim(void);     // lets go of reserved frames; pages that are free now
uint64_t resv_unused_pages(void);
