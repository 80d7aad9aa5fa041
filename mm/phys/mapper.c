// Page tables of user address spaces: see mapper.h. The range operations are in mapper_range.c.
//
// A table's entries and its count of used ones are guarded by the lock in its struct page
// (RANK_PGTABLE); entries that lead to tables are set once and cleared only by pt_free_tables,
// whose caller excludes everyone else from that range, so they are read without a lock. The CPU
// sets accessed and dirty bits at any time: entries in use change by compare-and-swap or exchange.

#include "mm/phys/mapper.h"

#include "lib/string.h"
#include "mm/phys/mapper_impl.h"
#include "mm/phys/pmm.h"

#include <linux/errno.h>

static uint64_t last_id; // atomic

struct page *pt_alloc_table(struct pgtable *pt)
{
	struct page *p = pmm_alloc(0, PMM_ZERO | PMM_RESERVE | PMM_NOWAIT);

	if (!p)
		return NULL;
	p->flags = PAGE_TABLE;
	p->extra = 0;
	spin_init(&p->table_lock, RANK_PGTABLE, "page table");
	__atomic_fetch_add(&pt->table_pages, 1, __ATOMIC_RELAXED);
	return p;
}

void pt_forget_table(struct pgtable *pt)
{
	__atomic_fetch_sub(&pt->table_pages, 1, __ATOMIC_RELAXED);
}

int pt_create(struct pgtable *pt)
{
	struct page *root;
	pte_t *to;

	*pt = (struct pgtable){ .id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED) };
	root = pt_alloc_table(pt);
	if (!root)
		return -ENOMEM;
	pt->root_pa = page_to_pa(root);
	to = phys_to_virt(pt->root_pa);
	memcpy(to + KERNEL_SLOT, (pte_t *)phys_to_virt(pt_kernel()->root_pa) + KERNEL_SLOT,
	       (512 - KERNEL_SLOT) * sizeof(pte_t));
	return 0;
}

__cold __stack_guarded void pt_destroy(struct pgtable *pt)
{
	struct page *root = pa_to_page(pt->root_pa);
	struct tlb_batch batch;

	tlb_unload(pt);
	tlb_batch_begin(&batch, pt);
	pt_free_tables(pt, 0, USER_SPAN, 0, USER_SPAN, &batch);
	tlb_batch_end(&batch);
	root->flags = 0;
	page_put(root, 0);
	pt_forget_table(pt);
	pt->root_pa = 0;
}

__noinline pte_t pt_link_table(struct pgtable *pt, pte_t *e)
{
	struct page *parent = table_of(e), *table;
	pte_t v = READ_ONCE(*e);

	if (v)
		return (pte_t)-EEXIST;
	table = pt_alloc_table(pt);
	if (!table)
		return (pte_t)-ENOMEM;
	spin_lock(&parent->table_lock);
	v = *e;
	if (!v) {
		v = page_to_pa(table) | TABLE_BITS;
		// A full barrier: a zap that missed this table must be seen by who fills it.
		__atomic_store_n(e, v, __ATOMIC_SEQ_CST);
		parent->table.used++;
		table = NULL;
	}
	spin_unlock(&parent->table_lock);
	if (table) {
		pt_forget_table(pt);
		page_free_zeroed(table);
	}
	return is_table(v) ? v : (pte_t)-EEXIST;
}

__noinline pte_t *pt_make_entry_slow(struct pgtable *pt, va_t va)
{
	pte_t *e = pt_make_entry(pt, va, 0);

	if (!is_error((uint64_t)e))
		pt_set_hint(pt, va, e);
	return e;
}

