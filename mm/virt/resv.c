// Reservations: the first page made in an empty, aligned 2 MiB of an object takes a whole frame, of
// which it is one page; its neighbours are taken from there as they are made. The others go when
// memory is short, or when pages of the object do. Owns the list of objects that have some;
// resv.lock guards it and comes before the slots lock, which guards an object's reservations.
#include "mm/virt/resv.h"

#include "kernel/base/cpu.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/physmap.h"
#include "mm/virt/huge.h"
#include "mm/virt/slots.h"

#define MIN_FREE_PAGES 8192u // else memory is too short for it: 32 MiB

struct frame {
	struct page *head;
	uint64_t taken[HUGE_PAGES / 64]; // bit per page: stored, or about to be
	unsigned stored;
	bool unwritten; // some are stored so (SLOT_UNWRITTEN)
};

struct reservations {
	struct memobj *obj;
	struct list_node node;
	struct radix frames; // struct frame by index / 512
	uint64_t last_block;
	struct frame *last; // of |last_block|, or NULL
};

static struct {
	struct spinlock lock;
	struct list_node objects;
} resv = { SPINLOCK_INIT(RANK_RESV, "resv"), LIST_INIT(resv.objects) };

// That of |block| if it was the last one asked for.
static inline struct frame *cached(struct memobj *o, uint64_t block)
{
	struct reservations *r = o->resv;

	return likely(r && r->last_block == block) ? r->last : NULL;
}

static __noinline struct frame *find(struct memobj *o, uint64_t block)
{
	struct reservations *r = o->resv;

	if (!r)
		return NULL;
	r->last_block = block;
	r->last = (struct frame *)radix_get(&r->frames, block);
	return r->last;
}

// The page's place in the books; false: it was taken.
static inline bool take(struct frame *f, uint64_t i)
{
	uint64_t bit = 1ull << i % 64;

	if (f->taken[i / 64] & bit)
		return false;
	f->taken[i / 64] |= bit;
	return true;
}

// Pages get records of their own one by one: until then they are part of the whole frame.
static inline struct page *record(struct frame *f, uint64_t i)
{
	struct page *p = f->head + i;

	p->head_word = 1;
	p->owner = NULL;
	return p;
}

// Takes the frame of |block| out of the books.
static void forget(struct reservations *r, uint64_t block, struct frame *f)
{
	radix_clear(&r->frames, block);
	r->last = NULL;
	kfree(f);
}

__cold static uint64_t free_unused(struct frame *f)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < HUGE_PAGES; i++) {
		if (take(f, i)) {
			page_put(record(f, i), 0);
			n++;
		}
	}
	return n;
}

__cold static bool is_empty(struct memobj *o, uint64_t first, bool ahead)
{
	uint64_t used;

	return (ahead || first + HUGE_PAGES <= memobj_end_index(o)) &&
	       !radix_next_used(&o->slots, first, first + HUGE_PAGES - 1, &used);
}

