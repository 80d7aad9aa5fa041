// What mapper.c and mapper_range.c share. Private to mm/phys.
#pragma once

#include "mm/phys/physmap.h"
#include "mm/phys/pte.h"
#include "mm/phys/tlb.h"

#define KERNEL_SLOT 256          // first root slot of the kernel half
#define USER_SPAN   (1ull << 47) // bytes below the non-canonical hole
// Software bit of a 2 MiB entry that holds no reference (pt_map_huge). Not one of enum pt_prot.
#define PTE_HUGE_BORROWED (1ull << 52)
#define TABLE_BITS        (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)

struct page *__must_check pt_alloc_table(struct pgtable *pt);
// One table page less is owned.
void pt_forget_table(struct pgtable *pt);
// Puts a table behind the empty entry |e|. Returns what the entry says then; or a
// negative errno (is_error): -ENOMEM, or -EEXIST where a larger page is mapped.
pte_t pt_link_table(struct pgtable *pt, pte_t *e);

// Pointers and entries that are really a negative errno.
static inline bool is_error(uint64_t v)
{
	return v >= (uint64_t)-4095;
}

// At levels 1 to 3: does the entry lead to a table?
static inline bool is_table(pte_t e)
{
	return (e & (PTE_PRESENT | PTE_LARGE)) == PTE_PRESENT;
}

// The entry of |va| at |level| in the table behind |e|, one level up, which is made if missing; or
// an error. An entry that leads to a user table is its address plus TABLE_BITS, nothing else: the
// CPU changes nothing there, so that a subtraction, free as part of the address, removes the bits.
static __always_inline_fn pte_t *pt_descend(struct pgtable *pt, pte_t *e, va_t va, unsigned level)
{
	pte_t v = READ_ONCE(*e);

	if (unlikely(!is_table(v))) {
		v = pt_link_table(pt, e);
		if (is_error(v))
			return (pte_t *)v;
	}
	return (pte_t *)phys_to_virt(v - TABLE_BITS) + pte_slot(va, level);
}

// pgtable.hint: which 2 MiB of the user half the table used last maps, and the table's frame
// number; 0: none. In one word, so that it needs no lock. It stays true until that table is freed,
// and then pt_free_tables clears it, which nobody who uses that range can run beside.
#define HINT_PFN_BITS 38 // 1 PiB of physical memory

static inline uint64_t hint_tag(va_t va)
{
	return (va >> HUGE_SHIFT) << HINT_PFN_BITS;
}

static inline void pt_set_hint(struct pgtable *pt, va_t va, const pte_t *table_entry)
{
	uint64_t pfn = virt_to_phys(table_entry) >> PAGE_SHIFT;

	if (likely(va < USER_SPAN && !(pfn >> HINT_PFN_BITS)))
		__atomic_store_n(&pt->hint, hint_tag(va) | pfn, __ATOMIC_RELEASE);
}

// The 4 KiB entry of |va| if the hint leads to it, else NULL.
static __always_inline_fn pte_t *pt_hinted_entry(const struct pgtable *pt, va_t va)
{
	uint64_t pfn = __atomic_load_n(&pt->hint, __ATOMIC_ACQUIRE) ^ hint_tag(va);

	if (unlikely(pfn - 1 >= (1ull << HINT_PFN_BITS) - 1))
		return NULL;
	return (pte_t *)phys_to_virt(pfn << PAGE_SHIFT) + pte_slot(va, 0);
}

// The entry of |va| at |level| (a constant, 0 or 1), with tables made above it; or an error.
static __always_inline_fn pte_t *pt_make_entry(struct pgtable *pt, va_t va, unsigned level)
{
	pte_t *e = (pte_t *)phys_to_virt(pt->root_pa) + pte_slot(va, 3);

	e = pt_descend(pt, e, va, 2);
	if (unlikely(is_error((uint64_t)e)))
		return e;
	e = pt_descend(pt, e, va, 1);
	if (level == 1 || unlikely(is_error((uint64_t)e)))
		return e;
	return pt_descend(pt, e, va, 0);
}

// pt_make_entry at level 0, by the hint if it can; the whole walk is a function of its own.
pte_t *pt_make_entry_slow(struct pgtable *pt, va_t va);
static __always_inline_fn pte_t *pt_make_small_entry(struct pgtable *pt, va_t va)
{
	pte_t *e = pt_hinted_entry(pt, va);

	return likely(e) ? e : pt_make_entry_slow(pt, va);
}

// The record of the table that |e| is an entry of.
static inline struct page *table_of(const pte_t *e)
{
	return pa_to_page(virt_to_phys(e));
}

// Tables set aside for 2 MiB entries of one directory: a chain from the directory's record.
// The directory's lock is held.
static inline void push_spare(struct page *pd, struct page *table)
{
	table->table.deposit_pfn = pd->table.deposit_pfn;
	pd->table.deposit_pfn = (uint32_t)(page_to_pa(table) >> PAGE_SHIFT);
}

static inline struct page *pop_spare(struct page *pd)
{
	struct page *table = pa_to_page((pa_t)pd->table.deposit_pfn << PAGE_SHIFT);

	pd->table.deposit_pfn = table->table.deposit_pfn;
	table->table.deposit_pfn = 0;
	return table;
}

// The eight entries from |e| on. What is given back is mostly a range of which little was used.
static __always_inline_fn bool are_empty(const pte_t *e)
{
	return !(e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]);
}

// Could a TLB grant something by |was| that |now| does not?
static inline bool loses_rights(pte_t was, pte_t now)
{
	pte_t lost = (was & ~now & (PTE_PRESENT | PTE_WRITE)) | (now & ~was & PTE_NX);

	return (was & PTE_PRESENT) && lost;
}

// The first address behind |va| that is a multiple of 1 << |shift|.
static inline va_t next_boundary(va_t va, unsigned shift)
{
	return ((va >> shift) + 1) << shift;
}
