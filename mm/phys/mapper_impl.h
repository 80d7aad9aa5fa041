// What mapper.c and mapper_range.c share. Private to mm/phys.
#pragma once

#include "mm/phys/physmap.h"
#include "mm/phys/pte.h"
#include "mm/phys/tlb.h"

#define KERNEL_SLOT 256          // first root slot of the kernel half
#define USER_SPAN   (1ull << 47) // bytes below the non-canonical hole
#define TABLE_BITS  (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)

struct page *__must_check pt_alloc_table(struct pgtable *pt);
// One table page less is owned.
void pt_forget_table(struct pgtable *pt);
// The entry of |va| at |level|, with tables made above it. NULL: |*err| is -ENOMEM, or -EEXIST
// where a larger page is mapped already.
pte_t *pt_make_entry(struct pgtable *pt, va_t va, unsigned level, int *err);

// At levels 1 to 3: does the entry lead to a table?
static inline bool is_table(pte_t e)
{
	return (e & (PTE_PRESENT | PTE_LARGE)) == PTE_PRESENT;
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

// Could a TLB grant something by |was| that |now| does not?
static inline bool loses_rights(pte_t was, pte_t now)
{
	pte_t lost = (was & ~now & (PTE_PRESENT | PTE_WRITE)) | (now & ~was & PTE_NX);

	return (was & PTE_PRESENT) && lost;
}
