// The kernel heap. Small objects come from pages cut into one size; each CPU keeps a magazine of
// free objects per size, which only it touches, with interrupts off. Behind it each size class has
// a lock (RANK_KMALLOC) for its list of pages with free objects. More than 2 KiB is whole pages.
// The owner of an address is found through its struct page. Must not sleep or reclaim.

#include "mm/phys/kmalloc.h"

#include "kernel/base/cpu.h"
#include "kernel/base/lock.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "lib/string.h"
#include "mm/phys/debug.h"
#include "mm/phys/kmem_check.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"

#define MAG_SLOTS 16
#define SMALL_MAX 2048u
#define STEP      16u // table_class is indexed by size in steps

static const uint16_t class_bytes[] = { 16,  32,  48,  64,  96,   128,  192, 256,
					384, 512, 576, 768, 1024, 1344, 2048 };
#define CLASSES ARRAY_SIZE(class_bytes)

struct magazine {
	unsigned n;
	void *objects[MAG_SLOTS];
};

struct heap_cpu {
	struct magazine mags[CLASSES];
};

struct size_class {
	struct spinlock lock;
	// guarded by lock
	struct list_node partial; // pages with free objects
	uint64_t out;             // objects not on a page's free list (magazines included)
	uint64_t pages;
};

static struct {
	struct size_class classes[CLASSES];
	uint8_t class_of[SMALL_MAX / STEP + 1];
	uint64_t large_objects, large_pages; // atomic
} heap;

static DEFINE_PERCPU(struct heap_cpu, heap_cpu);

__cold void kmalloc_init(void)
{
	unsigned class = 0;

	for (unsigned i = 0; i < CLASSES; i++) {
		struct size_class *c = &heap.classes[i];

		spin_init(&c->lock, RANK_KMALLOC, "kmalloc");
		list_init(&c->partial);
		c->out = c->pages = 0;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(heap.class_of); i++) {
		if (i * STEP > class_bytes[class])
			class ++;
		heap.class_of[i] = (uint8_t) class;
	}
	for (unsigned cpu = 0; cpu < cpu_count_ready(); cpu++) {
		for (unsigned i = 0; i < CLASSES; i++)
			per_cpu_ptr(heap_cpu, cpu)->mags[i].n = 0;
	}
	heap.large_objects = heap.large_pages = 0;
	pmm_add_reclaim(kmalloc_shrink);
}

// Few large objects are kept per CPU, many small ones.
static inline unsigned mag_limit(unsigned class)
{
	return class_bytes[class] <= 256 ? MAG_SLOTS : 4;
}

static inline char *page_address(const struct page *p)
{
	return phys_to_virt(page_to_pa(p));
}

// ---- pages of one class; the class lock is held unless said otherwise

// A fresh page for objects of |class|, not on any list. No lock held. NULL: out of memory. Objects
// join the page's free list only once they were used: a page of small ones costs nothing to start.
static struct page *cut_page(unsigned class)
{
	struct page *p = pmm_alloc(0, PMM_NOWAIT);

	if (!p)
		return NULL;
	p->flags = PAGE_SLAB;
	p->extra = 0;
	p->slab.class = (uint8_t) class;
	mem_poison(page_address(p), PAGE_SIZE);
	return p;
}

static inline bool has_free(const struct page *p)
{
	return p->slab.first_free || (p->slab.fresh + 1u) * class_bytes[p->slab.class] <= PAGE_SIZE;
}

// |p| has free objects and is on the list; it leaves the list with its last one.
static void *take_object(struct size_class *c, struct page *p)
{
	unsigned bytes = class_bytes[p->slab.class];
	char *object;

	if (p->slab.first_free) {
		object = page_address(p) + (p->slab.first_free - 1u) * bytes;
		mem_unpoison(object, sizeof(uint16_t));
		p->slab.first_free = *(uint16_t *)object;
		mem_poison(object, sizeof(uint16_t));
	} else {
		object = page_address(p) + p->slab.fresh++ * bytes;
	}
	p->slab.in_use++;
	c->out++;
	if (!has_free(p))
		list_remove(&p->slab_node);
	return object;
}