static int map_huge(struct pgtable *pt, va_t va, pa_t pa, unsigned prot)
{
	bool private = !(prot & PT_SPECIAL) && !pa_to_page(pa)->owner;
	struct page *spare = NULL, *pd;
	pte_t *e = pt_make_entry(pt, va, 1);
	int err = 0;

	if (is_error((uint64_t)e))
		return (int)(int64_t)e;
	if (private) {
		spare = pt_alloc_table(pt);
		if (!spare)
			return -ENOMEM;
		prot |= PT_RESERVED_TABLE;
	}
	pd = table_of(e);
	spin_lock(&pd->table_lock);
	if (*e) {
		err = -EEXIST;
	} else {
		if (spare)
			push_spare(pd, spare);
		*e = pa | pte_from_prot(prot) | PTE_LARGE;
		pd->table.used++;
	}
	spin_unlock(&pd->table_lock);
	if (err && spare) {
		pt_forget_table(pt);
		page_free_zeroed(spare);
	}
	return err;
}

int pt_map(struct pgtable *pt, va_t va, pa_t pa, unsigned order, unsigned prot)
{
	struct page *table;
	int err = 0;
	pte_t *e;

	if (order)
		return map_huge(pt, va, pa, prot & ~(unsigned)PT_RESERVED_TABLE);
	e = pt_make_small_entry(pt, va);
	if (unlikely(is_error((uint64_t)e)))
		return (int)(int64_t)e;
	table = table_of(e);
	spin_lock(&table->table_lock);
	if (unlikely(*e)) {
		err = -EEXIST;
	} else {
		*e = pa | pte_from_prot(prot);
		table->table.used++;
	}
	spin_unlock(&table->table_lock);
	return err;
}

int pt_map_batch(struct pgtable *pt, va_t va, struct page *const *pages, unsigned n, unsigned prot,
		 const uint32_t *seq, uint32_t seq_now, uint64_t *done)
{
	pte_t bits = pte_from_prot(prot);
	struct page *table;
	int made = 0;
	pte_t *e;

	*done = 0;
	e = pt_make_small_entry(pt, va);
	if (unlikely(is_error((uint64_t)e)))
		return (int64_t)e == -EEXIST ? 0 : (int)(int64_t)e;
	table = table_of(e);
	spin_lock(&table->table_lock);
	if (seq && READ_ONCE(*seq) != seq_now) {
		spin_unlock(&table->table_lock);
		return -EAGAIN;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!pages[i] || e[i])
			continue;
		e[i] = page_to_pa(pages[i]) | bits;
		*done |= 1ull << i;
		made++;
	}
	table->table.used += (uint16_t)made;
	spin_unlock(&table->table_lock);
	return made;
}

int pt_map_borrowed(struct pgtable *pt, va_t va, const uint64_t *pages, unsigned n, unsigned prot,
		    const uint32_t *seq, uint32_t seq_now)
{
	pte_t bits = pte_from_prot(prot) | PT_BORROWED;
	struct page *table;
	uint16_t made = 0;
	pte_t *e;

	e = pt_make_small_entry(pt, va);
	if (unlikely(is_error((uint64_t)e)))
		return (int64_t)e == -EEXIST ? 0 : (int)(int64_t)e;
	table = table_of(e);
	spin_lock(&table->table_lock);
	if (unlikely(READ_ONCE(*seq) != seq_now)) {
		spin_unlock(&table->table_lock);
		return -EAGAIN;
	}
	for (const uint64_t *end = pages + n; pages < end; pages++, e++) {
		uint64_t page = *pages;

		if (!page || page & 7 || *e)
			continue;
		*e = page_to_pa((struct page *)page) + bits;
		made++;
	}
	table->table.used += made;
	table->table.borrowed += made;
	spin_unlock(&table->table_lock);
	return made;
}

