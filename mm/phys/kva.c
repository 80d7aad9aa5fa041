// kvalloc: memory that is contiguous only in kernel addresses.
// kva.lock (RANK_KVA) guards the list of areas, sorted by address. Each area is followed by an
// unmapped page. Searching is linear: areas are few (large tables), and not on any hot path.

#include "mm/phys/kva.h"

#include "kernel/base/lock.h"
#include "kernel/base/panic.h"
#include "lib/list.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/kmap.h"
#include "mm/phys/kstack.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"

#include <linux/errno.h>

#define AREAS_BASE     (KVA_BASE + KVA_STACKS_BYTES)
#define AREAS_END      (KVA_BASE + KVA_BYTES)
#define CONTIGUOUS_MAX (8 * PAGE_SIZE) // smaller ones are tried from kmalloc first
#define STACK_PROT     (PT_READ | PT_WRITE | PT_GLOBAL | PT_ACCESSED | PT_DIRTY)

struct area {
	struct list_node node;
	va_t start;
	uint64_t pages;
};

static struct {
	struct spinlock lock;
	struct list_node areas; // by address
} kva = { .lock = SPINLOCK_INIT(RANK_KVA, "kva") };

__stack_guarded void kva_init(void)
{
	struct kmap_source src;
	int err;

	list_init(&kva.areas);
	kstack_init();
	kmap_stock_init(&src);
	err = kmap_stock_fill(&src);
	if (!err)
		err = kmap_make_slot(KVA_BASE, &src);
	kmap_stock_drop(&src);
	if (err)
		panic("out of memory at boot");
}

static int map_fresh_page(va_t va, struct kmap_source *src)
{
	struct page *p;
	int err;

	if (src->n < ARRAY_SIZE(src->stock)) {
		err = kmap_stock_fill(src);
		if (err)
			return err;
	}
	p = pmm_alloc(0, PMM_NOWAIT);
	if (!p)
		return -ENOMEM;
	err = kmap_set(va, page_to_pa(p), 0, STACK_PROT, src);
	if (err)
		page_put(p, 0);
	return err;
}

// A frame is freed only after no CPU can reach it: collect some, flush once, free.
__stack_guarded void kva_unmap_ranges(const va_t *starts, unsigned n, uint64_t pages)
{
	pa_t frames[KVA_UNMAP_PAGES];
	va_t low = ~0ull, high = 0;
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		for (uint64_t page = 0; page < pages; page++)
			frames[count++] = kmap_clear(starts[i] + page * PAGE_SIZE);
		low = MIN(low, starts[i]);
		high = MAX(high, starts[i] + pages * PAGE_SIZE);
	}
	if (count)
		tlb_flush_kernel(low, high);
	while (count--)
		if (frames[count])
			page_put(pa_to_page(frames[count]), 0);
}

static void unmap_pages(va_t va, uint64_t pages)
{
	for (; pages; pages -= MIN(pages, (uint64_t)KVA_UNMAP_PAGES)) {
		uint64_t n = MIN(pages, (uint64_t)KVA_UNMAP_PAGES);

		kva_unmap_ranges(&va, 1, n);
		va += n * PAGE_SIZE;
	}
}

__stack_guarded int kva_map_pages(va_t va, uint64_t pages)
{
	struct kmap_source src;
	uint64_t done = 0;
	int err = 0;

	kmap_stock_init(&src);
	while (done < pages && !err) {
		err = map_fresh_page(va + done * PAGE_SIZE, &src);
		done += !err;
	}
	kmap_stock_drop(&src);
	if (err)
		unmap_pages(va, done);
	return err;
}

// Finds room and enters |a| in the list. False: no room.
static bool place_area(struct area *a)
{
	uint64_t bytes = (a->pages + 1) * PAGE_SIZE; // with the unmapped page
	struct area *next;
	bool found;

	spin_lock(&kva.lock);
	a->start = AREAS_BASE;
	list_for_each (next, &kva.areas, node) {
		if (next->start - a->start >= bytes)
			break;
		a->start = next->start + (next->pages + 1) * PAGE_SIZE;
	}
	found = AREAS_END - a->start >= bytes;
	if (found)
		list_insert_between(&a->node, next->node.prev, &next->node);
	spin_unlock(&kva.lock);
	return found;
}

static void drop_area(struct area *a)
{
	spin_lock(&kva.lock);
	list_remove(&a->node);
	spin_unlock(&kva.lock);
	kfree(a);
}

void *kvalloc(size_t bytes)
{
	struct area *a;
	void *p;

	if (bytes <= CONTIGUOUS_MAX) {
		p = kmalloc(bytes);
		if (p || bytes <= PAGE_SIZE)
			return p;
	}
	if (bytes > KVA_BYTES)
		return NULL;
	a = kmalloc(sizeof(*a));
	if (!a)
		return NULL;
	a->pages = (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
	if (!place_area(a)) {
		kfree(a);
		return NULL;
	}
	if (kva_map_pages(a->start, a->pages)) {
		drop_area(a);
		return NULL;
	}
	return (void *)a->start;
}

static struct area *find_area(va_t va)
{
	struct area *a, *found = NULL;

	spin_lock(&kva.lock);
	list_for_each (a, &kva.areas, node) {
		if (a->start == va) {
			found = a;
			break;
		}
	}
	spin_unlock(&kva.lock);
	return found;
}

void kvfree(void *p)
{
	va_t va = (va_t)p;
	struct area *a;

	if (va < KVA_BASE || va >= AREAS_END) {
		kfree(p);
		return;
	}
	a = find_area(va);
	ASSERT(a != NULL);
	unmap_pages(a->start, a->pages);
	drop_area(a);
}

uint64_t kva_alloc_stacks(unsigned n, uint64_t bytes)
{
	struct area *a = kmalloc(sizeof(*a));
	uint64_t step = bytes + PAGE_SIZE;

	if (!a)
		return 0;
	a->pages = n * step >> PAGE_SHIFT;
	if (!place_area(a)) {
		kfree(a);
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!kva_map_pages(a->start + i * step + PAGE_SIZE, bytes >> PAGE_SHIFT))
			continue;
		while (i--)
			unmap_pages(a->start + i * step + PAGE_SIZE, bytes >> PAGE_SHIFT);
		drop_area(a);
		return 0;
	}
	return a->start + step;
}
