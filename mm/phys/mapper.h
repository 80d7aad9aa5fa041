// Page tables: map, unmap, protect, query. No policy: it does not know what the frames are for, it
// takes or drops references on them exactly as told. 4-level tables, 4 KiB, 2 MiB and (kernel only)
// 1 GiB entries. Memory is reached only through phys_to_virt. Range operations walk each table
// once.
//
// Locking: a range operation needs the address space's lock (shared is enough) plus, inside, the
// spinlock of each page-table page; frames dropped and tables freed go into a tlb_batch, never
// straight to the pmm. Never sleeps.
#pragma once

#include "kernel/base/lock.h"
#include "kernel/base/types.h"
#include "mm/phys/page.h"

struct tlb_batch;

// Values are those of the hardware entry, so that no translation is needed (SDM 3A 4.5); PT_EXEC
// takes the place of PWT, which is never set, and stands for a clear NX bit. Without PT_READ the
// frame stays in the entry but the hardware sees nothing there (PROT_NONE over touched pages).
enum pt_prot {
	PT_READ = 1 << 0,
	PT_WRITE = 1 << 1,
	PT_USER = 1 << 2,
	PT_EXEC = 1 << 3,
	PT_NOCACHE = 1 << 4,
	PT_ACCESSED = 1 << 5,
	PT_DIRTY = 1 << 6,
	PT_GLOBAL = 1 << 8,
	PT_EXCLUSIVE = 1 << 9, // software bit: private frame that may be written in place
	PT_SPECIAL = 1 << 10,  // software bit: the frame is not reference counted by this entry
	PT_RESERVED_TABLE = 1 << 11, // of a 2 MiB entry: has a table set aside for splitting
	// Of a 4 KiB entry: its frame is kept by the object that it belongs to, which takes the
	// entry out before it lets go of the frame. The entry holds no reference.
	PT_BORROWED = 1 << 11,
};

struct pgtable {
	pa_t root_pa;
	uint64_t table_pages; // page-table pages owned, for accounting
	uint64_t id;          // serial, never reused
	uint64_t cpus;        // bit per CPU that may have it loaded
	uint64_t hint;        // atomic: the table used last (mapper_impl.h)
};

// What one entry says.
struct pt_entry {
	pa_t pa;        // of the byte asked for
	unsigned order; // 0, 9 or 18
	unsigned prot;  // enum pt_prot; 0 with |present| false: nothing is mapped
	bool present;   // the entry is not empty (also when prot lacks PT_READ)
	bool lazy;      // of pt_walk: pt_mark_lazy, and not written since
};

// An empty user address space that shares the kernel half. -ENOMEM.
int __must_check pt_create(struct pgtable *pt);
// Frees all remaining tables of the user half; nothing may be mapped in it, and no other CPU may
// have it loaded (this one goes over to the kernel's).
void pt_destroy(struct pgtable *pt);
// The kernel's own tables. Only pt_query, pt_walk and tlb_switch may be used on it: its mappings
// are made by physmap.h and kva.h.
struct pgtable *pt_kernel(void);

// Maps one frame of |order| 0 or 9 at |va|. The entry must be empty (for order 9: no table either):
// -EEXIST if not, -ENOMEM. The entry takes over one reference of that order that the caller holds
// (unless PT_SPECIAL). A 2 MiB frame without an owner gets a table set aside for splitting it.
int __must_check pt_map(struct pgtable *pt, va_t va, pa_t pa, unsigned order, unsigned prot);
// Maps |n| <= 64 single frames at consecutive pages, all in one table (2 MiB). NULL pages[i] and
// entries that are not empty are left alone; bit i of |*done| says that entry i was made and took
// over the reference. Under the table's lock first: if |seq| and *seq != seq_now nothing is made
// and the answer is -EAGAIN. The number made, or -ENOMEM, -EAGAIN.
int __must_check pt_map_batch(struct pgtable *pt, va_t va, struct page *const *pages, unsigned n,
			      unsigned prot, const uint32_t *seq, uint32_t seq_now, uint64_t *done);
// Maps frames of an object at up to |n| <= 64 consecutive pages, all in one table, as PT_BORROWED.
// |pages| are pointers to struct page; what is 0 or has one of the low bits set is no page, and
// left alone as are entries that are not empty. The object keeps the frames until it has unmapped
// them (pt_unmap_range) after it changed *seq; that is why *seq is compared under the table's lock
// as above. The number made, or -ENOMEM, -EAGAIN. May be called with a spinlock held.
int __must_check pt_map_borrowed(struct pgtable *pt, va_t va, const uint64_t *pages, unsigned n,
				 unsigned prot, const uint32_t *seq, uint32_t seq_now);
// The same for one page: 1, 0 (the entry is not empty), -ENOMEM or -EAGAIN.
int __must_check pt_map_borrowed_one(struct pgtable *pt, va_t va, const struct page *p,
				     unsigned prot, const uint32_t *seq, uint32_t seq_now);
// Maps a 2 MiB frame of an object at |va|, without a reference as pt_map_borrowed, if *seq is still
// seq_now. -EEXIST: the entry is not empty (a table is there, perhaps an empty one); -EAGAIN;
// -ENOMEM.
int __must_check pt_map_huge(struct pgtable *pt, va_t va, struct page *head, unsigned prot,
			     const uint32_t *seq, uint32_t seq_now);
