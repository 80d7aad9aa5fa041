// Frames: allocation, references, the caches in front of the buddy lists.
//
// A free frame is, from hot to cold: in this CPU's stack; in the pool of frames used before (they
// may be zeroed ahead) or in the pool of zeroed ones; on a buddy list; in a virgin range. pmm.lock
// (RANK_PMM, interrupts off) guards all but the CPU's stack, which only its CPU touches, with
// interrupts off. frame_lock (RANK_FRAME) orders whole and demoted 2 MiB references. Must not
// sleep.

#include "mm/phys/pmm.h"

#include "kernel/base/cpu.h"
#include "kernel/base/lock.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "mm/phys/buddy.h"
#include "mm/phys/debug.h"
#include "mm/phys/hugepool.h"
#include "mm/phys/kmap.h"
#include "mm/phys/physmap.h"
#include "mm/phys/virgin.h"

#define CPU_STACK_MAX   48
#define CPU_STACK_BATCH 16
#define CPU_BATCH_ORDER 4
#define ZEROED_MAX      256  // 1 MiB: the most that is zeroed ahead
#define USED_MAX        4096 // 16 MiB: beyond that freed pages are merged at once
#define RECLAIM_MAX     8
#define RECLAIM_ROUNDS  16

struct cpu_stack {
	unsigned n;
	struct page *pages[CPU_STACK_MAX];
};

struct pool { // linked through free.next
	struct list_node *head;
	unsigned n;
};

static struct {
	struct spinlock lock;
	struct buddy buddy;
	struct pool used;   // freed by somebody, not zeroed
	struct pool zeroed; // all bytes zero
	uint64_t total_pages, image_pages;
	uint64_t reserve_pages; // only PMM_RESERVE gets the last ones
	uint64_t (*reclaim[RECLAIM_MAX])(uint64_t want_pages);
	unsigned n_reclaim;
} pmm = { .lock = SPINLOCK_INIT(RANK_PMM, "pmm") };

static struct spinlock frame_lock = SPINLOCK_INIT(RANK_FRAME, "frame");
static DEFINE_PERCPU(struct cpu_stack, cpu_stack);

__cold void pmm_init(const struct bootinfo *info, const struct boot_range *reserved,
		     unsigned n_reserved)
{
	uint64_t slots;

	kmap_init();
	buddy_init(&pmm.buddy);
	pmm.used = pmm.zeroed = (struct pool){ NULL, 0 };
	pmm.n_reclaim = 0;
	pmm.image_pages = 0;
	for (unsigned i = 0; i < cpu_count_ready(); i++)
		per_cpu_ptr(cpu_stack, i)->n = 0;
	pmm.total_pages = virgin_init(info, reserved, n_reserved);
	pmm.reserve_pages = MIN(MAX(pmm.total_pages / 256, 8ull), 128ull);
	if (!virgin_activate(&pmm.buddy))
		panic("no usable memory in the first 4 MiB");
	// Upper tables that later address spaces must share: one for each 512 GiB of RAM.
	slots = info->ram_ranges ? (info->ram[info->ram_ranges - 1].start_pa +
				    info->ram[info->ram_ranges - 1].size_bytes - 1) >>
					   39
				 : 0;
	for (uint64_t i = 1; i <= slots; i++)
		virgin_make_slot(i << 39);
}

static inline void *page_va(const struct page *p)
{
	return phys_to_virt(page_to_pa(p));
}

// Makes a free record that of an allocated frame.
static inline struct page *hand_out(struct page *p, unsigned order, unsigned page_flags)
{
	p->head_word = 1 | (uint64_t)order << 48 | (uint64_t)page_flags << 56;
	p->owner = NULL;
	p->index = 0;
	mem_unpoison(page_va(p), PAGE_SIZE << order);
	return p;
}

static inline void pool_push(struct pool *pool, struct page *p)
{
	p->free.next = pool->head;
	pool->head = &p->free;
	pool->n++;
}

static inline struct page *pool_pop(struct pool *pool)
{
	struct page *p;

	if (!pool->head)
		return NULL;
	p = list_entry(pool->head, struct page, free);
	pool->head = p->free.next;
	pool->n--;
	return p;
}

static uint64_t free_pages_locked(void)
{
	return pmm.buddy.free_pages + pmm.used.n + pmm.zeroed.n + virgin_pages();
}

// One block of |order|, from virgin RAM if need be.
static struct page *take_block(unsigned order)
{
	struct page *p = buddy_take(&pmm.buddy, order);