// The object's books, made and put on the list if there are none yet.
__cold static struct reservations *books_of(struct memobj *o)
{
	struct reservations *r = __atomic_load_n(&o->resv, __ATOMIC_ACQUIRE), *none = NULL;

	if (r)
		return r;
	r = kzalloc(sizeof(*r));
	if (!r)
		return NULL;
	r->obj = o;
	radix_init(&r->frames, o->slots.mem);
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

// The frame's own record goes: what refers to it from now on is a page.
static struct frame *take_frame(void)
{
	struct frame *f = kzalloc(sizeof(*f));
	struct pmm_stats ram;

	if (!f)
		return NULL;
	pmm_get_stats(&ram);
	f->head = ram.free_pages < MIN_FREE_PAGES ? NULL : pmm_alloc(HUGE_ORDER, PMM_NOWAIT);
	if (f->head)
		return f;
	kfree(f);
	return NULL;
}

__cold static __noinline void reserve(struct memobj *o, uint64_t block, bool ahead)
{
	struct reservations *r = books_of(o);
	struct frame *f = r ? take_frame() : NULL;
	bool made;

	if (!f) {
		if (r && !r->frames.root) // not worth asking again
			WRITE_ONCE(o->reserving, false);
		return;
	}
	spin_lock(&o->slots_lock);
	made = !find(o, block) && is_empty(o, block << HUGE_ORDER, ahead) &&
	       !radix_set(&r->frames, block, (uint64_t)f);
	if (made)
		r->last = NULL;
	spin_unlock(&o->slots_lock);
	if (!made) {
		page_put(f->head, HUGE_ORDER);
		kfree(f);
	}
}

__cold static __noinline struct page *alloc_slow(struct memobj *o, uint64_t index,
						 unsigned pmm_flags, bool ahead)
{
	const uint64_t block = index >> HUGE_ORDER;
	bool empty;

	spin_lock(&o->slots_lock);
	empty = !find(o, block) && is_empty(o, block << HUGE_ORDER, ahead);
	spin_unlock(&o->slots_lock);
	if (empty)
		reserve(o, block, ahead);
	spin_lock(&o->slots_lock);
	empty = !find(o, block);
	spin_unlock(&o->slots_lock);
	return empty ? pmm_alloc(0, pmm_flags) : resv_alloc(o, index, pmm_flags, ahead);
}

struct page *resv_alloc(struct memobj *o, uint64_t index, unsigned pmm_flags, bool ahead)
{
	struct page *p = NULL;
	struct frame *f;

	spin_lock(&o->slots_lock);
	f = cached(o, index >> HUGE_ORDER);
	if (likely(f) && take(f, index % HUGE_PAGES))
		p = record(f, index % HUGE_PAGES);
	spin_unlock(&o->slots_lock);
	if (unlikely(!f))
		return alloc_slow(o, index, pmm_flags, ahead);
	if (unlikely(!p)) // somebody is about to store it
		return pmm_alloc(0, pmm_flags);
	if (pmm_flags & PMM_ZERO)
		cpu_clear_page(phys_to_virt(page_to_pa(p)));
	return p;
}

__cold void resv_put(struct memobj *o, uint64_t index, struct page *p)
{
	const uint64_t i = index % HUGE_PAGES;
	struct frame *f;

	spin_lock(&o->slots_lock);
	f = find(o, index >> HUGE_ORDER);
	if (f && p == f->head + i)
		f->taken[i / 64] &= ~(1ull << i % 64);
	else
		f = NULL;
	spin_unlock(&o->slots_lock);
	if (!f)
		page_put(p, 0);
}

void resv_count(struct memobj *o, uint64_t index, uint64_t slot)
{
	struct frame *f = cached(o, index >> HUGE_ORDER);

	if (unlikely(!f))
		f = find(o, index >> HUGE_ORDER);
	if (!f || slot_page(slot) != f->head + index % HUGE_PAGES)
		return;
	if (unlikely(slot_is_unwritten(slot)))
		f->unwritten = true;
	if (unlikely(++f->stored == HUGE_PAGES)) {
		huge_complete(f->head, f->unwritten);
		forget(o->resv, index >> HUGE_ORDER, f);
	}
}

__cold static uint64_t break_next(struct memobj *o, uint64_t *block, uint64_t last)
{
	struct reservations *r = o->resv;
	struct frame *f;
	uint64_t freed;

	if (!radix_next_used(&r->frames, *block, last, block))
		return 0;
	f = (struct frame *)radix_get(&r->frames, *block);
	freed = free_unused(f);
	forget(r, *block, f);
	return freed;
}

__cold void resv_break(struct memobj *o, uint64_t first, uint64_t last)
{
	uint64_t block = first >> HUGE_ORDER, freed = 1;

	while (__atomic_load_n(&o->resv, __ATOMIC_ACQUIRE) && freed) {
		spin_lock(&o->slots_lock);
		freed = break_next(o, &block, last >> HUGE_ORDER);
		spin_unlock(&o->slots_lock);
	}
}

__cold void resv_end(struct memobj *o)
{
	struct reservations *r = o->resv;

	spin_lock(&resv.lock);
	list_remove(&r->node);
	spin_unlock(&resv.lock);
	resv_break(o, 0, UINT64_MAX);
	radix_destroy(&r->frames);
	kfree(r);
}

__cold uint64_t resv_reclaim(void)
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

__cold uint64_t resv_unused_pages(void)
{
	struct reservations *r;
	uint64_t n = 0;

	spin_lock(&resv.lock);
	list_for_each (r, &resv.objects, node) {
		uint64_t block = 0;

		spin_lock(&r->obj->slots_lock);
		for (; radix_next_used(&r->frames, block, UINT64_MAX, &block); block++)
			n += HUGE_PAGES - ((struct frame *)radix_get(&r->frames, block))->stored;
		spin_unlock(&r->obj->slots_lock);
	}
	spin_unlock(&resv.lock);
	return n;
}
