// A memory object: pages by index, shared by every mapping that shows it. Backs memfds, tmpfs and
// initramfs files, shared anonymous memory, SysV shm. Protocols: docs/core-rules.md, "Memory
// objects, truncation, holes". Slots are EMPTY, BUSY (being filled), PRESENT or ERROR.
#pragma once

#include "kernel/base/lock.h"
#include "kernel/sched/waitq.h"
#include "lib/radix.h"
#include "lib/rbtree.h"
#include "mm/phys/page.h"

struct memobj;
struct reservations;
struct vma;

struct memobj_ops {
	// Brings page |index| of a file into |page| (a fresh frame) or gives a frame of its own
	// through
	// |*page|. Called with no spinlock held; may sleep. NULL op: pages start as zeros. 0 or
	// -errno.
	int (*fill)(struct memobj *o, uint64_t index, struct page **page);
	int (*mkwrite)(struct memobj *o, uint64_t index);
	int (*writeback)(struct memobj *o, uint64_t first, uint64_t last);
	// The last reference is gone: free the container.
	void (*release)(struct memobj *o);
	// A page was added (+) or removed (-): accounting for st_blocks and limits. Spinlock held.
	// Adding may be refused with -ENOSPC.
	int (*account)(struct memobj *o, int64_t pages);
};

struct memobj {
	const struct memobj_ops *ops;
	uint64_t id; // 64-bit serial, never reused: futex keys
	uint32_t refs;

	bool counts_as_file; // RssFile instead of RssShmem; set by the owner after init

	uint32_t seq;               // atomic; odd while a truncation or hole punch is under way
	struct spinlock slots_lock; // RANK_OBJ_SLOTS
	// guarded by slots_lock
	struct radix slots;
	uint64_t size_bytes; // pages at or past it do not exist
	uint64_t present_pages;
	struct waitq fill_wait;

	struct spinlock views_lock; // RANK_OBJ_VIEWS
	// guarded by views_lock
	struct rb_root views; // interval tree of vmas by page offset, shared and private
	struct vma *zap_next; // the view a truncation looks at next
	bool zap_restart;     // a view that may hold entries was put in: begin again

	int32_t writers; // atomic: shared views that may write; -1: denied (F_SEAL_WRITE)

	struct hugetlb *huge; // set at creation: made of 2 MiB frames of the pool (hugetlb.h)

	// resv.c
	bool reserving; // new pages may be parts of 2 MiB frames
	struct reservations *resv;
};

void memobj_init(struct memobj *o, const struct memobj_ops *ops, uint64_t size_bytes);
// A zero-filled object of its own (shared anonymous memory). NULL: out of memory.
struct memobj *__must_check memobj_create_anon(uint64_t size_bytes);
// For owners that keep objects for the next use instead of having them released: an object with
// its last reference loses its pages; then it begins again as after memobj_init with size 0.
void memobj_empty(struct memobj *o);
void memobj_renew(struct memobj *o);
void memobj_get(struct memobj *o);
void memobj_put(struct memobj *o);

enum memobj_get_flags {
	MEMOBJ_ALLOC = 1 << 0,  // make the page if it does not exist
	MEMOBJ_NOSIZE = 1 << 1, // also past the end (writes that extend, fallocate KEEP_SIZE)
	// The caller overwrites the whole page at once (under the inode lock).
	MEMOBJ_NOZERO = 1 << 2,
	MEMOBJ_NOSLEEP = 1 << 3, // -EAGAIN where a fill would have to be run or waited for
	// Without a reference: the page may go away as soon as o->seq changes. With NOSLEEP only.
	MEMOBJ_BORROW = 1 << 4,
	// With ALLOC: a page made stays marked as never written, one that is marked keeps its mark.
	// Without this flag ALLOC takes the mark away; without ALLOC marked pages are holes.
	MEMOBJ_UNWRITTEN = 1 << 6,
};
// The page at |index| with a reference for the caller. 0; -ENOENT (hole, without ALLOC); -ERANGE
// (past the end: SIGBUS); -ENOMEM, -ENOSPC, -EIO. May sleep if the object has a fill op.
int __must_check memobj_get_page(struct memobj *o, uint64_t index, unsigned flags,
				 struct page **out);
// The page at |index| with a reference if it is there and was written (past the end too), else
// NULL. Never sleeps.
struct page *memobj_find_page(struct memobj *o, uint64_t index);
// The same in place, for where reading a page costs little more than finding it.
static __always_inline_fn struct page *memobj_find_page_inline(struct memobj *o, uint64_t index)
{
	struct page *p = NULL;
	uint64_t slot;

	spin_lock(&o->slots_lock);
	slot = radix_get_near(&o->slots, index);
	if (likely(slot && !(slot & 7))) { // a page, and no mark (slots.h)
		p = (struct page *)slot;
		__atomic_fetch_add(&p->count, 1, __ATOMIC_RELAXED);
	}
	spin_unlock(&o->slots_lock);
	return p;
}
// Up to |n| present neighbours from |index| on, each with a reference; never allocates, never
// sleeps. Empty slots yield NULL.
unsigned memobj_get_present(struct memobj *o, uint64_t index, unsigned n, struct page **out);
// Puts a frame of the image or a device in as page |index| (initramfs). Takes the reference.
int __must_check memobj_insert(struct memobj *o, uint64_t index, struct page *p);
// The same for a fill op that brings neighbours in: refused (-ERANGE) past the end or if o->seq is
// no longer |seq|, read before the caller looked at what the page holds.
int __must_check memobj_insert_if(struct memobj *o, uint64_t index, struct page *p, uint32_t seq);

// Changes the size. Shrinking zaps all views past the end (private copies too), frees pages and
// zeroes the tail of the last page. The inode lock is held. Never fails, never allocates.
void memobj_truncate(struct memobj *o, uint64_t new_size_bytes);
// Frees [start, end) bytes: whole pages are freed, edges zeroed; private copies stay.
int __must_check memobj_punch(struct memobj *o, uint64_t start, uint64_t end);
// Brings pages [index, index + 512) together in one 2 MiB frame, those past the end too; holes
// become zeros. -EINVAL: there is nothing, or no such object, or a limit is reached; -ENOMEM: no
// frame to be had; -EAGAIN: somebody holds a page. The inode lock is held; |index| is a multiple of
// 512.
int __must_check memobj_collapse(struct memobj *o, uint64_t index);
// Allocates all pages of [first, last], never written; on failure those made here go again, as on
// Linux. The inode lock is held.
int __must_check memobj_allocate(struct memobj *o, uint64_t first, uint64_t last);
// SEEK_DATA / SEEK_HOLE over pages: next page >= |index| with or without data; true if found.
bool memobj_next_data(struct memobj *o, uint64_t index, uint64_t *out);
bool memobj_next_hole(struct memobj *o, uint64_t index, uint64_t *out);

// Writable shared views, for seals. add: 0 or -EPERM (denied). deny: 0 or -EBUSY.
int __must_check memobj_writer_add(struct memobj *o);
void memobj_writer_drop(struct memobj *o);
int __must_check memobj_deny_writers(struct memobj *o);
void memobj_allow_writers(struct memobj *o); // takes that back
// Does anybody but the object and its mappings hold a page of it? May sleep.
bool __must_check memobj_is_pinned(struct memobj *o);
