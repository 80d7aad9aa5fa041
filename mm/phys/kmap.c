// The kernel's own page tables, see kmap.h, and the direct map's public face.
// kmap_lock guards all entries of the kernel half; it is taken with interrupts off because the pmm
// holds its lock so. Must not allocate under the lock.

#include "mm/phys/kmap.h"

#include "kernel/base/cpu.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/phys/pte.h"
#include "mm/phys/tlb.h"

#include <linux/errno.h>

#ifndef OURO_HOST_TEST
uint64_t physmap_base = 0xffff888000000000ull;
#endif

#define GIB          (1ull << 30)
#define PHYSMAP_PROT (PT_READ | PT_WRITE | PT_GLOBAL | PT_ACCESSED | PT_DIRTY)

static struct spinlock kmap_lock = SPINLOCK_INIT(RANK_KMAP, "kmap");
static struct pgtable kernel_pt;

struct pgtable *pt_kernel(void)
{
	return &kernel_pt;
}

void kmap_init(void)
{
	kernel_pt.root_pa = cpu_read_cr3() & PTE_ADDR;
	kernel_pt.cpus = ~0ull;
	tlb_forget_loaded();
}

static inline bool is_table(pte_t e, unsigned level)
{
	return (e & PTE_PRESENT) && level > 0 && !(e & PTE_LARGE);
}

// The entry of |va| at |level|, with tables made above it; NULL: out of memory. |*found| is an
// entry met on the way that maps |va| with a larger page already.
static pte_t *entry_for(va_t va, unsigned level, struct kmap_source *src, bool *found)
{
	pte_t *table = phys_to_virt(kernel_pt.root_pa);

	*found = false;
	for (unsigned at = 3;; at--) {
		pte_t *e = &table[pte_slot(va, at)];
		pa_t fresh;

		if (at == level)
			return e;
		if (!*e) {
			fresh = src ? src->take(src) : 0;
			if (!fresh)
				return NULL;
			*e = fresh | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
		} else if (!is_table(*e, at)) {
			*found = true;
			return e;
		}
		table = phys_to_virt(*e & PTE_ADDR);
	}
}

int kmap_set(va_t va, pa_t pa, unsigned order, unsigned prot, struct kmap_source *src)
{
	uint64_t flags = spin_lock_irqsave(&kmap_lock);
	bool found;
	pte_t *e = entry_for(va, order / 9, src, &found);

	if (e && !found && !*e)
		*e = pa | pte_from_prot(prot) | (order ? PTE_LARGE : 0);
	spin_unlock_irqrestore(&kmap_lock, flags);
	return e ? 0 : -ENOMEM;
}

int kmap_make_slot(va_t va, struct kmap_source *src)
{
	uint64_t flags = spin_lock_irqsave(&kmap_lock);
	bool found;
	pte_t *e = entry_for(va, 2, src, &found);

	spin_unlock_irqrestore(&kmap_lock, flags);
	return e ? 0 : -ENOMEM;
}

pa_t kmap_clear(va_t va)
{
	uint64_t flags = spin_lock_irqsave(&kmap_lock);
	bool found;
	pte_t *e = entry_for(va, 0, NULL, &found);
	pa_t pa = 0;

	if (e && !found) {
		pa = *e & PTE_ADDR;
		*e = 0;
	}
	spin_unlock_irqrestore(&kmap_lock, flags);
	return pa;
}

void kmap_protect(va_t va, unsigned prot)
{
	uint64_t flags = spin_lock_irqsave(&kmap_lock);
	bool found;
	pte_t *e = entry_for(va, 0, NULL, &found);

	if (e && !found && *e)
		*e = (*e & PTE_ADDR) | pte_from_prot(prot);
	spin_unlock_irqrestore(&kmap_lock, flags);
}

bool kmap_present(va_t va)
{
	return pt_query(&kernel_pt, va).present;
}

static pa_t take_from_stock(struct kmap_source *src)
{
	return src->n ? src->stock[--src->n] : 0;
}

void kmap_stock_init(struct kmap_source *src)
{
	src->take = take_from_stock;
	src->n = 0;
}

int kmap_stock_fill(struct kmap_source *src)
{
	while (src->n < ARRAY_SIZE(src->stock)) {
		struct page *p = pmm_alloc(0, PMM_ZERO | PMM_NOWAIT);

		if (!p)
			return -ENOMEM;
		src->stock[src->n++] = page_to_pa(p);
	}
	return 0;
}

void kmap_stock_drop(struct kmap_source *src)
{
	while (src->n)
		page_free_zeroed(pa_to_page(src->stock[--src->n]));
}

// Maps 2 MiB pages from |pa| to |end| or to the end of their table, by one walk; where it stopped,
// which is |pa| if a table is missing and |src| has none.
static pa_t map_one_table(pa_t pa, pa_t end, unsigned prot, struct kmap_source *src)
{
	uint64_t flags = spin_lock_irqsave(&kmap_lock);
	bool found;
	pte_t *e = entry_for((va_t)phys_to_virt(pa), 1, src, &found);

	if (found)
		pa = ALIGN_DOWN(pa, GIB) + GIB; // a 1 GiB page is there
	else if (e) {
		pte_t bits = pte_from_prot(prot) | PTE_LARGE;

		do {
			if (!*e)
				*e = pa | bits;
			pa += HUGE_SIZE;
		} while (pa < end && ((uint64_t)++e & ~PAGE_MASK));
	}
	spin_unlock_irqrestore(&kmap_lock, flags);
	return pa;
}

__stack_guarded int physmap_ensure(pa_t pa, uint64_t bytes, bool uncached)
{
	unsigned prot = PHYSMAP_PROT | (uncached ? PT_NOCACHE : 0);
	struct kmap_source src;
	pa_t end = pa + bytes;
	int err = 0;

	kmap_stock_init(&src);
	pa = ALIGN_DOWN(pa, HUGE_SIZE);
	while (pa < end && !err) {
		pa_t next = map_one_table(pa, end, prot, &src);

		if (next == pa)
			err = kmap_stock_fill(&src);
		pa = next;
	}
	kmap_stock_drop(&src);
	return err;
}