	while (!p && virgin_activate(&pmm.buddy))
		p = buddy_take(&pmm.buddy, order);
	return p;
}

// Puts singles on this CPU's stack (interrupts are off); false if there are none.
static bool refill(struct cpu_stack *c)
{
	struct page *p;

	while (c->n < CPU_STACK_BATCH && (p = pool_pop(&pmm.used)))
		c->pages[c->n++] = p;
	if (c->n)
		return true;
	for (unsigned order = CPU_BATCH_ORDER; !c->n; order--) {
		// Larger blocks are cut only for want of smaller ones; virgin RAM comes last.
		p = order ? buddy_take(&pmm.buddy, order) : take_block(0);
		for (unsigned i = 1u << order; p && i > 0; i--)
			c->pages[c->n++] = p + i - 1;
		if (!order)
			break;
	}
	if (!c->n && (p = pool_pop(&pmm.zeroed)))
		c->pages[c->n++] = p;
	return c->n;
}

// Hands the CPU's stack down to the pool of used frames or the buddy lists until |keep| are left.
static void drain_stack(struct cpu_stack *c, unsigned keep)
{
	while (c->n > keep) {
		struct page *p = c->pages[--c->n];

		if (pmm.used.n < USED_MAX)
			pool_push(&pmm.used, p);
		else
			buddy_give(&pmm.buddy, p, 0);
	}
}

static __cold void drain_pools(void)
{
	struct page *p;

	while ((p = pool_pop(&pmm.used)) || (p = pool_pop(&pmm.zeroed)))
		buddy_give(&pmm.buddy, p, 0);
}

void pmm_drain(void)
{
	uint64_t irq = spin_lock_irqsave(&pmm.lock);

	drain_stack(this_cpu_ptr(cpu_stack), 0);
	drain_pools();
	spin_unlock_irqrestore(&pmm.lock, irq);
}

// Runs the callbacks until one frees something. False: nothing left to free.
static bool reclaim(uint64_t want_pages)
{
	for (unsigned i = 0; i < pmm.n_reclaim; i++) {
		if (pmm.reclaim[i](want_pages))
			return true;
	}
	return false;
}

static struct page *try_single(unsigned flags)
{
	uint64_t irq = spin_lock_irqsave(&pmm.lock);
	struct cpu_stack *c = this_cpu_ptr(cpu_stack);
	struct page *p = NULL;

	if ((flags & PMM_RESERVE) || free_pages_locked() > pmm.reserve_pages) {
		if (c->n || refill(c))
			p = c->pages[--c->n];
	}
	spin_unlock_irqrestore(&pmm.lock, irq);
	return p;
}

static struct page *try_block(unsigned order, unsigned flags)
{
	uint64_t irq = spin_lock_irqsave(&pmm.lock);
	uint64_t floor = flags & PMM_RESERVE ? 0 : pmm.reserve_pages;
	struct page *p = NULL;

	if (free_pages_locked() >= floor + (1ull << order)) {
		p = take_block(order);
		if (!p) {
			drain_stack(this_cpu_ptr(cpu_stack), 0);
			drain_pools();
			p = buddy_take(&pmm.buddy, order);
		}
	}
	spin_unlock_irqrestore(&pmm.lock, irq);
	return p;
}

static __noinline struct page *alloc_slow(unsigned order, unsigned flags)
{
	for (unsigned round = 0; round < RECLAIM_ROUNDS; round++) {
		struct page *p = order ? try_block(order, flags) : try_single(flags);

		if (p)
			return p;
		if ((flags & PMM_NOWAIT) || !reclaim(1ull << order))
			break;
	}
	return NULL;
}

static void clear_block(struct page *p, unsigned order)
{
	char *va = page_va(p);

	for (uint64_t i = 0; i < 1ull << order; i++)
		cpu_clear_page(va + i * PAGE_SIZE);
}

static __noinline struct page *alloc_block(unsigned order, unsigned flags)
{
	struct page *p = order <= PMM_MAX_ORDER ? alloc_slow(order, flags) : NULL;

	if (!p)
		return NULL;
	hand_out(p, order, order == HUGE_ORDER ? PAGE_WHOLE : 0);
	if (flags & PMM_ZERO)
		clear_block(p, order);
	return p;
}

static __noinline struct page *take_zeroed(void)
{
	uint64_t irq = spin_lock_irqsave(&pmm.lock);
	struct page *p = pool_pop(&pmm.zeroed);

	spin_unlock_irqrestore(&pmm.lock, irq);
	return p;
}

