// MFD_HUGETLB and MAP_HUGETLB: objects made of frames of the pool (mm/phys/hugepool.h), mapped with
// 2 MiB entries only. Such an object's pages come and go 512 at a time.
#pragma once

#include "mm/virt/aspace.h"

struct hugetlb;

// Makes a new, empty object one of pages of 1 << |shift| bytes: HUGE_SHIFT, for frames of the pool,
// or GIGA_SHIFT, of which there are none to be had. 0 or -ENOMEM.
int __must_check hugetlb_obj_init(struct memobj *o, unsigned shift);
uint64_t hugetlb_page_bytes(const struct memobj *o);
void hugetlb_obj_free(struct memobj *o); // memobj_put
// For MAP_HUGETLB without a file: an object of its own; NULL: out of memory.
struct memobj *__must_check hugetlb_create_anon(uint64_t size_bytes);

// Promises frames of the pool to the pages [index, index + pages) that have none, multiples of 512,
// for a mapping; one promise a page is kept until it is made or the range is cut off. 0 or -ENOMEM.
int __must_check hugetlb_reserve(struct memobj *o, uint64_t index, uint64_t pages);
void hugetlb_unreserve(struct memobj *o, uint64_t first, uint64_t last); // pages
// Frees the frames that lie in [start, end) bytes as a whole, with their promises, and clears what
// of others does. As memobj_punch: removals of one object come one at a time.
int __must_check hugetlb_punch(struct memobj *o, uint64_t start, uint64_t end);
// Are there frames for |pages| that are promised to nobody? 0 or -ENOMEM.
int __must_check hugetlb_may_map(struct memobj *o, uint64_t pages);
// Makes the frames of [first, last] that are missing, also past the end. 0 or -ENOSPC.
int __must_check hugetlb_allocate(struct memobj *o, uint64_t first, uint64_t last);

// Puts a frame at |index|, where none was. 0 also if somebody was faster; -EAGAIN: somebody is at
// it and has the last frame; -ERANGE, -ENOSPC, -ENOMEM.
int __must_check hugetlb_make_frame(struct memobj *o, uint64_t index, bool past_end);
// A frame of zeros for a private mapping's own page |index|; |by_promise|: the promise that |o| has
// for it is meant for this mapping. NULL: none.
struct page *__must_check hugetlb_private_frame(struct memobj *o, uint64_t index, bool by_promise);

// A fault on a VMA_HUGETLB mapping (aspace lock shared). 0; -EAGAIN: wait until the object is
// stable, try again; else SIGBUS.
int __must_check hugetlb_fault(struct aspace *as, struct vma *v, va_t va, bool write);

// May a mapping not end or begin at |at|, inside |v|?
static inline bool hugetlb_is_cut(const struct vma *v, va_t at)
{
	return (v->flags & VMA_HUGETLB) && !IS_ALIGNED(at, HUGE_SIZE);
}
