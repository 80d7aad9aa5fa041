// struct page: the kernel's record of one 4 KiB frame. Records live in a virtual array (vmemmap)
// that is backed only where RAM has been put to use, so nothing at boot grows with RAM.
//
// Reference rules ("Frames" in docs/core-rules.md): references carry an order. A 2 MiB frame is
// whole (one count on its head) or demoted (a count per 4 KiB page): demotion copies the head's
// count to all 512; an order-9 put of a demoted frame drops all 512.
#pragma once

#include "kernel/base/lock.h"
#include "kernel/base/types.h"
#include "lib/list.h"

enum page_flags {
	PAGE_FREE = 1 << 0,        // on a free list of the pmm (head of a block)
	PAGE_WHOLE = 1 << 1,       // head of an undivided order-9 frame
	PAGE_HUGE_MEMBER = 1 << 2, // part of a demoted order-9 frame
	PAGE_IMAGE = 1 << 3,       // lies in the initramfs: goes to the pmm at its last put
	PAGE_PERMANENT = 1 << 4,   // never freed (the shared zero page, vvar); with
				   // PAGE_HUGE_MEMBER: goes back to the pool (hugepool.h)
	PAGE_SLAB = 1 << 5,        // cut into small objects by kmalloc
	PAGE_TABLE = 1 << 6,       // a page table of a user address space
	PAGE_LARGE = 1 << 7,       // head of a kmalloc of whole pages
};

struct page {
	union {
		struct {
			uint32_t count; // references; atomic; 0 when free
			uint16_t pins;  // copies in flight that need the frame to stay put
					// (fork copies pinned pages)
			uint8_t order;  // of the free block or the allocated frame, on its head
			uint8_t flags;  // enum page_flags
		};
		uint64_t head_word; // the four above, to set them at once
	};
	union {
		struct list_node free; // pmm, while free
		struct {
			void *owner;    // the memobj that holds it; NULL: anonymous
			uint64_t index; // its page index there
		};
		struct list_node slab_node; // PAGE_SLAB: list of pages with free objects
		struct spinlock table_lock; // PAGE_TABLE: guards the entries and |used|
		uint64_t large_bytes;       // PAGE_LARGE: as asked for
	};
	union {
		uint64_t extra;
		struct {
			uint16_t first_free; // PAGE_SLAB: object number + 1, 0: none
			uint16_t in_use;     // objects handed out
			uint16_t fresh;      // objects from this number on were never used
			uint8_t class;       // size class
		} slab;
		struct {
			uint32_t deposit_pfn; // next table set aside for a 2 MiB entry; 0: none
			uint16_t used;        // entries that are not empty
			uint16_t borrowed;    // entries that are PT_BORROWED
		} table;
	};
};
_Static_assert(sizeof(struct page) == 32, "struct page is 32 bytes");

#ifndef VMEMMAP_BASE
#define VMEMMAP_BASE 0xffffea0000000000ull
#endif

static inline struct page *pa_to_page(pa_t pa)
{
	return (struct page *)VMEMMAP_BASE + (pa >> PAGE_SHIFT);
}

static inline pa_t page_to_pa(const struct page *p)
{
	return ((uint64_t)p - VMEMMAP_BASE) * (PAGE_SIZE / sizeof(struct page));
}
