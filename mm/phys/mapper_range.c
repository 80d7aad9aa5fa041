// Range operations on page tables: unmap, protect, fork, move, walk.
// Each walks a table once: upper levels are skipped where empty, and one hold of a table's lock
// covers all its entries in the range. Locking and lifetime as said in mapper.c. Must not allocate
// but for pt_fork_range and pt_move_range.

#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "mm/phys/mapper_impl.h"
#include "mm/phys/pmm.h"

#include <linux/errno.h>

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
static pte_t *make_entry(struct range_op *op, struct pgtable *pt, va_t va, unsigned level)
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

static inline bool owner_matches(const struct range_op *op, pte_t v)
{
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

// The directory's lock is held.
static void clear_huge(struct range_op *op, struct page *pd, pte_t *e, va_t va)
{
	pte_t was = __atomic_exchange_n(e, 0, __ATOMIC_ACQ_REL);

	pd->table.used--;
	take_out(op->batch, was, ALIGN_DOWN(va, HUGE_SIZE), HUGE_ORDER);
	if (was & PT_RESERVED_TABLE) {
		tlb_batch_add(op->batch, pop_spare(pd), TLB_HELD_TABLE);
		pt_forget_table(op->pt);
	}
}

// Turns a private 2 MiB entry into 512 small ones in the table set aside for it. Lock held.
static void split_huge(struct range_op *op, struct page *pd, pte_t *e, va_t va)
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

// Prepares a directory entry for work on [va, stop). True if |e| leads to a table then. False if it
// is empty, not wanted by the filter, or a 2 MiB entry: then |*whole| says that all of it is in the
// range, and the directory is left locked.
static bool table_or_huge(struct range_op *op, pte_t *e, va_t va, va_t stop, bool *whole)
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
			split_huge(op, pd, e, va);
		else
			clear_huge(op, pd, e, va); // an object's: it is faulted in again
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

		if (!v || (filter && !owner_matches(op, v)))
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

	if (!table_or_huge(op, pd_entry, va, stop, &whole)) {
		if (whole) {
			clear_huge(op, table_of(pd_entry), pd_entry, va);
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

static void protect_small(struct tlb_batch *batch, pte_t *e, va_t va, va_t stop, unsigned prot,
			  bool may_write)
{
	const pte_t want = pte_from_prot(prot) & RIGHTS;
	struct page *table = table_of(e);

	spin_lock(&table->table_lock);
	for (; va < stop; va += PAGE_SIZE, e++) {
		if (*e && protect_one(e, want, may_write))
			tlb_batch_range(batch, va, va + PAGE_SIZE);
	}
	spin_unlock(&table->table_lock);
}

static void protect_entries(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	bool whole;

	if (!table_or_huge(op, pd_entry, va, stop, &whole)) {
		if (whole) {
			if (protect_one(pd_entry, pte_from_prot(op->prot) & RIGHTS, op->may_write))
				tlb_batch_range(op->batch, va, va + HUGE_SIZE);
			spin_unlock(&table_of(pd_entry)->table_lock);
		}
		return;
	}
	protect_small(op->batch, (pte_t *)phys_to_virt(*pd_entry & PTE_ADDR) + pte_slot(va, 0), va,
		      stop, op->prot, op->may_write);
}

static __noinline void protect_tables(struct pgtable *pt, va_t va, va_t end, unsigned prot,
				      bool may_write, struct tlb_batch *batch)
{
	struct range_op op = { .pt = pt, .batch = batch, .prot = prot, .may_write = may_write };

	for_each_pd_entry(&op, va, end, protect_entries);
}

void pt_protect_range(struct pgtable *pt, va_t va, va_t end, unsigned prot, bool may_write,
		      struct tlb_batch *batch)
{
	pte_t *e = hinted_range(pt, va, end);

	if (likely(e))
		protect_small(batch, e, va, end, prot, may_write);
	else
		protect_tables(pt, va, end, prot, may_write, batch);
}

// ---- walk

static void visit(struct range_op *op, pte_t v, va_t va, unsigned order)
{
	struct pt_entry e = { .order = order, .prot = pte_to_prot(v), .present = true };

	e.pa = (v & PTE_ADDR) | (va & ((PAGE_SIZE << order) - 1));
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

// ---- fork

// A frame that a copy in flight needs to stay as it is goes to the child as a copy. 0 or -ENOMEM.
static int fork_pinned(pte_t *to, pte_t v)
{
	struct page *copy = pmm_alloc(0, PMM_NOWAIT);

	if (!copy)
		return -ENOMEM;
	cpu_copy_page(phys_to_virt(page_to_pa(copy)), phys_to_virt(v & PTE_ADDR));
	*to = page_to_pa(copy) | (v & ~PTE_ADDR);
	return 0;
}

// Both entries' locks are held, |to| is empty.
static int fork_one(struct range_op *op, pte_t *from, pte_t *to, va_t va, unsigned order)
{
	pte_t v = *from, now;
	struct page *p = pa_to_page(v & PTE_ADDR);

	if (!(v & PT_SPECIAL) && order == 0 && (v & PT_EXCLUSIVE) && READ_ONCE(p->pins))
		return fork_pinned(to, v);
	do {
		now = v & ~(pte_t)(PTE_WRITE | PT_EXCLUSIVE);
	} while (!__atomic_compare_exchange_n(from, &v, now, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	if (loses_rights(v, now))
		tlb_batch_range(op->batch, va, va + (PAGE_SIZE << order));
	if (order ? !(v & (PT_SPECIAL | PTE_HUGE_BORROWED)) : !(v & (PT_SPECIAL | PT_BORROWED)))
		page_get(p, order);
	*to = now;
	return 0;
}

static bool fork_wants(const struct range_op *op, pte_t v)
{
	if (!v)
		return false;
	return !op->filter || (v & PT_SPECIAL) || pa_to_page(v & PTE_ADDR)->owner != op->owner;
}

static void fork_huge(struct range_op *op, pte_t *from, va_t va)
{
	struct page *spare = NULL;
	pte_t *to = make_entry(op, op->to, va, 1);

	if (!to)
		return;
	if (*from & PT_RESERVED_TABLE) {
		spare = pt_alloc_table(op->to);
		if (!spare) {
			op->err = -ENOMEM;
			return;
		}
	}
	spin_lock(&table_of(from)->table_lock);
	spin_lock_nested(&table_of(to)->table_lock);
	(void)fork_one(op, from, to, ALIGN_DOWN(va, HUGE_SIZE), HUGE_ORDER);
	if (spare)
		push_spare(table_of(to), spare);
	table_of(to)->table.used++;
	spin_unlock(&table_of(to)->table_lock);
	spin_unlock(&table_of(from)->table_lock);
	op->copied += HUGE_PAGES;
}

static void fork_entries(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	pte_t *from, *to;
	pte_t v = READ_ONCE(*pd_entry);

	if (op->err)
		return;
	if (!is_table(v)) {
		if (fork_wants(op, v))
			fork_huge(op, pd_entry, va);
		return;
	}
	from = (pte_t *)phys_to_virt(v & PTE_ADDR) + pte_slot(va, 0);
	if (!table_of(from)->table.used)
		return;
	to = make_entry(op, op->to, va, 0);
	if (!to)
		return;
	spin_lock(&table_of(from)->table_lock);
	spin_lock_nested(&table_of(to)->table_lock);
	for (; va < stop && !op->err; va += PAGE_SIZE, from++, to++) {
		if (!fork_wants(op, *from))
			continue;
		op->err = fork_one(op, from, to, va, 0);
		if (op->err)
			break;
		table_of(to)->table.used++;
		table_of(to)->table.borrowed += (*to & PT_BORROWED) != 0;
		op->copied += !(*to & PT_SPECIAL);
	}
	to -= va == stop; // |to| may point behind its table
	from -= va == stop;
	spin_unlock(&table_of(to)->table_lock);
	spin_unlock(&table_of(from)->table_lock);
}

int pt_fork_range(struct pgtable *from, struct pgtable *to, va_t va, va_t end,
		  const void *skip_owner, struct tlb_batch *batch, uint64_t *copied)
{
	struct range_op op = { .pt = from,
			       .to = to,
			       .batch = batch,
			       .owner = skip_owner,
			       .filter = skip_owner != NULL };

	for_each_pd_entry(&op, va, end, fork_entries);
	*copied = op.copied;
	return op.err;
}

// ---- move

// True if a 2 MiB entry at |va| can move as it is: all of it moves, to an aligned place without a
// table. Makes the upper tables there.
static bool moves_whole(struct range_op *op, va_t va, va_t stop)
{
	pte_t *to;

	if (stop - va != HUGE_SIZE || !IS_ALIGNED(va + op->shift, HUGE_SIZE))
		return false;
	to = make_entry(op, op->pt, va + op->shift, 1);
	return to && !*to;
}

// First pass: makes the tables that the entries of [va, stop) move to, splits what cannot move.
static void move_prepare(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	struct page *pd = table_of(pd_entry);
	bool whole;

	if (op->err || (!is_table(*pd_entry) && moves_whole(op, va, stop)) || op->err)
		return;
	if (!table_or_huge(op, pd_entry, va, stop, &whole)) {
		if (!whole)
			return;
		if (*pd_entry & PT_RESERVED_TABLE)
			split_huge(op, pd, pd_entry, va);
		else
			clear_huge(op, pd, pd_entry, va);
		spin_unlock(&pd->table_lock);
	}
	if (*pd_entry && make_entry(op, op->pt, va + op->shift, 0))
		(void)make_entry(op, op->pt, stop - PAGE_SIZE + op->shift, 0);
}

static void lock_two(struct page *a, struct page *b)
{
	spin_lock(a < b ? &a->table_lock : &b->table_lock);
	if (a != b)
		spin_lock_nested(a < b ? &b->table_lock : &a->table_lock);
}

static void unlock_two(struct page *a, struct page *b)
{
	if (a != b)
		spin_unlock(&b->table_lock);
	spin_unlock(&a->table_lock);
}

static void move_huge(struct range_op *op, pte_t *from, va_t va)
{
	pte_t *to = make_entry(op, op->pt, va + op->shift, 1);
	struct page *a = table_of(from), *b;

	if (!to)
		return;
	b = table_of(to);
	lock_two(a, b);
	*to = __atomic_exchange_n(from, 0, __ATOMIC_ACQ_REL);
	if (*to & PT_RESERVED_TABLE)
		push_spare(b, pop_spare(a));
	a->table.used--;
	b->table.used++;
	unlock_two(a, b);
	tlb_batch_range(op->batch, va, va + HUGE_SIZE);
}

// [va, stop) and the place it moves to lie in one table each.
static __cold void move_segment(struct range_op *op, pte_t *from, va_t va, va_t stop)
{
	pte_t *to = make_entry(op, op->pt, va + op->shift, 0);
	struct page *a = table_of(from), *b;
	uint16_t moved = 0, borrowed = 0;

	if (!to)
		return;
	b = table_of(to);
	lock_two(a, b);
	for (; va < stop; va += PAGE_SIZE, from++, to++) {
		if (!*from)
			continue;
		*to = __atomic_exchange_n(from, 0, __ATOMIC_ACQ_REL);
		moved++;
		borrowed += (*to & PT_BORROWED) != 0;
		if (*to & PTE_PRESENT)
			tlb_batch_range(op->batch, va, va + PAGE_SIZE);
	}
	a->table.used -= moved;
	a->table.borrowed -= borrowed;
	b->table.used += moved;
	b->table.borrowed += borrowed;
	unlock_two(a, b);
}

static void move_entries(struct range_op *op, pte_t *pd_entry, va_t va, va_t stop)
{
	pte_t v = *pd_entry;
	pte_t *from;
	va_t cut;

	if (!is_table(v)) {
		if (v)
			move_huge(op, pd_entry, va);
		return;
	}
	from = (pte_t *)phys_to_virt(v & PTE_ADDR) + pte_slot(va, 0);
	// Where the destination crosses into its next table.
	cut = next_boundary(va + op->shift, HUGE_SHIFT) - op->shift;
	if (cut < stop) {
		move_segment(op, from, va, cut);
		from += (cut - va) >> PAGE_SHIFT;
		va = cut;
	}
	move_segment(op, from, va, stop);
}

__cold int pt_move_range(struct pgtable *pt, va_t from, va_t to, uint64_t bytes,
			 struct tlb_batch *batch)
{
	struct range_op op = { .pt = pt, .batch = batch, .shift = to - from };

	for_each_pd_entry(&op, from, from + bytes, move_prepare);
	if (op.err)
		return -ENOMEM;
	for_each_pd_entry(&op, from, from + bytes, move_entries);
	ASSERT(!op.err); // the tables are all there
	return 0;
}