struct page *pmm_alloc(unsigned order, unsigned flags)
{
	struct cpu_stack *c;
	struct page *p;
	uint64_t irq;

	if (mem_alloc_should_fail())
		return NULL;
	if (unlikely(order))
		return alloc_block(order, flags);
	if ((flags & PMM_ZERO) && READ_ONCE(pmm.zeroed.n)) {
		p = take_zeroed();
		if (p)
			return hand_out(p, 0, 0);
	}
	irq = cpu_irq_save();
	c = this_cpu_ptr(cpu_stack);
	p = likely(c->n) ? c->pages[--c->n] : NULL;
	cpu_irq_restore(irq);
	if (unlikely(!p)) {
		p = alloc_slow(0, flags);
		if (!p)
			return NULL;
	}
	hand_out(p, 0, 0);
	if (flags & PMM_ZERO)
		cpu_clear_page(page_va(p));
	return p;
}

static void free_block(struct page *p, unsigned order)
{
	uint64_t irq;

	p->head_word = 0;
	mem_frames_freed(page_to_pa(p), PAGE_SIZE << order);
	irq = spin_lock_irqsave(&pmm.lock);
	buddy_give(&pmm.buddy, p, order);
	spin_unlock_irqrestore(&pmm.lock, irq);
}

static __cold __noinline void free_special(struct page *p)
{
	if (p->flags & PAGE_PERMANENT) {
		if (p->flags & PAGE_HUGE_MEMBER) {
			hugepool_page_freed(p);
			return;
		}
		__atomic_fetch_add(&p->count, 1, __ATOMIC_RELAXED);
		return;
	}
	if (p->flags & PAGE_IMAGE) {
		__atomic_fetch_sub(&pmm.image_pages, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&pmm.total_pages, 1, __ATOMIC_RELAXED);
	}
	free_block(p, 0);
}

static __noinline void make_room(struct cpu_stack *c)
{
	spin_lock(&pmm.lock);
	drain_stack(c, CPU_STACK_MAX - CPU_STACK_BATCH);
	spin_unlock(&pmm.lock);
}

// Interrupts are off, |c| is this CPU's, the last reference is gone.
static inline void free_single(struct cpu_stack *c, struct page *p)
{
	if (unlikely(p->flags)) {
		free_special(p);
		return;
	}
	p->head_word = 0;
	mem_frames_freed(page_to_pa(p), PAGE_SIZE);
	mem_poison(page_va(p), PAGE_SIZE);
	if (unlikely(c->n == CPU_STACK_MAX))
		make_room(c);
	c->pages[c->n++] = p;
}

void page_free(struct page *p)
{
	uint64_t irq = cpu_irq_save();

	free_single(this_cpu_ptr(cpu_stack), p);
	cpu_irq_restore(irq);
}

RARE_CALL_THUNK(page_free);

void page_put_values(const uint64_t *values, unsigned n)
{
	uint64_t irq = cpu_irq_save();
	struct cpu_stack *c = this_cpu_ptr(cpu_stack);

	for (const uint64_t *end = values + n; values < end; values++) {
		struct page *p = (struct page *)(*values & ~4ull);

		if (p && !((uintptr_t)p & 3) &&
		    __atomic_sub_fetch(&p->count, 1, __ATOMIC_ACQ_REL) == 0)
			free_single(c, p);
	}
	cpu_irq_restore(irq);
}

void page_free_zeroed(struct page *p)
{
	uint64_t irq;

	p->head_word = 0;
	mem_frames_freed(page_to_pa(p), PAGE_SIZE);
	mem_poison(page_va(p), PAGE_SIZE);
	irq = spin_lock_irqsave(&pmm.lock);
	if (pmm.zeroed.n < ZEROED_MAX)
		pool_push(&pmm.zeroed, p);
	else
		buddy_give(&pmm.buddy, p, 0);
	spin_unlock_irqrestore(&pmm.lock, irq);
}

void page_get_big(struct page *p, unsigned order)
{
	uint64_t irq = spin_lock_irqsave(&frame_lock);
	bool each = order == HUGE_ORDER && !(p->flags & PAGE_WHOLE);

	for (unsigned i = 0; i < (each ? 1u << HUGE_ORDER : 1u); i++)
		__atomic_fetch_add(&p[i].count, 1, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&frame_lock, irq);
}

// An order-9 reference of a demoted frame is one on each of its 512 pages.
static void put_each(struct page *head)
{
	for (unsigned i = 0; i < 1u << HUGE_ORDER; i++)
		page_put(&head[i], 0);
}

