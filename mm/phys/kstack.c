// Kernel stacks: slots of 32 KiB in the stacks' part of the mapping area, the lower half of each
// never mapped. Freed stacks stay mapped, for the next thread; the record of a free one lies in the
// stack itself. A thread's stack is freed by whoever runs next, with interrupts off, while
// unmapping has to wait for the other CPUs: more than a few free ones are unmapped later, by idle
// CPUs or when memory is short. stacks.lock (RANK_KVA) guards all. Must not sleep.

#include "mm/phys/kstack.h"

#include "kernel/base/lock.h"
#include "lib/compiler.h"
#include "mm/phys/debug.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/kva.h"
#include "mm/phys/pmm.h"

#define SLOT_BYTES  (2ull * KSTACK_BYTES)
#define SLOTS       (KVA_STACKS_BYTES / SLOT_BYTES)
#define STACK_PAGES (KSTACK_BYTES / PAGE_SIZE)
#define CACHE_MAX   8
#define TRIM_BATCH  8 // stacks unmapped with one flush

struct free_stack {
	struct free_stack *next;
};

static struct {
	struct spinlock lock;
	struct free_stack *cached;
	unsigned n_cached;
	uint64_t *taken;     // bit per slot that is mapped
	unsigned first_word; // of |taken| that may have a free slot
} stacks = { .lock = SPINLOCK_INIT(RANK_KVA, "kstack") };

static uint64_t reclaim_stacks(uint64_t want_pages);

void kstack_init(void)
{
	stacks.cached = NULL;
	stacks.n_cached = 0;
	stacks.taken = NULL;
	stacks.first_word = 0;
	pmm_add_reclaim(reclaim_stacks);
}

// A free stack if there are more than |keep|.
static void *pop_cached(unsigned keep)
{
	struct free_stack *s;

	spin_lock(&stacks.lock);
	s = stacks.n_cached > keep ? stacks.cached : NULL;
	if (s) {
		mem_unpoison(s, KSTACK_BYTES);
		stacks.cached = s->next;
		stacks.n_cached--;
	}
	spin_unlock(&stacks.lock);
	return s;
}

void kstack_free(void *base)
{
	struct free_stack *s = base;

	spin_lock(&stacks.lock);
	s->next = stacks.cached;
	stacks.cached = s;
	stacks.n_cached++;
	mem_poison(s, KSTACK_BYTES);
	spin_unlock(&stacks.lock);
}

// Gets the bitmap at the first use: small machines have few stacks but need every page.
static bool have_bitmap(void)
{
	uint64_t *fresh;

	if (READ_ONCE(stacks.taken))
		return true;
	fresh = kzalloc(SLOTS / 8);
	if (!fresh)
		return false;
	spin_lock(&stacks.lock);
	if (!stacks.taken) {
		stacks.taken = fresh;
		fresh = NULL;
	}
	spin_unlock(&stacks.lock);
	kfree(fresh);
	return true;
}

// The lowest free slot, or -1.
static int64_t take_slot(void)
{
	int64_t slot = -1;

	spin_lock(&stacks.lock);
	for (unsigned i = stacks.first_word; i < SLOTS / 64 && slot < 0; i++) {
		if (!~stacks.taken[i])
			continue;
		stacks.first_word = i;
		slot = i * 64 + __builtin_ctzll(~stacks.taken[i]);
		stacks.taken[i] |= 1ull << (slot % 64);
	}
	spin_unlock(&stacks.lock);
	return slot;
}

static void drop_slot(uint64_t slot)
{
	spin_lock(&stacks.lock);
	stacks.taken[slot / 64] &= ~(1ull << (slot % 64));
	stacks.first_word = MIN(stacks.first_word, (unsigned)(slot / 64));
	spin_unlock(&stacks.lock);
}

void *kstack_alloc(void)
{
	void *cached = pop_cached(0);
	int64_t slot;
	va_t base;

	if (cached)
		return cached;
	if (!have_bitmap())
		return NULL;
	slot = take_slot();
	if (slot < 0)
		return NULL;
	base = KVA_BASE + (uint64_t)slot * SLOT_BYTES + KSTACK_BYTES;
	if (kva_map_pages(base, STACK_PAGES)) {
		drop_slot((uint64_t)slot);
		return NULL;
	}
	return (void *)base;
}

static __stack_guarded unsigned trim(unsigned keep)
{
	va_t bases[TRIM_BATCH];
	unsigned n = 0;
	void *base;

	while (n < TRIM_BATCH && (base = pop_cached(keep)))
		bases[n++] = (va_t)base;
	kva_unmap_ranges(bases, n, STACK_PAGES);
	for (unsigned i = 0; i < n; i++)
		drop_slot((bases[i] - KVA_BASE) / SLOT_BYTES);
	return n;
}

bool kstack_trim(void)
{
	return READ_ONCE(stacks.n_cached) > CACHE_MAX && trim(CACHE_MAX) == TRIM_BATCH;
}

static uint64_t reclaim_stacks(uint64_t want_pages)
{
	return READ_ONCE(stacks.n_cached) ? trim(0) * STACK_PAGES : 0;
}

bool kstack_is_guard(uint64_t va)
{
	return va >= KVA_BASE && va < KVA_BASE + KVA_STACKS_BYTES &&
	       (va - KVA_BASE) % SLOT_BYTES < KSTACK_BYTES;
}
