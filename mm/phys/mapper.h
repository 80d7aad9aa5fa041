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

enum pt_prot {
	PT_READ = 1 << 0,
	PT_WRITE = 1 << 1,
	PT_EXEC = 1 << 2,
	PT_USER = 1 << 3,
	PT_GLOBAL = 1 << 4,
	PT_NOCACHE = 1 << 5,
	PT_EXCLUSIVE = 1 << 6, // software bit: private frame that may be written in place
	PT_ACCESSED = 1 << 7,
	PT_DIRTY = 1 << 8,
	PT_SPECIAL = 1 << 9, // software bit: the frame is not reference counted by this entry
};

struct pgtable {
	pa_t root_pa;
	uint64_t table_pages; // page-table pages owned, for accounting
	uint64_t id;          // serial, never reused
	uint64_t cpus;        // bit per CPU that may have it loaded
};

// What one entry says.
struct pt_entry {
	pa_t pa;        // of the byte asked for
	unsigned order; // 0, 9 or 18
	unsigned prot;  // enum pt_prot; 0 with |present| false: nothing is mapped
	bool present;
};

// An empty user address space that shares the kernel half. -ENOMEM.
int __must_check pt_create(struct pgtable *pt);
// Frees all remaining tables of the user half; nothing may be mapped in it.
void pt_destroy(struct pgtable *pt);
struct pgtable *pt_kernel(void);

// Maps one frame of |order| at |va|. The entry must be empty: -EEXIST if not, -ENOMEM. The entry
// takes over one reference of that order that the caller holds (unless PT_SPECIAL).
int __must_check pt_map(struct pgtable *pt, va_t va, pa_t pa, unsigned order, unsigned prot);
// Maps |n| frames at consecutive pages; pages[i] == NULL leaves that entry alone; entries that are
// not empty are left alone and their pages[i] keeps its reference with the caller, reported by
// clearing nothing: the return value counts the entries made and |done| (n bits) says which.
unsigned pt_map_batch(struct pgtable *pt, va_t va, struct page *const *pages, unsigned n,
		      unsigned prot, uint64_t *done);
// Replaces a present 4 KiB entry by another frame and protection if it still holds |old|.
// The old frame's reference goes to |batch|. True if replaced.
bool pt_replace(struct pgtable *pt, va_t va, struct pt_entry old, pa_t pa, unsigned prot,
		struct tlb_batch *batch);
// Changes only protection bits of one entry if it still equals |old|.
bool pt_set_prot(struct pgtable *pt, va_t va, struct pt_entry old, unsigned prot,
		 struct tlb_batch *batch);
// Unmaps [va, end); references go to |batch|. Splits 2 MiB entries at the edges without allocating
// (see kernel-rules: object entries are cleared whole, private ones use their reserve table).
// |keep_private| leaves entries alone that are PT_EXCLUSIVE or not pages of |obj_filter| (NULL:
// all).
void pt_unmap_range(struct pgtable *pt, va_t va, va_t end, struct tlb_batch *batch);
// Sets read/write/exec of all present entries in [va, end); write is granted only where
// |may_write| or the entry is PT_EXCLUSIVE.
void pt_protect_range(struct pgtable *pt, va_t va, va_t end, unsigned prot, bool may_write,
		      struct tlb_batch *batch);
struct pt_entry pt_query(const struct pgtable *pt, va_t va);
// Calls |fn| for each present entry in [va, end); stops when it returns non-zero, and returns that.
int pt_walk(const struct pgtable *pt, va_t va, va_t end,
	    int (*fn)(void *arg, va_t va, const struct pt_entry *e), void *arg);
// Frees tables of [va, end) that are empty, where no neighbour in [floor, ceiling) needs them.
void pt_free_tables(struct pgtable *pt, va_t va, va_t end, va_t floor, va_t ceiling,
		    struct tlb_batch *batch);
// Moves the entries of [from, from + bytes) to |to| (mremap). -ENOMEM leaves all as it was.
int __must_check pt_move_range(struct pgtable *pt, va_t from, va_t to, uint64_t bytes,
			       struct tlb_batch *batch);