int pt_map_borrowed_one(struct pgtable *pt, va_t va, const struct page *p, unsigned prot,
			const uint32_t *seq, uint32_t seq_now)
{
	pte_t *e = pt_make_small_entry(pt, va);
	struct page *table;
	int made = 0;

	if (unlikely(is_error((uint64_t)e)))
		return (int64_t)e == -EEXIST ? 0 : (int)(int64_t)e;
	table = table_of(e);
	spin_lock(&table->table_lock);
	if (unlikely(READ_ONCE(*seq) != seq_now)) {
		made = -EAGAIN;
	} else if (likely(!*e)) {
		*e = page_to_pa(p) | pte_from_prot(prot) | PT_BORROWED;
		table->table.used++;
		table->table.borrowed++;
		made = 1;
	}
	spin_unlock(&table->table_lock);
	return made;
}

// The entry that maps |va| now, of any size, or the empty one where the walk ended. |*level|: its.
static pte_t *find_entry(const struct pgtable *pt, va_t va, unsigned *level)
{
	pte_t *e = likely(va < USER_SPAN) ? pt_hinted_entry(pt, va) : NULL;

	if (e) {
		*level = 0;
		return e;
	}
	e = (pte_t *)phys_to_virt(pt->root_pa) + pte_slot(va, 3);
	for (*level = 3; *level > 0; --*level) {
		pte_t v = READ_ONCE(*e);

		if (!is_table(v))
			break;
		e = (pte_t *)phys_to_virt(v & PTE_ADDR) + pte_slot(va, *level - 1);
	}
	return e;
}

static struct pt_entry describe(pte_t v, va_t va, unsigned level)
{
	uint64_t offset_mask = (PAGE_SIZE << (9 * level)) - 1;
	struct pt_entry out = { 0 };

	if (!v)
		return out;
	out.pa = (v & PTE_ADDR & ~offset_mask) | (va & offset_mask);
	out.order = 9 * level;
	out.prot = pte_to_prot(v);
	out.present = true;
	return out;
}

struct pt_entry pt_query(const struct pgtable *pt, va_t va)
{
	unsigned level;
	pte_t *e = find_entry(pt, va, &level);

	return describe(READ_ONCE(*e), va, level);
}

// Locks the table that holds the entry of |va|; the entry cannot have become a table meanwhile
// unless a 2 MiB entry was just split, so look again.
static pte_t *lock_entry(const struct pgtable *pt, va_t va, unsigned *level)
{
	for (;;) {
		pte_t *e = find_entry(pt, va, level);
		struct page *table = table_of(e);

		spin_lock(&table->table_lock);
		if (*level == 0 || !is_table(*e))
			return e;
		spin_unlock(&table->table_lock);
	}
}

struct page *pt_get_page(struct pgtable *pt, va_t va, struct pt_entry *out)
{
	unsigned level;
	pte_t *e = lock_entry(pt, va, &level);
	struct page *p = NULL;

	*out = describe(*e, va, level);
	if (out->present && !(out->prot & PT_SPECIAL)) {
		p = pa_to_page(out->pa);
		if (level)
			page_demote(pa_to_page(out->pa & ~(HUGE_SIZE - 1)));
		page_get(p, 0);
	}
	spin_unlock(&table_of(e)->table_lock);
	return p;
}

#define HW_SET (PT_ACCESSED | PT_DIRTY) // what the CPU may set behind our back

static bool matches(pte_t v, va_t va, unsigned level, const struct pt_entry *old)
{
	struct pt_entry now = describe(v, va, level);

	// Frame 0 is that of guards, which nothing may replace.
	return now.present && old->present && now.pa && now.pa == (old->pa & PAGE_MASK) &&
	       !((now.prot ^ old->prot) & ~(unsigned)HW_SET);
}

bool pt_replace(struct pgtable *pt, va_t va, struct pt_entry old, pa_t pa, unsigned prot,
		struct tlb_batch *batch)
{
	unsigned level;
	pte_t *e = lock_entry(pt, va, &level);
	bool same = level == 0 && matches(*e, va & PAGE_MASK, level, &old);
	pte_t was = 0;

