// Range operations on page tables: unmap, protect, walk; fork and move are in mapper_move.c.
// Each walks a table once: upper levels are skipped where empty, and one hold of a table's lock
// covers all its entries in the range. Locking and lifetime as said in mapper.c. Must not allocate.

#include "mm/phys/mapper_range.h"
#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "mm/phys/pmm.h"

static inline bool owner_matches(const struct range_op *op, pte_t v)
{
	if (op->owner == PT_ALL_BUT_GUARDS)
		return v != PTE_GUARD;
	return !(v & PT_SPECIAL) && pa_to_page(v & PTE_ADDR)->owner == op->owner;
}

// ---- 2 MiB entries

// An entry that was just cleared: its frame goes to the batch.
static inline void take_out(struct tlb_batch *b, pte_t was, va_t va, unsigned order)
{
	struct page *p = pa_to_page(was & PTE_ADDR);

	if (was & PTE_PRESENT)
		tlb_batch_range(b, va, va + (PAGE_SIZE << order));
	if (was & PT_SPECIAL)
		return;
	*(p->owner ? &b->obj_pages : &b->anon_pages) += 1ull << order;
	if (was & PTE_HUGE_BORROWED)
		return;
	tlb_batch_add(b, p, order ? TLB_HELD_HUGE : 0);
}

void pt_clear_huge(struct range_op *op, struct page *pd, pte_t *e, va_t va)
{
	pte_t was = __atomic_exchange_n(e, 0, __ATOMIC_ACQ_REL);

	pd->table.used--;
	take_out(op->batch, was, ALIGN_DOWN(va, HUGE_SIZE), HUGE_ORDER);
	if (was & PT_RESERVED_TABLE) {
		tlb_batch_add(op->batch, pop_spare(pd), TLB_HELD_TABLE);
		pt_forget_table(op->pt);
	}
}