// Returns an object to its page. True: the page has none left in use and was taken off its list.
static bool return_object(struct size_class *c, struct page *p, void *object)
{
	unsigned bytes = class_bytes[p->slab.class];
	bool was_full = !has_free(p);

	mem_unpoison(object, sizeof(uint16_t));
	*(uint16_t *)object = p->slab.first_free;
	mem_poison(object, sizeof(uint16_t));
	p->slab.first_free = (uint16_t)(((char *)object - page_address(p)) / bytes + 1);
	p->slab.in_use--;
	c->out--;
	if (was_full)
		list_push_front(&c->partial, &p->slab_node);
	// One page without objects stays, so that a class in light use does not come and go.
	if (p->slab.in_use ||
	    list_first(&c->partial, struct page, slab_node)->slab_node.next == &c->partial)
		return false;
	list_remove(&p->slab_node);
	c->pages--;
	return true;
}

static void free_slab(struct page *p)
{
	p->flags = 0;
	page_put(p, 0);
}

// ---- magazines

// Fills half of this CPU's magazine and returns one object more, or NULL.
static __noinline void *refill(unsigned class)
{
	struct size_class *c = &heap.classes[class];
	struct page *fresh = NULL;
	struct magazine *m;
	void *object = NULL;
	uint64_t irq;

	if (list_empty(&c->partial)) {
		fresh = cut_page(class);
		if (!fresh)
			return NULL;
	}
	irq = spin_lock_irqsave(&c->lock);
	m = &this_cpu_ptr(heap_cpu)->mags[class];
	if (fresh) {
		list_push_back(&c->partial, &fresh->slab_node);
		c->pages++;
	}
	if (!list_empty(&c->partial))
		object = take_object(c, list_first(&c->partial, struct page, slab_node));
	while (m->n < mag_limit(class) / 2 && !list_empty(&c->partial))
		m->objects[m->n++] =
			take_object(c, list_first(&c->partial, struct page, slab_node));
	spin_unlock_irqrestore(&c->lock, irq);
	// Another CPU may have emptied the list meanwhile: again, with a page of our own.
	return object ? object : refill(class);
}

// Returns objects of a magazine to their pages until |keep| are left. Interrupts are off. Returns
// the number of pages freed.
static __noinline uint64_t flush_magazine(unsigned class, unsigned keep)
{
	struct size_class *c = &heap.classes[class];
	struct magazine *m = &this_cpu_ptr(heap_cpu)->mags[class];
	uint64_t freed = 0;

	spin_lock(&c->lock);
	while (m->n > keep) {
		void *object = m->objects[--m->n];
		struct page *p = pa_to_page(virt_to_phys(object));

		if (return_object(c, p, object)) {
			free_slab(p);
			freed++;
		}
	}
	spin_unlock(&c->lock);
	return freed;
}

// ---- whole pages

static __noinline void *alloc_pages(size_t bytes)
{
	unsigned order = 0;
	struct page *p;

	while (PAGE_SIZE << order < bytes)
		if (++order > PMM_MAX_ORDER)
			return NULL;
	p = pmm_alloc(order, PMM_NOWAIT);
	if (!p)
		return NULL;
	p->flags |= PAGE_LARGE;
	p->large_bytes = bytes;
	__atomic_fetch_add(&heap.large_objects, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&heap.large_pages, 1ull << order, __ATOMIC_RELAXED);
	return page_address(p);
}

static __noinline void free_pages(struct page *p)
{
	unsigned order = p->order;

	ASSERT(p->flags & PAGE_LARGE);
	p->flags &= (uint8_t)~PAGE_LARGE;
	__atomic_fetch_sub(&heap.large_objects, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&heap.large_pages, 1ull << order, __ATOMIC_RELAXED);
	page_put(p, order);
}

// ---- the public face

