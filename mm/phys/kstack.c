// Kernel stacks: slots of 32 KiB in the stacks' part of the mapping area, the lower half of each
// never mapped. Freed stacks are kept mapped, a few, for the next thread; the record of a free one
// lies in the stack itself. stacks.lock (RANK_KVA) guards all. Must not sleep.

#include "mm/phys/kstack.h"

#include "kernel/base/lock.h"
#include "lib/compiler.h"
#include "mm/phys/debug.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/kva.h"

#define SLOT_BYTES  (2ull * KSTACK_BYTES)
#define SLOTS       (KVA_STACKS_BYTES / SLOT_BYTES)
#define STACK_PAGES (KSTACK_BYTES / PAGE_SIZE)
#define CACHE_MAX   8

struct free_stack {
	struct free_stack *next;
};

static struct {
	struct spinlock lock;
	struct free_stack *cached;
	unsigned n_cached;
	uint64_t *taken; // bit per slot that is mapped
} stacks = { .lock = SPINLOCK_INIT(RANK_KVA, "kstack") };

void kstack_init(void)
{
	stacks.cached = NULL;
	stacks.n_cached = 0;
	stacks.taken = NULL;
}

static void *pop_cached(void)
{
	struct free_stack *s;

	spin_lock(&stacks.lock);
	s = stacks.cached;
	if (s) {
		mem_unpoison(s, KSTACK_BYTES);
		stacks.cached = s->next;
		stacks.n_cached--;
	}
	spin_unlock(&stacks.lock);
	return s;
}

static bool push_cached(void *base)
{
	struct free_stack *s = base;
	bool room;

	spin_lock(&stacks.lock);
	room = stacks.n_cached < CACHE_MAX;
	if (room) {
		s->next = stacks.cached;
		stacks.cached = s;
		stacks.n_cached++;
		mem_poison(s, KSTACK_BYTES);
	}
	spin_unlock(&stacks.lock);
	return room;
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
	for (unsigned i = 0; i < SLOTS / 64 && slot < 0; i++) {
		if (!~stacks.taken[i])
			continue;
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
	spin_unlock(&stacks.lock);
}

void *kstack_alloc(void)
{
	void *cached = pop_cached();
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

void kstack_free(void *base)
{
	if (push_cached(base))
		return;
	kva_unmap_pages((va_t)base, STACK_PAGES);
	drop_slot(((va_t)base - KVA_BASE) / SLOT_BYTES);
}

bool kstack_is_guard(uint64_t va)
{
	return va >= KVA_BASE && va < KVA_BASE + KVA_STACKS_BYTES &&
	       (va - KVA_BASE) % SLOT_BYTES < KSTACK_BYTES;
}