void page_put_big(struct page *p, unsigned order)
{
	uint64_t irq = spin_lock_irqsave(&frame_lock);
	bool each = order == HUGE_ORDER && !(p->flags & PAGE_WHOLE);
	bool last = !each && __atomic_sub_fetch(&p->count, 1, __ATOMIC_ACQ_REL) == 0;

	spin_unlock_irqrestore(&frame_lock, irq);
	if (each)
		put_each(p);
	else if (last)
		free_block(p, order);
}

void page_demote(struct page *head)
{
	uint64_t irq = spin_lock_irqsave(&frame_lock);

	if (head->flags & PAGE_WHOLE) {
		uint64_t word =
			head->count | (uint64_t)head->pins << 32 | (uint64_t)PAGE_HUGE_MEMBER << 56;

		for (unsigned i = 1; i < 1u << HUGE_ORDER; i++) {
			head[i].owner = head->owner;
			head[i].index = head->owner ? head->index + i : 0;
			head[i].head_word = word;
		}
		head->head_word = word;
	}
	spin_unlock_irqrestore(&frame_lock, irq);
}

static int back_records(pa_t pa)
{
	int err = virgin_back_records(&pmm.buddy, pa);

	if (err) { // what is cached may be what it needs
		drain_stack(this_cpu_ptr(cpu_stack), 0);
		drain_pools();
		err = virgin_back_records(&pmm.buddy, pa);
	}
	return err;
}

bool page_put_frame(struct page *head)
{
	for (unsigned i = 0; i < 1u << HUGE_ORDER; i++) {
		if (__atomic_load_n(&head[i].count, __ATOMIC_ACQUIRE) != 1)
			return false;
	}
	if (head->flags & PAGE_PERMANENT) {
		hugepool_frame_freed(head);
		return true;
	}
	for (unsigned i = 1; i < 1u << HUGE_ORDER; i++)
		head[i].head_word = 0;
	free_block(head, HUGE_ORDER);
	return true;
}

__cold int pmm_adopt_range(pa_t start, uint64_t bytes)
{
	pa_t end = ALIGN_UP(start + bytes, PAGE_SIZE);
	uint64_t irq = spin_lock_irqsave(&pmm.lock);
	int err = 0;

	for (pa_t pa = ALIGN_DOWN(start, PAGE_SIZE); pa < end && !err; pa += PAGE_SIZE) {
		struct page *p = pa_to_page(pa);

		if (pa == ALIGN_DOWN(start, PAGE_SIZE) || IS_ALIGNED(pa, HUGE_SIZE))
			err = back_records(pa);
		if (err || p->head_word)
			continue;
		p->flags = PAGE_IMAGE;
		p->owner = NULL;
		p->index = 0;
		pmm.image_pages++;
	}
	spin_unlock_irqrestore(&pmm.lock, irq);
	return err;
}

__cold void pmm_get_stats(struct pmm_stats *out)
{
	uint64_t irq = spin_lock_irqsave(&pmm.lock);

	out->total_pages = pmm.total_pages;
	out->image_pages = pmm.image_pages;
	out->free_pages = free_pages_locked();
	for (unsigned i = 0; i < cpu_count_ready(); i++)
		out->free_pages += READ_ONCE(per_cpu_ptr(cpu_stack, i)->n);
	spin_unlock_irqrestore(&pmm.lock, irq);
}

bool pmm_zero_ahead(unsigned max)
{
	for (unsigned i = 0; i < max; i++) {
		uint64_t irq = spin_lock_irqsave(&pmm.lock);
		struct page *p = pmm.zeroed.n < ZEROED_MAX ? pool_pop(&pmm.used) : NULL;

		spin_unlock_irqrestore(&pmm.lock, irq);
		if (!p)
			return false;
		mem_unpoison(page_va(p), PAGE_SIZE);
		cpu_clear_page(page_va(p));
		mem_poison(page_va(p), PAGE_SIZE);
		irq = spin_lock_irqsave(&pmm.lock);
		pool_push(&pmm.zeroed, p);
		spin_unlock_irqrestore(&pmm.lock, irq);
	}
	return READ_ONCE(pmm.used.n) && READ_ONCE(pmm.zeroed.n) < ZEROED_MAX;
}

void pmm_add_reclaim(uint64_t (*fn)(uint64_t want_pages))
{
	ASSERT(pmm.n_reclaim < RECLAIM_MAX);
	pmm.reclaim[pmm.n_reclaim++] = fn;
}
