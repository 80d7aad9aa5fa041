// Reservations: the first page made in an empty, aligned 2 MiB of an object takes a whole frame, of
// which it is one page; its neighbours are taken from there as they are made. A page of it with an
// owner is in use or about to be; the others go when memory is short, or when pages of the object
// do. Owns the list of objects that have some; resv.lock guards it and comes before the slots lock,
// which guards an object's reservations.
#include "mm/virt/resv.h"

#include "kernel/base/cpu.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/physmap.h"
#include "mm/virt/huge.h"
#include "mm/virt/slots.h"

#define MIN_FREE_PAGES 8192u // else memory is too short for it: 32 MiB

struct reservations {
	struct memobj *obj;
	struct list_node node;
	struct radix heads; // by index / 512: the frame's first page
	uint64_t last_block;
	struct page *last_head; // of |last_block|, or NULL
};

static struct {
	struct spinlock lock;
	struct list_node objects;
	uint64_t unused_pages; // atomic
} resv = { SPINLOCK_INIT(RANK_RESV, "resv"), LIST_INIT(resv.objects), 0 };

static struct page *find(struct memobj *o, uint64_t block)
{
	struct reservations *r = o->resv;

	if (!r)
		return NULL;
	if (r->last_block != block || !r->last_head) {
		r->last_block = block;
		r->last_head = (struct page *)radix_get(&r->heads, block);
	}
	return r->last_head;
}

// Takes the frame of |block| out of the books.
static void forget(struct reservations *r, uint64_t block, struct page *head)
{
	radix_clear(&r->heads, block);
	r->last_head = NULL;
	__atomic_fetch_sub(&resv.unused_pages, HUGE_PAGES - head->extra, __ATOMIC_RELAXED);
}

static uint64_t free_unused(struct page *head)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < HUGE_PAGES; i++) {
		if (!head[i].owner) {
			page_put(&head[i], 0);
			n++;
		}
	}
	return n;
}

static bool is_empty(struct memobj *o, uint64_t first, bool ahead)
{
	uint64_t used;

	return (ahead || first + HUGE_PAGES <= memobj_end_index(o)) &&
	       !radix_next_used(&o->slots, first, first + HUGE_PAGES - 1, &used);
}

// The object's books, made and put on the list if there are none yet.
static struct reservations *books_of(struct memobj *o)
{
	struct reservations *r = __atomic_load_n(&o->resv, __ATOMIC_ACQUIRE), *none = NULL;

	if (r)
		return r;
	r = kzalloc(sizeof(*r));
	if (!r)
		return NULL;
	r->obj = o;
	radix_init(&r->heads, o->slots.mem);
	spin_lock(&resv.lock);
	if (__atomic_compare_exchange_n(&o->resv, &none, r, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		list_push_back(&resv.objects, &r->node);
		WRITE_ONCE(o->reserving, true);
	} else {
		kfree(r);
		r = none;
	}
	spin_unlock(&resv.lock);
	return r;
}

// A frame as 512 pages that say nothing of each other.
static struct page *take_frame(void)
{
	struct pmm_stats ram;
	struct page *head;

	pmm_get_stats(&ram);
	head = ram.free_pages < MIN_FREE_PAGES ? NULL : pmm_alloc(HUGE_ORDER, PMM_NOWAIT);
	if (!head)
		return NULL;
	page_demote(head);
	for (uint64_t i = 0; i < HUGE_PAGES; i++)
		head[i].flags &= (uint8_t)~PAGE_HUGE_MEMBER;
	head->extra = 0; // pages in use
	return head;
}

static void reserve(struct memobj *o, uint64_t block, bool ahead)
{
	struct reservations *r = books_of(o);
	struct page *head = r ? take_frame() : NULL;
	bool made;

	if (!head)
		return;
	spin_lock(&o->slots_lock);
	made = !find(o, block) && is_empty(o, block << HUGE_ORDER, ahead) &&
	       !radix_set(&r->heads, block, (uint64_t)head);
	if (made) {
		r->last_head = head;
		__atomic_fetch_add(&resv.unused_pages, HUGE_PAGES, __ATOMIC_RELAXED);
	}
	spin_unlock(&o->slots_lock);
	if (!made)
		page_put(head, HUGE_ORDER);
}

struct page *resv_alloc(struct memobj *o, uint64_t index, unsigned pmm_flags, bool ahead)
{
	const uint64_t block = index >> HUGE_ORDER;
	struct page *p;
	bool empty;

