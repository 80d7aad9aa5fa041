// Inside mm/virt only: what a slot of a memory object holds. 0 is EMPTY; a page pointer is PRESENT;
// odd is BUSY (with a serial that tells one fill from the next); 2 in the low bits is ERROR. Bit 2
// marks a page that fallocate made and nobody has written or mapped: space, but not data.
#pragma once

#include "kernel/base/percpu.h"
#include "mm/phys/mapper.h"
#include "mm/virt/memobj.h"

// Pages that objects hold, those of the pool of huge pages apart.
DECLARE_PERCPU(int64_t, percpu_object_pages);
static inline void memobj_count_pages(int64_t pages)
{
	this_cpu_add(percpu_object_pages, pages);
}

static inline bool slot_is_page(uint64_t slot)
{
	return slot && !(slot & 3);
}

#define SLOT_UNWRITTEN 4ull

// A page that holds data.
static inline bool slot_is_data(uint64_t slot)
{
	return slot && !(slot & 7);
}

static inline bool slot_is_busy(uint64_t slot)
{
	return slot & 1;
}

static inline bool slot_is_error(uint64_t slot)
{
	return slot & 2;
}

static inline bool slot_is_unwritten(uint64_t slot)
{
	return (slot & 7) == SLOT_UNWRITTEN;
}

static inline struct page *slot_page(uint64_t slot)
{
	return (struct page *)(slot & ~SLOT_UNWRITTEN);
}

static inline uint64_t slot_of_page(const struct page *p)
{
	return (uint64_t)p;
}

static inline uint64_t slot_busy(uint64_t serial)
{
	return serial << 2 | 1;
}

static inline uint64_t slot_error(int error)
{
	return (uint64_t)(unsigned)-error << 2 | 2;
}

static inline int slot_errno(uint64_t slot)
{
	return -(int)(slot >> 2);
}

static inline uint64_t memobj_end_index(const struct memobj *o)
{
	return (o->size_bytes >> PAGE_SHIFT) + ((o->size_bytes & (PAGE_SIZE - 1)) != 0);
}

// Is it worth while, and possible, to have 2 MiB frames?
static inline bool memobj_may_reserve(const struct memobj *o)
{
	return o->size_bytes >= HUGE_SIZE && !o->ops->fill && !o->huge;
}

// As memobj_get_page; |*fresh| tells that the page was made by this call.
int __must_check memobj_get_page_fresh(struct memobj *o, uint64_t index, unsigned flags,
				       struct page **out, bool *fresh);
// As that with ALLOC and BORROW, of an object without a fill op, where the page probably is
// missing.
int __must_check memobj_borrow_new(struct memobj *o, uint64_t index, struct page **out,
				   bool *fresh);
// Maps those of the |n| pages from |index| on that are present, without references of their own
// (PT_BORROWED), from |va| on; they lie in one group of 64 (by index) and in one page table. Never
// allocates pages of the object, never sleeps. The number made; -EAGAIN: o->seq is not |seq| any
// more; -ENOMEM.
int __must_check memobj_map_present(struct memobj *o, uint64_t index, unsigned n,
				    struct pgtable *pt, va_t va, unsigned prot, uint32_t seq);
// Around what takes pages out of the object, with the inode's lock held: o->seq is odd meanwhile.
void memobj_begin_removal(struct memobj *o);
void memobj_end_removal(struct memobj *o);
// Waits until no truncation or hole punch is under way. No lock is held; the caller has a
// reference on the object.
void memobj_wait_stable(struct memobj *o);
// memobj_punch for an object of memobj_create_anon, which no inode's lock guards: it has one of its
// own. -EOPNOTSUPP for other objects. May sleep.
int __must_check memobj_punch_anon(struct memobj *o, uint64_t start, uint64_t end);
// The same for memobj_collapse.
int __must_check memobj_collapse_anon(struct memobj *o, uint64_t index);