void *kmalloc(size_t bytes)
{
	struct magazine *m;
	unsigned class;
	void *object;
	uint64_t irq;

	bytes += KMEM_CHECK_BYTES;
	if (unlikely(bytes > SMALL_MAX))
		return mem_alloc_should_fail() ? NULL : alloc_pages(bytes);
	if (mem_alloc_should_fail())
		return NULL;
	class = heap.class_of[(bytes + STEP - 1) / STEP];
	irq = cpu_irq_save();
	m = &this_cpu_ptr(heap_cpu)->mags[class];
	object = likely(m->n) ? m->objects[--m->n] : NULL;
	cpu_irq_restore(irq);
	if (unlikely(!object)) {
		object = refill(class);
		if (!object)
			return NULL;
	}
	mem_unpoison(object, bytes ? bytes : 1);
	kmem_mark_allocated(object, class_bytes[class], bytes - KMEM_CHECK_BYTES);
	return object;
}

// kfree's way where the magazine is full. Interrupts are off, |irq| is how they were.
static __noinline void make_room(unsigned class, void *p, uint64_t irq)
{
	struct magazine *m = &this_cpu_ptr(heap_cpu)->mags[class];

	(void)flush_magazine(class, mag_limit(class) / 2);
	m->objects[m->n++] = p;
	cpu_irq_restore(irq);
}

void kfree(void *p)
{
	struct magazine *m;
	struct page *page;
	unsigned class;
	uint64_t irq;

	if (!p)
		return;
	page = pa_to_page(virt_to_phys(p));
	if (unlikely(!(page->flags & PAGE_SLAB))) {
		free_pages(page);
		return;
	}
	class = page->slab.class;
	kmem_mark_freed(p, class_bytes[class]);
	mem_poison(p, class_bytes[class]);
	irq = cpu_irq_save();
	m = &this_cpu_ptr(heap_cpu)->mags[class];
	if (unlikely(m->n >= mag_limit(class))) {
		make_room(class, p, irq);
		return;
	}
	m->objects[m->n++] = p;
	cpu_irq_restore(irq);
}

void *kzalloc(size_t bytes)
{
	void *p = kmalloc(bytes);

	if (p)
		memset(p, 0, bytes);
	return p;
}

void *kcalloc(size_t count, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total))
		return NULL;
	return kzalloc(total);
}

char *kstrndup(const char *s, size_t max)
{
	size_t n = strnlen(s, max);
	char *copy = kmalloc(n + 1);

	if (!copy)
		return NULL;
	memcpy(copy, s, n);
	copy[n] = 0;
	return copy;
}

__cold void kmalloc_get_stats(struct kmem_stats *out)
{
	out->live_objects = __atomic_load_n(&heap.large_objects, __ATOMIC_RELAXED);
	out->backing_pages = __atomic_load_n(&heap.large_pages, __ATOMIC_RELAXED);
	out->live_bytes = out->backing_pages * PAGE_SIZE;
	for (unsigned i = 0; i < CLASSES; i++) {
		struct size_class *c = &heap.classes[i];
		uint64_t irq = spin_lock_irqsave(&c->lock);
		uint64_t live = c->out;

		for (unsigned cpu = 0; cpu < cpu_count_ready(); cpu++)
			live -= READ_ONCE(per_cpu_ptr(heap_cpu, cpu)->mags[i].n);
		out->backing_pages += c->pages;
		spin_unlock_irqrestore(&c->lock, irq);
		out->live_objects += live;
		out->live_bytes += live * class_bytes[i];
	}
}

// Frees the page without objects that return_object keeps.
static uint64_t free_empty_pages(unsigned class)
{
	struct size_class *c = &heap.classes[class];
	struct page *p, *tmp;
	uint64_t freed = 0;

	spin_lock(&c->lock);
	list_for_each_safe (p, tmp, &c->partial, slab_node) {
		if (p->slab.in_use)
			continue;
		list_remove(&p->slab_node);
		c->pages--;
		free_slab(p);
		freed++;
	}
	spin_unlock(&c->lock);
	return freed;
}

__cold uint64_t kmalloc_shrink(uint64_t want_pages)
{
	uint64_t freed = 0;

	for (unsigned i = 0; i < CLASSES; i++) {
		uint64_t irq = cpu_irq_save();

		freed += flush_magazine(i, 0) + free_empty_pages(i);
		cpu_irq_restore(irq);
	}
	return freed;
}
