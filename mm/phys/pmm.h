// Physical memory: a buddy allocator over frames with per-CPU caches of single pages. RAM that was
// never used stays as plain ranges and is put to use 2 MiB at a time. Spinlocks only; never sleeps;
// any context with interrupts on or off. Out of memory is NULL, never a panic.
#pragma once

#include "lib/bootinfo.h"
#include "mm/phys/page.h"

enum pmm_flags {
	PMM_ZERO = 1 << 0,    // the frame is all zero
	PMM_RESERVE = 1 << 1, // may use the small reserve (page tables, exit)
	PMM_NOWAIT = 1 << 2,  // do not call the reclaim callbacks
};

struct pmm_stats {
	uint64_t total_pages; // RAM the kernel may use, virgin ranges included
	uint64_t free_pages;  // free now, virgin ranges included
	uint64_t image_pages; // pages of the initramfs not yet given to the pmm
};

// Takes over the RAM of |info| except |reserved| ranges (kernel, initramfs, boot page tables).
void pmm_init(const struct bootinfo *info, const struct boot_range *reserved, unsigned n_reserved);

// A frame of 1 << |order| pages (0 to 9 at least), count 1. Order-9 frames are PAGE_WHOLE.
struct page *__must_check pmm_alloc(unsigned order, unsigned flags);
// Drops one reference of the given order and frees at zero.
void page_put(struct page *p, unsigned order);
// Adds a reference. |p| is the head for order 9.
void page_get(struct page *p, unsigned order);
// Turns a whole 2 MiB frame into 512 pages that each have the head's count. Idempotent.
void page_demote(struct page *head);
// Page records for RAM that the pmm does not own yet (initramfs): valid, count 0, PAGE_IMAGE.
int __must_check pmm_adopt_range(pa_t start, uint64_t bytes);

void pmm_get_stats(struct pmm_stats *out);
// Zeroes up to |max| cached pages ahead; true if there is more to do. Called by the idle loop.
bool pmm_zero_ahead(unsigned max);
// Called in order when memory is short; returns pages freed. Registered once at init by upper
// layers.
void pmm_add_reclaim(uint64_t (*reclaim)(uint64_t want_pages));
