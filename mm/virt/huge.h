// Inside mm/virt, and for fs: 2 MiB frames of objects and of anonymous memory. An object holds such
// a frame as 512 pages that happen to be one aligned stretch of RAM: whoever looks at single pages
// sees nothing special, a view that is aligned the same maps it with one entry.
#pragma once

#include "mm/virt/aspace.h"

#define HUGE_PAGES (1ull << HUGE_ORDER)

// The frame that is pages [index, index + 512) of |o|, index a multiple of 512, with no reference:
// the object keeps it until it has changed o->seq and emptied all views. With |make|, 512 empty
// slots get one. -ENOENT: they are not one frame, or partly past
// the end; or fallocated and never written, unless |make|. -ENOMEM: none to be had. Never sleeps
// (objects with a fill op make none).
int __must_check memobj_get_huge(struct memobj *o, uint64_t index, bool make, struct page **out);
// Makes the frame |head| (demoted, a reference on each page) pages [index, index + 512), all empty
// now; |past_end|: also behind the object's end. 0, -EEXIST, -ERANGE, -ENOSPC, -ENOMEM.
int __must_check memobj_insert_huge(struct memobj *o, uint64_t index, struct page *head,
				    bool past_end);
// Before pages from |index| on, or those before it, go: the frame that this cuts is one no more.
void huge_break(struct memobj *o, uint64_t index);
// |slots| are 64 of a dying object, from page |first| on. True: they begin a frame that nobody else
// holds, which is freed.
bool huge_put_frame(const uint64_t *slots, uint64_t first);
// All pages of the frame |head| are stored, some as SLOT_UNWRITTEN. The slots lock is held.
void huge_complete(struct page *head, bool unwritten);
// Best effort for ranges about to be allocated anyway: frames for the aligned empty stretches of
// 512 pages that start at |index|. True if one was made.
bool memobj_make_huge(struct memobj *o, uint64_t index);
// A 2 MiB frame as 512 pages with a reference each, |pmm_flags| as pmm_alloc; NULL: none free.
struct page *__must_check huge_frame(unsigned pmm_flags);

// Faults: tries one 2 MiB entry at the fault address |va| of |v| (aspace lock shared). 0: mapped;
// -ENOENT: use small pages; -EAGAIN: truncation is under way.
int __must_check huge_map_object(struct aspace *as, struct vma *v, va_t va, unsigned prot,
				 bool make);
int __must_check huge_map_anon(struct aspace *as, struct vma *v, va_t va, unsigned prot);
// Splits a private 2 MiB entry around |va|, so that one page of it can be copied.
void huge_split(struct aspace *as, struct vma *v, va_t va);
// Populates [va, va + 2 MiB) at once if that can be done. No lock is held.
bool huge_populate(struct aspace *as, va_t va, va_t end, bool write);
// Is |va|, of which the object has all of an aligned frame, mapped page by page where one entry
// could do? huge_promote makes it so, best effort; no lock is held.
bool huge_could_promote(struct aspace *as, struct vma *v, va_t va);
void huge_promote(struct aspace *as, va_t va);
// MADV_COLLAPSE: 0 or -EINVAL, -ENOMEM, -EAGAIN.
int __must_check huge_collapse(struct aspace *as, va_t start, va_t end);
