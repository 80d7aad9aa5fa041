// Physical memory: a buddy allocator over frames with per-CPU caches of single pages. RAM that was
// never used stays as plain ranges and is put to use 2 MiB at a time. Spinlocks only; never sleeps;
// any context with interrupts on or off. Out of memory is NULL, never a panic.
#pragma once

#include "lib/bootinfo.h"
#include "lib/rare.h"
#include "mm/phys/page.h"

enum pmm_flags {
	PMM_ZERO = 1 << 0,    // the frame is all zero
	PMM_RESERVE = 1 << 1, // may use the small reserve (page tables, exit)
	PMM_NOWAIT = 1 << 2,  // do not call the reclaim callbacks: needed where a spinlock is held
};

struct pmm_stats {
	uint64_t total_pages; // RAM the kernel may use, virgin ranges included
	uint64_t free_pages;  // free now, virgin ranges included
	uint64_t image_pages; // pages of the initramfs not yet given to the pmm
};

// Takes over the RAM of |info| except |reserved| ranges (kernel, initramfs, boot page tables).
void pmm_init(const struct bootinfo *info, const struct boot_range *reserved, unsigned n_reserved);

// A frame of 1 << |order| pages (0 to PMM_MAX_ORDER), count 1, owner NULL, index 0. Order-9 frames
// are PAGE_WHOLE. Any context; with a spinlock held or in an
// interrupt only with PMM_NOWAIT.
#define PMM_MAX_ORDER 10
struct page *__must_check pmm_alloc(unsigned order, unsigned flags);
// Parts of page_get and page_put that are not worth inlining.
void page_free(struct page *p);
void page_get_big(struct page *p, unsigned order);
void page_put_big(struct page *p, unsigned order);

// Adds a reference. |p| is the head for order 9. A page of a whole 2 MiB frame is referenced alone
// only after page_demote.
static inline void page_get(struct page *p, unsigned order)
{
	if (likely(order == 0))
		__atomic_fetch_add(&p->count, 1, __ATOMIC_RELAXED);
	else
		page_get_big(p, order);
}

// Drops one reference of the given order and frees at zero. Any context.
static inline void page_put(struct page *p, unsigned order)
{
	if (unlikely(order != 0))
		page_put_big(p, order);
	else if (__atomic_sub_fetch(&p->count, 1, __ATOMIC_ACQ_REL) == 0)
		page_free(p);
}

// page_put of an order-0 page that somebody else has as well, as good as always.
static __always_inline_fn void page_put_shared(struct page *p)
{
	if (unlikely(__atomic_sub_fetch(&p->count, 1, __ATOMIC_ACQ_REL) == 0))
		rare_call(page_free, p);
}

// Drops one order-0 reference of each page among |n| <= 64 values, which are pointers to struct
// page, bit 2 apart; what is 0 or has one of the low two bits set is skipped. Any context.
void page_put_values(const uint64_t *values, unsigned n);

// Drops a reference without freeing: an image frame that was taken up but put to no use, and may be
// taken up again.
static inline void page_unget(struct page *p)
{
	__atomic_sub_fetch(&p->count, 1, __ATOMIC_ACQ_REL);
}

// Frees a page with one reference whose bytes are all zero (an emptied page table): the next
// PMM_ZERO allocation gets it without clearing.
void page_free_zeroed(struct page *p);
// Turns a whole 2 MiB frame into 512 pages that each have the head's count. Idempotent.
void page_demote(struct page *head);
// Frees a demoted 2 MiB frame whose 512 pages the caller alone holds, by one reference each. False:
// somebody holds some, nothing was done.
bool __must_check page_put_frame(struct page *head);
// Page records for RAM that the pmm does not own yet (initramfs): valid, count 0, PAGE_IMAGE.
int __must_check pmm_adopt_range(pa_t start, uint64_t bytes);

// Returns what the calling CPU and the pools of single pages hold to the buddy lists.
void pmm_drain(void);
void pmm_get_stats(struct pmm_stats *out);
// Zeroes up to |max| cached pages ahead; true if there is more to do. Called by the idle loop.
bool pmm_zero_ahead(unsigned max);
// Called in order when memory is short; returns pages freed. Registered once at init by upper
// layers.
void pmm_add_reclaim(uint64_t (*reclaim)(uint64_t want_pages));