	if (same) {
		was = __atomic_exchange_n(e, pa | pte_from_prot(prot), __ATOMIC_ACQ_REL);
		table_of(e)->table.borrowed -= (was & PT_BORROWED) != 0;
	}
	spin_unlock(&table_of(e)->table_lock);
	if (!same)
		return false;
	if (was & PTE_PRESENT)
		tlb_batch_range(batch, va & PAGE_MASK, (va & PAGE_MASK) + PAGE_SIZE);
	if (!(was & (PT_SPECIAL | PT_BORROWED)))
		tlb_batch_add(batch, pa_to_page(was & PTE_ADDR), 0);
	return true;
}

bool pt_set_prot(struct pgtable *pt, va_t va, struct pt_entry old, unsigned prot,
		 struct tlb_batch *batch)
{
	unsigned level;
	pte_t *e = lock_entry(pt, va, &level);
	uint64_t span = PAGE_SIZE << (9 * level);
	bool same = matches(*e, va & PAGE_MASK, level, &old);
	pte_t v = *e, keep = PTE_ADDR | HW_SET | PT_RESERVED_TABLE;

	if (level)
		keep |= PTE_LARGE | PTE_HUGE_BORROWED;
	while (same && !__atomic_compare_exchange_n(e, &v, (v & keep) | pte_from_prot(prot), false,
						    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
	spin_unlock(&table_of(e)->table_lock);
	if (same && loses_rights(v, pte_from_prot(prot)))
		tlb_batch_range(batch, ALIGN_DOWN(va, span), ALIGN_DOWN(va, span) + span);
	return same;
}

// ---- empty tables

// Unlinks the empty table behind |e|; nobody else uses the range.
static void free_table(struct pgtable *pt, pte_t *e, struct tlb_batch *batch)
{
	struct page *parent = table_of(e), *table = pa_to_page(*e & PTE_ADDR);

	__atomic_store_n(&pt->hint, 0, __ATOMIC_RELAXED);
	spin_lock(&parent->table_lock);
	*e = 0;
	parent->table.used--;
	spin_unlock(&parent->table_lock);
	batch->tables_freed = true;
	tlb_batch_add(batch, table, TLB_HELD_TABLE);
	pt_forget_table(pt);
}

static void free_below(struct pgtable *pt, pa_t table_pa, unsigned level, va_t va, va_t end,
		       va_t floor, va_t ceiling, struct tlb_batch *batch)
{
	unsigned shift = PAGE_SHIFT + 9 * level;
	pte_t *e = (pte_t *)phys_to_virt(table_pa) + pte_slot(va, level);

	// An address space is mostly holes: not a step for each entry of them.
	for (; va < end && pa_to_page(table_pa)->table.used; e++) {
		va_t base = ALIGN_DOWN(va, 1ull << shift), next = next_boundary(va, shift);
		pte_t v = READ_ONCE(*e);

		if (!v && IS_ALIGNED((uintptr_t)e, 8 * sizeof(*e)) && are_empty(e)) {
			next = base + (8ull << shift);
			e += 7;
		}
		if (is_table(v)) {
			if (level > 1)
				free_below(pt, v & PTE_ADDR, level - 1, va, MIN(end, next), floor,
					   ceiling, batch);
			if (base >= floor && next <= ceiling &&
			    !pa_to_page(v & PTE_ADDR)->table.used)
				free_table(pt, e, batch);
		}
		va = next;
	}
}

void pt_free_tables(struct pgtable *pt, va_t va, va_t end, va_t floor, va_t ceiling,
		    struct tlb_batch *batch)
{
	// The usual case: a neighbour shares each table that maps any of it.
	if (MAX(ALIGN_DOWN(va, HUGE_SIZE), ALIGN_UP(floor, HUGE_SIZE)) >=
	    MIN(ALIGN_UP(end, HUGE_SIZE), ALIGN_DOWN(ceiling, HUGE_SIZE)))
		return;
	free_below(pt, pt->root_pa, 3, va, end, floor, ceiling, batch);
}
