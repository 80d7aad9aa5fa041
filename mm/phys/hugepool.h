// The pool of 2 MiB frames behind MFD_HUGETLB and MAP_HUGETLB: hugetlb's counters as Linux shows
// them. A frame of the pool is handed out as 512 pages of one reference each, so that single pages
// of it can be held (pipes, copies in flight) like any other; it returns when the last one is free.
#pragma once

#include "mm/phys/page.h"

struct hugepool_stats { // in frames
	uint64_t total, free, reserved, surplus, overcommit;
};

// Takes frames from the pmm until the pool has |frames|, or as many as there are; or gives free
// ones back: those that are in use or promised stay, as a surplus. May run reclaim; no spinlock is
// held.
void hugepool_resize(uint64_t frames);
// How many frames the pool may take beyond its size when it is empty (nr_overcommit_hugepages).
void hugepool_set_overcommit(uint64_t frames);
void hugepool_get_stats(struct hugepool_stats *out);

// Promises |frames| to somebody, all or none: 0 or -ENOMEM.
int __must_check hugepool_reserve(uint64_t frames);
void hugepool_unreserve(uint64_t frames);
// A frame of zeros, one reference on each of its pages, owner NULL; |promised|: in fulfilment of a
// reservation, which is used up. NULL: none.
struct page *__must_check hugepool_alloc(bool promised);
// pmm: a frame is freed as a whole, or a page of a frame of the pool has no reference any more.
void hugepool_frame_freed(struct page *head);
void hugepool_page_freed(struct page *p);
