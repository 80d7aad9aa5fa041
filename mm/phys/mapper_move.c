// Range operations on page tables that make tables elsewhere: the copies of fork, the moves of
// mremap. Locking and lifetime as said in mapper.c; no memory is -ENOMEM.

#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "mm/phys/mapper_range.h"
#include "mm/phys/pmm.h"

#include <linux/errno.h>

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

// What more than the entry's bits decides about. (Of what the program gave up, the dirty bit says
// whether it took it back: the child's entry must have what the parent's had last.)
#define FORK_ODD ((pte_t)(PT_SPECIAL | PT_BORROWED) | PTE_LAZY)

static __noinline void fork_odd(struct range_op *op, pte_t *from, pte_t *to, va_t va)
{
	struct page *table = table_of(to);

	op->err = fork_one(op, from, to, va, 0);
	table->table.used += *to != 0;
	table->table.borrowed += (*to & PT_BORROWED) != 0;
	op->copied += *to && !(*to & PT_SPECIAL);
}

// |from| is the entry of |va|, |to| the child's, empty as all up to |stop|; both tables are locked.
// A page costs little, as there may be many: one that was forked before is not changed again.
static __always_inline_fn void fork_run(struct range_op *op, pte_t *from, pte_t *to, va_t va,
					va_t stop, bool filter)
{
	const pte_t lost = PTE_WRITE | PT_EXCLUSIVE;
	struct page *table = table_of(to);
	va_t first = ~0ull, last = 0;
	unsigned made = 0;

	for (; va < stop && !op->err; va += PAGE_SIZE, from++, to++) {
		pte_t v = *from;
		struct page *p = pa_to_page(v & PTE_ADDR);

		if (!v) {
			while (stop - va > 8 * PAGE_SIZE && are_empty(from + 1)) {
				va += 8 * PAGE_SIZE;
				from += 8;
				to += 8;
			}
			continue;
		}
		if (filter && !fork_wants(op, v))
			continue;
		if (unlikely((v & FORK_ODD) || ((v & PT_EXCLUSIVE) && READ_ONCE(p->pins)))) {
			fork_odd(op, from, to, va);
			continue;
		}
		page_get(p, 0);
		*to = v & ~lost;
		made++;
		if (v & lost) {
			__atomic_and_fetch(from, ~lost, __ATOMIC_ACQ_REL);
			first = MIN(first, va);
			last = va + PAGE_SIZE;
		}
	}
	table->table.used += (uint16_t)made;
	op->copied += made;
	if (last)
		tlb_batch_range(op->batch, first, last);
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
	if (op->filter)
		fork_run(op, from, to, va, stop, true);
	else
		fork_run(op, from, to, va, stop, false);
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
	if (!pt_table_or_huge(op, pd_entry, va, stop, &whole)) {
		if (!whole)
			return;
		if (*pd_entry & PT_RESERVED_TABLE)
			pt_split_huge(op, pd, pd_entry, va);
		else
			pt_clear_huge(op, pd, pd_entry, va);
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