// Puts a private 2 MiB frame in place of the empty table that is there for |va|, which is set aside
// for splitting it; takes the caller's reference. Needs the address space's lock for writing, and
// that no object's zap can come to the range. Never fails.
void pt_collapse(struct pgtable *pt, va_t va, pa_t pa, unsigned prot, struct tlb_batch *batch);
// Is there a table of 4 KiB entries for |va|, so that no 2 MiB entry can be? No lock is needed.
bool pt_has_table(const struct pgtable *pt, va_t va);
// Replaces a present 4 KiB entry by another frame and protection if it still holds |old| (accessed
// and dirty bits aside). The old frame's reference goes to |batch|. True if replaced.
bool __must_check pt_replace(struct pgtable *pt, va_t va, struct pt_entry old, pa_t pa,
			     unsigned prot, struct tlb_batch *batch);
// Changes only protection bits of one entry (of any size) if it still equals |old|, accessed and
// dirty bits aside (they are kept). Only taking rights away uses |batch|.
bool __must_check pt_set_prot(struct pgtable *pt, va_t va, struct pt_entry old, unsigned prot,
			      struct tlb_batch *batch);
// Unmaps [va, end); references go to |batch|, which also counts the pages. 2 MiB entries at the
// edges: of an object (page->owner set) cleared whole, private ones split with their reserved
// table. Never allocates. May run without the address space's lock for ranges of a live vma.
void pt_unmap_range(struct pgtable *pt, va_t va, va_t end, struct tlb_batch *batch);
// The same for private anonymous memory in tables that no CPU has loaded and none will load again:
// nothing is left to flush, so frames go at once. True if there were any.
bool pt_drop_private(struct pgtable *pt, va_t va, va_t end);
// As pt_unmap_range for entries whose frame's owner is |owner| only.
void pt_unmap_owned(struct pgtable *pt, va_t va, va_t end, const void *owner,
		    struct tlb_batch *batch);
// For |owner|: everything but guards.
#define PT_ALL_BUT_GUARDS ((const void *)1)
// Guards (marks.c): entries that are not empty and show nothing; every access is a fault. They go
// by pt_unmap_range and pt_clear_guards only. set: all entries were empty or guards; -ENOMEM,
// -EEXIST with part of them made.
int __must_check pt_set_guards(struct pgtable *pt, va_t va, va_t end);
void pt_clear_guards(struct pgtable *pt, va_t va, va_t end);
static inline bool pt_is_guard(const struct pt_entry *e)
{
	return e->present && e->pa < PAGE_SIZE;
}
// Marks the private pages of [va, end) that nobody else shows as freed; a write takes that back.
void pt_mark_lazy(struct pgtable *pt, va_t va, va_t end, struct tlb_batch *batch);
// Unmaps those, unless they were written since.
void pt_drop_lazy(struct pgtable *pt, va_t va, va_t end, struct tlb_batch *batch);
// Sets read/write/exec of all entries in [va, end) that are not empty; write is granted only where
// |may_write| or the entry is PT_EXCLUSIVE.
void pt_protect_range(struct pgtable *pt, va_t va, va_t end, unsigned prot, bool may_write,
		      struct tlb_batch *batch);
// The same, with the flush that is needed, if the range lies in the page table that was used last.
// False: it does not, nothing was done.
bool __must_check pt_protect_near(struct pgtable *pt, va_t va, va_t end, unsigned prot,
				  bool may_write);
// No lock is taken: what it says may be stale at once, unless the caller excludes changes.
struct pt_entry pt_query(const struct pgtable *pt, va_t va);
// As pt_query, with a reference to the 4 KiB frame taken while the entry cannot change. A 2 MiB
// frame is demoted. NULL (and |e| filled) if nothing is there or it is PT_SPECIAL.
struct page *__must_check pt_get_page(struct pgtable *pt, va_t va, struct pt_entry *e);
// Calls |fn| for each entry in [va, end) that is not empty, by rising address; stops when it
// returns non-zero, and returns that. No lock is held.
int pt_walk(const struct pgtable *pt, va_t va, va_t end,
	    int (*fn)(void *arg, va_t va, const struct pt_entry *e), void *arg);
// Frees tables of [va, end) that are empty, where no neighbour in [floor, ceiling) needs them:
// floor is the end of the vma below (0: none), ceiling the start of the vma above. Needs the
// address space's lock for writing.
void pt_free_tables(struct pgtable *pt, va_t va, va_t end, va_t floor, va_t ceiling,
		    struct tlb_batch *batch);
// Moves the entries of [from, from + bytes) to |to| (mremap); the ranges do not overlap and |to| is
// empty. Needs the address space's lock for writing. -ENOMEM moves nothing (free the tables made
// for |to| with pt_free_tables).
int __must_check pt_move_range(struct pgtable *pt, va_t from, va_t to, uint64_t bytes,
			       struct tlb_batch *batch);
// Copies entries for fork. Each one in [va, end) whose frame's owner is not |skip_owner| (NULL:
// all) loses PT_WRITE and PT_EXCLUSIVE in |from| and appears the same in |to| with a reference of
// its own; PT_SPECIAL ones are copied without. |*copied| counts 4 KiB pages, PT_SPECIAL ones not.
// -ENOMEM: what was made in |to| stays. |batch| is |from|'s.
int __must_check pt_fork_range(struct pgtable *from, struct pgtable *to, va_t va, va_t end,
			       const void *skip_owner, struct tlb_batch *batch, uint64_t *copied);
