// The buddy lists: take, give, merge. Owns the struct list_node of free block heads. Must not
// allocate and must not touch the frames themselves (only their poison, on the host).

#include "mm/phys/buddy.h"

#include "mm/phys/debug.h"
#include "mm/phys/physmap.h"
#include "mm/phys/virgin.h"

void buddy_init(struct buddy *b)
{
	for (unsigned i = 0; i <= PMM_MAX_ORDER; i++)
		list_init(&b->free[i]);
	b->nonempty = 0;
	b->free_pages = 0;
}

static void push(struct buddy *b, struct page *p, unsigned order)
{
	p->order = (uint8_t)order;
	p->flags = PAGE_FREE;
	list_push_front(&b->free[order], &p->free);
	b->nonempty |= 1u << order;
}

static void pull(struct buddy *b, struct page *p, unsigned order)
{
	list_remove(&p->free);
	if (list_empty(&b->free[order]))
		b->nonempty &= ~(1u << order);
	p->head_word = 0;
}

struct page *buddy_take(struct buddy *b, unsigned order)
{
	uint32_t fits = b->nonempty >> order;
	struct page *p;
	unsigned have;

	if (!fits)
		return NULL;
	have = order + (unsigned)__builtin_ctz(fits);
	p = list_first(&b->free[have], struct page, free);
	pull(b, p, have);
	while (have > order) {
		have--;
		push(b, p + (1u << have), have);
	}
	b->free_pages -= 1ull << order;
	return p;
}

// The free buddy of |p|, or NULL. Records exist for whole 2 MiB chunks, so only the largest merge
// must ask whether its buddy's chunk has any.
static struct page *free_buddy(const struct page *p, unsigned order)
{
	pa_t pa = page_to_pa(p) ^ (PAGE_SIZE << order);
	struct page *other = pa_to_page(pa);

	if (order >= HUGE_ORDER && !virgin_has_records(pa))
		return NULL;
	return other->flags == PAGE_FREE && other->order == order ? other : NULL;
}

void buddy_give(struct buddy *b, struct page *p, unsigned order)
{
	mem_poison(phys_to_virt(page_to_pa(p)), PAGE_SIZE << order);
	b->free_pages += 1ull << order;
	while (order < PMM_MAX_ORDER) {
		struct page *other = free_buddy(p, order);

		if (!other)
			break;
		pull(b, other, order);
		p = other < p ? other : p;
		order++;
	}
	push(b, p, order);
}

void buddy_give_range(struct buddy *b, pa_t start, pa_t end)
{
	while (start < end) {
		uint64_t pfn = start >> PAGE_SHIFT, left = (end - start) >> PAGE_SHIFT;
		unsigned fits = 63 - (unsigned)__builtin_clzll(left);
		unsigned aligned = pfn ? (unsigned)__builtin_ctzll(pfn) : HUGE_ORDER;
		unsigned order = MIN(MIN(fits, aligned), (unsigned)HUGE_ORDER);

		buddy_give(b, pa_to_page(start), order);
		start += PAGE_SIZE << order;
	}
}
