// 2 MiB entries that show objects: see mapper.h. Locking and lifetime as said in mapper.c.
#include "kernel/base/panic.h"
#include "mm/phys/mapper_impl.h"

#include <linux/errno.h>

bool pt_has_table(const struct pgtable *pt, va_t va)
{
	pte_t *e = (pte_t *)phys_to_virt(pt->root_pa) + pte_slot(va, 3);

	for (unsigned level = 3; level > 0; level--) {
		pte_t v = READ_ONCE(*e);

		if (!is_table(v))
			return false;
		e = (pte_t *)phys_to_virt(v & PTE_ADDR) + pte_slot(va, level - 1);
	}
	return true;
}

// A zap changes *seq, then reads directory entries without a lock; we store the entry, then read
// *seq: one of the two notices. The entry is stored without its present bit first, so that no CPU
// can have used it if it must go again; a zap that finds it waits for the lock.
int pt_map_huge(struct pgtable *pt, va_t va, struct page *head, unsigned prot, const uint32_t *seq,
		uint32_t seq_now)
{
	pte_t v = page_to_pa(head) | pte_from_prot(prot) | PTE_LARGE | PTE_HUGE_BORROWED;
	pte_t *e = pt_make_entry(pt, va, 1);
	struct page *pd;
	int err = 0;

	if (is_error((uint64_t)e))
		return (int)(int64_t)e;
	pd = table_of(e);
	spin_lock(&pd->table_lock);
	if (*e) {
		err = -EEXIST;
	} else {
		__atomic_store_n(e, v & ~PTE_PRESENT, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(seq, __ATOMIC_SEQ_CST) != seq_now)
			err = -EAGAIN;
		else
			pd->table.used++;
		__atomic_store_n(e, err ? 0 : v, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&pd->table_lock);
	return err;
}

__cold void pt_collapse(struct pgtable *pt, va_t va, pa_t pa, unsigned prot,
			struct tlb_batch *batch)
{
	pte_t *e = pt_make_entry(pt, va, 1);
	struct page *pd = table_of(e), *table;

	spin_lock(&pd->table_lock);
	table = pa_to_page(*e & PTE_ADDR);
	ASSERT(is_table(*e) && !table->table.used);
	__atomic_store_n(&pt->hint, 0, __ATOMIC_RELAXED); // may lead to it
	push_spare(pd, table);
	*e = pa | pte_from_prot(prot | PT_RESERVED_TABLE) | PTE_LARGE;
	spin_unlock(&pd->table_lock);
	// A CPU may remember the way through the table.
	batch->tables_freed = true;
	tlb_batch_range(batch, va, va + HUGE_SIZE);
}
