// Marks in page-table entries that no CPU knows of: guards (MADV_GUARD_INSTALL) are entries that
// are not empty and show no frame; lazy entries (MADV_FREE) may be taken out while the CPU has not
// noted a write to them. Locking as said in mapper.c.
#include "mm/phys/mapper_range.h"
#include "mm/phys/pmm.h"

#include <linux/errno.h>

static pte_t *entry_in(pte_t pd_entry, va_t va)
{
	return (pte_t *)phys_to_virt(pd_entry & PTE_ADDR) + pte_slot(va, 0);
}

int pt_set_guards(struct pgtable *pt, va_t va, va_t end)
{
	int err = 0;

	while (va < end && !err) {
		va_t stop = MIN(end, next_boundary(va, HUGE_SHIFT));
		pte_t *e = pt_make_entry(pt, va, 0);
		struct page *table = table_of(e);

		if (is_error((uint64_t)e))
			return (int)(int64_t)e;
		spin_lock(&table->table_lock);
		for (; va < stop; va += PAGE_SIZE, e++) {
			if (!*e) {
				*e = PTE_GUARD;
				table->table.used++;
			} else if (*e != PTE_GUARD) {
				err = -EEXIST;
				break;
			}
		}
		spin_unlock(&table->table_lock);
	}
	return err;
}

static void clear_guards(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	struct page *table;
	pte_t *e;

	if (!is_table(*pd_entry))
		return;
	e = entry_in(*pd_entry, va);
	table = table_of(e);
	spin_lock(&table->table_lock);
	for (; va < stop; va += PAGE_SIZE, e++) {
		if (*e == PTE_GUARD) {
			*e = 0;
			table->table.used--;
		}
	}
	spin_unlock(&table->table_lock);
}

void pt_clear_guards(struct pgtable *pt, va_t va, va_t end)
{
	struct range_op op = { .pt = pt };

	for_each_pd_entry(&op, va, end, clear_guards);
}

// A private page that nobody else shows.
static void mark_lazy(struct range_op *op, pte_t *e, va_t va, uint64_t bytes)
{
	pte_t v = *e;

	do {
		if ((v & (PT_SPECIAL | PT_EXCLUSIVE)) != PT_EXCLUSIVE)
			return;
	} while (!__atomic_compare_exchange_n(e, &v, (v | PTE_LAZY) & ~PTE_DIRTY, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	if (v & PTE_PRESENT)
		tlb_batch_range(op->batch, va, va + bytes);
}

static void mark_entries(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	struct page *table;
	bool whole;
	pte_t *e;

	if (!pt_table_or_huge(op, pd_entry, va, stop, &whole)) {
		if (whole) {
			mark_lazy(op, pd_entry, va, HUGE_SIZE);
			spin_unlock(&table_of(pd_entry)->table_lock);
		}
		return;
	}
	e = entry_in(*pd_entry, va);
	table = table_of(e);
	spin_lock(&table->table_lock);
	for (; va < stop; va += PAGE_SIZE, e++)
		mark_lazy(op, e, va, PAGE_SIZE);
	spin_unlock(&table->table_lock);
}

void pt_mark_lazy(struct pgtable *pt, va_t va, va_t end, struct tlb_batch *batch)
{
	struct range_op op = { .pt = pt, .batch = batch };

	for_each_pd_entry(&op, va, end, mark_entries);
}

static bool is_lazy(pte_t v)
{
	return (v & (PTE_LAZY | PTE_DIRTY)) == PTE_LAZY;
}

static void drop_entries(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	struct page *table, *pd = table_of(pd_entry);
	pte_t *e;

	spin_lock(&pd->table_lock);
	if (!is_table(*pd_entry) && is_lazy(*pd_entry) && *pd_entry & PT_RESERVED_TABLE)
		pt_split_huge(op, pd, pd_entry, va);
	spin_unlock(&pd->table_lock);
	if (!is_table(*pd_entry))
		return;
	e = entry_in(*pd_entry, va);
	table = table_of(e);
	spin_lock(&table->table_lock);
	for (; va < stop; va += PAGE_SIZE, e++) {
		pte_t v = *e;

		if (!is_lazy(v) || !__atomic_compare_exchange_n(e, &v, 0, false, __ATOMIC_ACQ_REL,
								__ATOMIC_RELAXED))
			continue; // written just now
		table->table.used--;
		op->batch->anon_pages++;
		if (v & PTE_PRESENT)
			tlb_batch_range(op->batch, va, va + PAGE_SIZE);
		tlb_batch_add(op->batch, pa_to_page(v & PTE_ADDR), 0);
	}
	spin_unlock(&table->table_lock);
}

void pt_drop_lazy(struct pgtable *pt, va_t va, va_t end, struct tlb_batch *batch)
{
	struct range_op op = { .pt = pt, .batch = batch };

	for_each_pd_entry(&op, va, end, drop_entries);
}