	spin_lock(&o->slots_lock);
	p = find(o, block);
	empty = !p && is_empty(o, block << HUGE_ORDER, ahead);
	if (unlikely(empty)) {
		spin_unlock(&o->slots_lock);
		reserve(o, block, ahead);
		spin_lock(&o->slots_lock);
		p = find(o, block);
	}
	if (p) {
		p += index % HUGE_PAGES;
		if (p->owner) // somebody is about to store it
			p = NULL;
		else
			p->owner = o;
	}
	spin_unlock(&o->slots_lock);
	if (!p)
		return pmm_alloc(0, pmm_flags);
	if (pmm_flags & PMM_ZERO)
		cpu_clear_page(phys_to_virt(page_to_pa(p)));
	return p;
}

void resv_put(struct memobj *o, uint64_t index, struct page *p)
{
	struct page *head;
	bool ours;

	spin_lock(&o->slots_lock);
	head = find(o, index >> HUGE_ORDER);
	ours = head && p == head + index % HUGE_PAGES;
	if (ours || p->owner == o)
		p->owner = NULL;
	spin_unlock(&o->slots_lock);
	if (!ours)
		page_put(p, 0);
}

void resv_count(struct memobj *o, uint64_t index, struct page *p)
{
	struct page *head = find(o, index >> HUGE_ORDER);

	if (!head || p != head + index % HUGE_PAGES)
		return;
	__atomic_fetch_sub(&resv.unused_pages, 1, __ATOMIC_RELAXED);
	if (++head->extra < HUGE_PAGES)
		return;
	forget(o->resv, index >> HUGE_ORDER, head);
	huge_complete(o, ALIGN_DOWN(index, HUGE_PAGES), head);
}

static uint64_t break_next(struct memobj *o, uint64_t *block, uint64_t last)
{
	struct reservations *r = o->resv;
	struct page *head;

	if (!radix_next_used(&r->heads, *block, last, block))
		return 0;
	head = (struct page *)radix_get(&r->heads, *block);
	forget(r, *block, head);
	return free_unused(head);
}

void resv_break(struct memobj *o, uint64_t first, uint64_t last)
{
	uint64_t block = first >> HUGE_ORDER, freed = 1;

	while (__atomic_load_n(&o->resv, __ATOMIC_ACQUIRE) && freed) {
		spin_lock(&o->slots_lock);
		freed = break_next(o, &block, last >> HUGE_ORDER);
		spin_unlock(&o->slots_lock);
	}
}

void resv_end(struct memobj *o)
{
	struct reservations *r = o->resv;

	spin_lock(&resv.lock);
	list_remove(&r->node);
	spin_unlock(&resv.lock);
	resv_break(o, 0, UINT64_MAX);
	radix_destroy(&r->heads);
	kfree(r);
}

uint64_t resv_reclaim(void)
{
	struct reservations *r;
	uint64_t freed = 0;

	spin_lock(&resv.lock);
	list_for_each (r, &resv.objects, node) {
		uint64_t block = 0, n;

		spin_lock(&r->obj->slots_lock);
		while ((n = break_next(r->obj, &block, UINT64_MAX)))
			freed += n;
		spin_unlock(&r->obj->slots_lock);
	}
	spin_unlock(&resv.lock);
	return freed;
}

static uint64_t reclaim(uint64_t want_pages)
{
	return resv_reclaim();
}

void resv_init(void)
{
	pmm_add_reclaim(reclaim);
}

uint64_t resv_unused_pages(void)
{
	return __atomic_load_n(&resv.unused_pages, __ATOMIC_RELAXED);
}