__cold void pt_split_huge(struct range_op *op, struct page *pd, pte_t *e, va_t va)
{
	struct page *table = pop_spare(pd);
	pte_t *entries = phys_to_virt(page_to_pa(table));
	pte_t was = *e;

	page_demote(pa_to_page(was & PTE_ADDR));
	do {
		pte_t bits = was & ~(pte_t)(PTE_LARGE | PT_RESERVED_TABLE);

		for (unsigned i = 0; i < HUGE_PAGES; i++)
			entries[i] = bits + i * PAGE_SIZE;
	} while (!__atomic_compare_exchange_n(e, &was, page_to_pa(table) | TABLE_BITS, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	table->table.used = HUGE_PAGES;
	va = ALIGN_DOWN(va, HUGE_SIZE);
	tlb_batch_range(op->batch, va, va + HUGE_SIZE);
}

bool pt_table_or_huge(struct range_op *op, pte_t *e, va_t va, va_t stop, bool *whole)
{
	struct page *pd = table_of(e);

	*whole = false;
	if (likely(is_table(READ_ONCE(*e))))
		return true;
	spin_lock(&pd->table_lock);
	if (*e && !is_table(*e) && (!op->filter || owner_matches(op, *e))) {
		if (stop - va == HUGE_SIZE) {
			*whole = true;
			return false;
		}
		if (*e & PT_RESERVED_TABLE)
			pt_split_huge(op, pd, e, va);
		else
			pt_clear_huge(op, pd, e, va); // an object's: it is faulted in again
	}
	spin_unlock(&pd->table_lock);
	return is_table(READ_ONCE(*e));
}

// ---- unmap

// Takes entries out of [*va, stop) of |table|, as many as the batch has room for; its lock is held.
// *va is where to go on. Written for speed: what counts is kept in registers.
static __always_inline_fn void take_some(struct range_op *op, struct page *table, pte_t **at,
					 va_t *va, va_t stop, bool filter)
{
	struct tlb_batch *b = op->batch;
	uint16_t taken = 0, borrowed = 0;
	uint64_t obj = 0, anon = 0;
	unsigned n = b->n;
	va_t here = *va, first = ~0ull, last = 0;
	pte_t *e = *at;

	for (; here < stop && n < TLB_BATCH_PAGES; here += PAGE_SIZE, e++) {
		pte_t v = *e;
		struct page *p;

		if (!v) {
			while (stop - here > 8 * PAGE_SIZE && are_empty(e + 1)) {
				here += 8 * PAGE_SIZE;
				e += 8;
			}
			continue;
		}
		if (filter && !owner_matches(op, v))
			continue;
		v = __atomic_exchange_n(e, 0, __ATOMIC_ACQ_REL);
		taken++;
		borrowed += (v & PT_BORROWED) != 0;
		if (v & PTE_PRESENT) {
			first = MIN(first, here);
			last = here + PAGE_SIZE;
		}
		if (v & (PT_SPECIAL | PT_BORROWED))
			continue;
		p = pa_to_page(v & PTE_ADDR);
		if (p->owner)
			obj++;
		else
			anon++;
		b->held[n++] = (uintptr_t)p;
	}
	table->table.used -= taken;
	table->table.borrowed -= borrowed;
	b->n = n;
	b->obj_pages += obj + borrowed;
	b->anon_pages += anon;
	if (last)
		tlb_batch_range(b, first, last);
	*va = here;
	*at = e;
}

// The entries of [va, stop), all borrowed or empty: nothing is to be dropped for them. The lock is
// held. What the CPU notes in an entry meanwhile is of no interest.
static void take_borrowed(struct range_op *op, struct page *table, pte_t *e, va_t va, va_t stop)
{
	uint16_t taken = 0;

	if (stop - va == HUGE_SIZE) {
		taken = table->table.used;
		cpu_clear_page(e);
	} else {
		for (pte_t *end = e + ((stop - va) >> PAGE_SHIFT); e < end; e++) {
			taken += *e != 0;
			WRITE_ONCE(*e, 0);
		}
	}
	table->table.used -= taken;
	table->table.borrowed -= taken;
	op->batch->obj_pages += taken;
	if (taken)
		tlb_batch_range(op->batch, va, stop);
}

// The borrowed entries from |*at| on, of |*va| and up to |stop|, without a gap: as above.
static void take_run(struct range_op *op, struct page *table, pte_t **at, va_t *va, va_t stop)
{
	const va_t start = *va;
	pte_t *e = *at, *end = e + ((stop - start) >> PAGE_SHIFT);
	unsigned taken;

	for (; e < end && (*e & PT_BORROWED); e++)
		WRITE_ONCE(*e, 0);
	taken = (unsigned)(e - *at);
	table->table.used -= (uint16_t)taken;
	table->table.borrowed -= (uint16_t)taken;
	op->batch->obj_pages += taken;
	*at = e;
	*va = start + ((va_t)taken << PAGE_SHIFT);
	tlb_batch_range(op->batch, start, *va);
}

// |e| is the entry of |va|, in a table that maps all of [va, stop).
static __always_inline_fn void unmap_entries(struct range_op *op, pte_t *e, va_t va, va_t stop,
					     bool filter)
{
	struct page *table = table_of(e);

	spin_lock(&table->table_lock);
	if (!filter && table->table.borrowed == table->table.used) {
		if (table->table.used)
			take_borrowed(op, table, e, va, stop);
		va = stop;
	}
	while (va < stop && table->table.used) {
		if (!filter && (*e & PT_BORROWED))
			take_run(op, table, &e, &va, stop);
		else
			take_some(op, table, &e, &va, stop, filter);
		if (unlikely(op->batch->n == TLB_BATCH_PAGES))
			tlb_batch_flush(op->batch);
	}
	spin_unlock(&table->table_lock);
}

static __always_inline_fn void unmap_in(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop,
					bool filter)
{
	bool whole;

	if (!pt_table_or_huge(op, pd_entry, va, stop, &whole)) {
		if (whole) {
			pt_clear_huge(op, table_of(pd_entry), pd_entry, va);
			spin_unlock(&table_of(pd_entry)->table_lock);
		}
		return;
	}
	unmap_entries(op, (pte_t *)phys_to_virt(*pd_entry & PTE_ADDR) + pte_slot(va, 0), va, stop,
		      filter);
}

// The entry of |va| if the hint leads to the one table that maps all of [va, end).
static inline pte_t *hinted_range(const struct pgtable *pt, va_t va, va_t end)
{
	return (va ^ (end - 1)) >> HUGE_SHIFT ? NULL : pt_hinted_entry(pt, va);
}

static void unmap_all(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	unmap_in(op, pd_entry, va, stop, false);
}

static void unmap_filtered(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	unmap_in(op, pd_entry, va, stop, true);
}

void pt_unmap_range(struct pgtable *pt, va_t va, va_t end, struct tlb_batch *batch)
{
	struct range_op op;
	pte_t *e = hinted_range(pt, va, end);

	op.pt = pt;
	op.batch = batch;
	op.filter = false;
	op.err = 0;
	if (likely(e))
		unmap_entries(&op, e, va, end, false);
	else
		for_each_pd_entry(&op, va, end, unmap_all);
}

void pt_unmap_owned(struct pgtable *pt, va_t va, va_t end, const void *owner,
		    struct tlb_batch *batch)
{
	struct range_op op = { .pt = pt, .batch = batch, .owner = owner, .filter = true };

	for_each_pd_entry(&op, va, end, unmap_filtered);
}

// ---- the end of an address space

// The entries of [va, stop), where no object is shown.
static unsigned drop_entries(pte_t *e, va_t va, va_t stop)
{
	struct page *table = table_of(e);
	unsigned left, taken = 0;

	spin_lock(&table->table_lock);
	for (left = table->table.used; left && va < stop; va += PAGE_SIZE, e++) {
		pte_t v = *e;

		if (!v) {
			while (stop - va > 8 * PAGE_SIZE && are_empty(e + 1)) {
				va += 8 * PAGE_SIZE;
				e += 8;
			}
			continue;
		}
		*e = 0;
		left--;
		taken++;
		if (!(v & PT_SPECIAL))
			page_put(pa_to_page(v & PTE_ADDR), 0);
	}
	table->table.used = (uint16_t)left;
	spin_unlock(&table->table_lock);
	return taken;
}

static void drop_private(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	if (is_table(*pd_entry))
		op->copied += drop_entries(
			(pte_t *)phys_to_virt(*pd_entry & PTE_ADDR) + pte_slot(va, 0), va, stop);
	else
		unmap_all(op, pd_entry, va, stop);
}

__stack_guarded bool pt_drop_private(struct pgtable *pt, va_t va, va_t end)
{
	struct tlb_batch batch; // of 2 MiB entries
	struct range_op op = { .pt = pt, .batch = &batch };

	DEBUG_ASSERT(!__atomic_load_n(&pt->cpus, __ATOMIC_RELAXED));
	tlb_batch_begin(&batch, pt);
	for_each_pd_entry(&op, va, end, drop_private);
	tlb_batch_end(&batch);
	return op.copied || batch.anon_pages;
}

// ---- protect

#define RIGHTS (PTE_PRESENT | PTE_WRITE | PTE_NX)

// True if the entry, which is not empty, lost rights that a TLB may hold.
static __always_inline_fn bool protect_one(pte_t *e, pte_t want, bool may_write)
{
	pte_t v = *e, now;

	do {
		now = (v & ~RIGHTS) | want;
		if (!may_write && !(v & PT_EXCLUSIVE))
			now &= ~PTE_WRITE;
		if (now == v)
			return false;
	} while (unlikely(!__atomic_compare_exchange_n(e, &v, now, false, __ATOMIC_ACQ_REL,
						       __ATOMIC_RELAXED)));
	return loses_rights(v, now);
}

// What lost rights lies in [*first, *last), which grows.
static __always_inline_fn void protect_small(pte_t *e, va_t va, va_t stop, unsigned prot,
					     bool may_write, va_t *first, va_t *last)
{
	const pte_t want = pte_from_prot(prot) & RIGHTS;
	struct page *table = table_of(e);

	spin_lock(&table->table_lock);
	for (; va < stop; va += PAGE_SIZE, e++) {
		if (*e && protect_one(e, want, may_write)) {
			*first = MIN(*first, va);
			*last = va + PAGE_SIZE;
		}
	}
	spin_unlock(&table->table_lock);
}

bool pt_protect_near(struct pgtable *pt, va_t va, va_t end, unsigned prot, bool may_write)
{
	pte_t *e = hinted_range(pt, va, end);
	va_t first = end, last = 0;

	if (unlikely(!e))
		return false;
	protect_small(e, va, end, prot, may_write, &first, &last);
	if (last)
		tlb_flush_range(pt, first, last);
	return true;
}

static void protect_entries(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	va_t first = stop, last = 0;
	bool whole;

	if (!pt_table_or_huge(op, pd_entry, va, stop, &whole)) {
		if (whole) {
			if (protect_one(pd_entry, pte_from_prot(op->prot) & RIGHTS, op->may_write))
				tlb_batch_range(op->batch, va, va + HUGE_SIZE);
			spin_unlock(&table_of(pd_entry)->table_lock);
		}
		return;
	}
	protect_small((pte_t *)phys_to_virt(*pd_entry & PTE_ADDR) + pte_slot(va, 0), va, stop,
		      op->prot, op->may_write, &first, &last);
	if (last)
		tlb_batch_range(op->batch, first, last);
}

void pt_protect_range(struct pgtable *pt, va_t va, va_t end, unsigned prot, bool may_write,
		      struct tlb_batch *batch)
{
	struct range_op op = { .pt = pt, .batch = batch, .prot = prot, .may_write = may_write };

	for_each_pd_entry(&op, va, end, protect_entries);
}

// ---- walk

static void visit(struct range_op *op, pte_t v, va_t va, unsigned order)
{
	struct pt_entry e = { .order = order, .prot = pte_to_prot(v), .present = true };

	e.pa = (v & PTE_ADDR) | (va & ((PAGE_SIZE << order) - 1));
	e.lazy = (v & (PTE_LAZY | PTE_DIRTY)) == PTE_LAZY;
	op->err = op->fn(op->arg, va, &e);
}

static void walk_entries(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	pte_t v = READ_ONCE(*pd_entry);
	pte_t *e;

	if (op->err)
		return;
	if (!is_table(v)) {
		if (v)
			visit(op, v, va, HUGE_ORDER);
		return;
	}
	e = (pte_t *)phys_to_virt(v & PTE_ADDR) + pte_slot(va, 0);
	for (; va < stop && !op->err; va += PAGE_SIZE, e++) {
		v = READ_ONCE(*e);
		if (v)
			visit(op, v, va, 0);
	}
}

int pt_walk(const struct pgtable *pt, va_t va, va_t end,
	    int (*fn)(void *arg, va_t va, const struct pt_entry *e), void *arg)
{
	struct range_op op = { .pt = (struct pgtable *)pt, .fn = fn, .arg = arg };

	for_each_pd_entry(&op, va, end, walk_entries);
	return op.err;
}
