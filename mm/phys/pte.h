// Bits of page-table entries (SDM 3A 4.5, tables 4-14 to 4-20). Private to mm/phys.
#pragma once

#include "mm/phys/mapper.h"

typedef uint64_t pte_t;

#define PTE_PRESENT  (1ull << 0)
#define PTE_WRITE    (1ull << 1)
#define PTE_USER     (1ull << 2)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY    (1ull << 6)
#define PTE_LARGE    (1ull << 7) // of levels 1 and 2
#define PTE_GLOBAL   (1ull << 8)
// Of a private entry: freed by the program, if it is not dirty (PTE_HUGE_BORROWED is bit 52).
#define PTE_LAZY (1ull << 53)
#define PTE_NX   (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull

// Bits that mean the same in enum pt_prot and in the hardware's entry.
#define PTE_PROT_MASK                                                                              \
	(PT_READ | PT_WRITE | PT_USER | PT_NOCACHE | PT_ACCESSED | PT_DIRTY | PT_GLOBAL |          \
	 PT_EXCLUSIVE | PT_SPECIAL | PT_RESERVED_TABLE)

_Static_assert(PT_READ == PTE_PRESENT && PT_WRITE == PTE_WRITE && PT_USER == PTE_USER, "prot bits");
_Static_assert(PT_ACCESSED == PTE_ACCESSED && PT_DIRTY == PTE_DIRTY, "prot bits");
_Static_assert(PT_GLOBAL == PTE_GLOBAL, "prot bits");

// An entry without a frame: nobody may touch the page.
#define PTE_GUARD ((pte_t)PT_SPECIAL)

static inline unsigned pte_slot(va_t va, unsigned level)
{
	return (va >> (PAGE_SHIFT + 9 * level)) & 511;
}

static inline pte_t pte_from_prot(unsigned prot)
{
	return (prot & PTE_PROT_MASK) | (prot & PT_EXEC ? 0 : PTE_NX);
}

static inline unsigned pte_to_prot(pte_t e)
{
	return (unsigned)(e & PTE_PROT_MASK) | (e & PTE_NX ? 0 : PT_EXEC);
}
