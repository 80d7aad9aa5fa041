// What the range operations of mapper_range.c and mapper_move.c share. Private to mm/phys.
#pragma once

#include "mm/phys/mapper_impl.h"

#define HUGE_PAGES (1u << HUGE_ORDER)

struct range_op {
	struct pgtable *pt;
	struct tlb_batch *batch;
	const void *owner; // only frames of this owner (unmap), or all but these (fork)
	bool filter;       // |owner| counts
	unsigned prot;     // protect
	bool may_write;
	struct pgtable *to; // fork, move
	uint64_t shift;     // move: added to an address, modulo 2^64
	uint64_t copied;
	int (*fn)(void *arg, va_t va, const struct pt_entry *e); // walk
	void *arg;
	int err; // non-zero ends the operation
};

// |e| is a directory entry that is not empty; [va, stop) lies in its 2 MiB.
typedef void pd_entry_fn(struct range_op *op, pte_t *e, va_t va, va_t stop);

// pt_make_entry for the range operations: NULL and op->err instead of an error pointer.
static inline pte_t *make_entry(struct range_op *op, struct pgtable *pt, va_t va, unsigned level)
{
	pte_t *e = level ? pt_make_entry(pt, va, 1) : pt_make_entry(pt, va, 0);

	if (!is_error((uint64_t)e))
		return e;
	op->err = (int)(int64_t)e;
	return NULL;
}

static __always_inline_fn void for_each_pd_entry(struct range_op *op, va_t va, va_t end,
						 pd_entry_fn *fn)
{
	while (va < end && !op->err) {
		pte_t *e = (pte_t *)phys_to_virt(op->pt->root_pa) + pte_slot(va, 3);
		pte_t v = READ_ONCE(*e);
		va_t pd_end;

		if (!is_table(v)) {
			va = next_boundary(va, 39);
			continue;
		}
		e = (pte_t *)phys_to_virt(v & PTE_ADDR) + pte_slot(va, 2);
		v = READ_ONCE(*e);
		pd_end = MIN(end, next_boundary(va, GIGA_SHIFT));
		if (!is_table(v)) {
			va = pd_end;
			continue;
		}
		e = (pte_t *)phys_to_virt(v & PTE_ADDR) + pte_slot(va, 1);
		while (va < pd_end) {
			va_t stop = MIN(pd_end, next_boundary(va, HUGE_SHIFT));

			if (READ_ONCE(*e))
				fn(op, e, va, stop);
			va = stop;
			e++;
		}
	}
}

// Both with the directory's lock held, for its entry |e| of 2 MiB: clears it (its frame goes to the
// batch); turns a private one into 512 small ones in the table set aside for it.
void pt_clear_huge(struct range_op *op, struct page *pd, pte_t *e, va_t va);
void pt_split_huge(struct range_op *op, struct page *pd, pte_t *e, va_t va);
// Prepares a directory entry for work on [va, stop). True if |e| leads to a table then. False if it
// is empty, not wanted by the filter, or a 2 MiB entry: then |*whole| says that all of it is in the
// range, and the directory is left locked.
bool pt_table_or_huge(struct range_op *op, pte_t *e, va_t va, va_t stop, bool *whole);
