// hugepool.h. pool.lock (RANK_FRAME, interrupts off) guards list and counters; frames go to and
// come from the pmm with no lock held. A frame's pages have PAGE_HUGE_MEMBER and PAGE_PERMANENT,
// the head's |extra| counts those in use. Must not sleep.
#include "mm/phys/hugepool.h"

#include <linux/errno.h>

#include "kernel/base/cpu.h"
#include "kernel/base/lock.h"
#include "mm/phys/debug.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"

#define FRAME_PAGES (1u << HUGE_ORDER)

static struct {
	struct spinlock lock;
	struct list_node *free; // heads, linked through free.next
	uint64_t want;          // the size that was asked for
	uint64_t total, n_free, reserved, overcommit;
} pool = { .lock = SPINLOCK_INIT(RANK_FRAME, "hugepool") };

static void push_locked(struct page *head)
{
	head->free.next = pool.free;
	pool.free = &head->free;
	pool.n_free++;
}

static struct page *pop_locked(void)
{
	struct page *head = list_entry(pool.free, struct page, free);

	pool.free = head->free.next;
	pool.n_free--;
	return head;
}

// A frame of the pmm's, made one of the pool's: free.
static struct page *adopt_frame(unsigned pmm_flags)
{
	struct page *head = pmm_alloc(HUGE_ORDER, pmm_flags);

	if (!head)
		return NULL;
	for (unsigned i = 0; i < FRAME_PAGES; i++)
		head[i].head_word = (uint64_t)(PAGE_HUGE_MEMBER | PAGE_PERMANENT) << 56;
	head->extra = 0;
	return head;
}

// Back to the pmm as it came.
static void give_back(struct page *head)
{
	for (unsigned i = 1; i < FRAME_PAGES; i++)
		head[i].head_word = 0;
	head->head_word = 1 | (uint64_t)HUGE_ORDER << 48 | (uint64_t)PAGE_WHOLE << 56;
	page_put(head, HUGE_ORDER);
}

// One frame more, if |limit| is not reached. False: no more.
static bool grow(uint64_t limit, unsigned pmm_flags)
{
	struct page *head = adopt_frame(pmm_flags);
	bool taken = false;
	uint64_t irq;

	if (!head)
		return false;
	irq = spin_lock_irqsave(&pool.lock);
	if (pool.total < limit) {
		pool.total++;
		push_locked(head);
		taken = true;
	}
	spin_unlock_irqrestore(&pool.lock, irq);
	if (!taken)
		give_back(head);
	return taken;
}

// Gives one frame back that is neither in use nor promised. False: none.
static bool shrink(uint64_t to)
{
	uint64_t irq = spin_lock_irqsave(&pool.lock);
	struct page *head = NULL;

	if (pool.total > to && pool.n_free > pool.reserved) {
		head = pop_locked();
		pool.total--;
	}
	spin_unlock_irqrestore(&pool.lock, irq);
	if (head)
		give_back(head);
	return head;
}

void hugepool_resize(uint64_t frames)
{
	WRITE_ONCE(pool.want, frames);
	while (READ_ONCE(pool.total) < frames && grow(frames, 0))
		;
	while (shrink(frames))
		;
	// Linux shows what it got, not what was asked for.
	if (READ_ONCE(pool.total) < frames)
		WRITE_ONCE(pool.want, READ_ONCE(pool.total));
}

void hugepool_set_overcommit(uint64_t frames)
{
	struct pmm_stats ram;

	pmm_get_stats(&ram);
	WRITE_ONCE(pool.overcommit, MIN(frames, ram.total_pages >> HUGE_ORDER));
}

void hugepool_get_stats(struct hugepool_stats *out)
{
	uint64_t irq = spin_lock_irqsave(&pool.lock);

	*out = (struct hugepool_stats){ pool.total, pool.n_free, pool.reserved,
					pool.total - MIN(pool.total, pool.want), pool.overcommit };
	spin_unlock_irqrestore(&pool.lock, irq);
}

static uint64_t surplus_limit(void)
{
	uint64_t want = READ_ONCE(pool.want), more = READ_ONCE(pool.overcommit);

	return want + MIN(more, UINT64_MAX - want);
}

int hugepool_reserve(uint64_t frames)
{
	for (;;) {
		uint64_t irq = spin_lock_irqsave(&pool.lock);
		bool enough = pool.n_free - pool.reserved >= frames;

		if (enough)
			pool.reserved += frames;
		spin_unlock_irqrestore(&pool.lock, irq);
		if (enough)
			return 0;
		if (READ_ONCE(pool.total) >= surplus_limit() || !grow(surplus_limit(), 0))
			break;
	}
	while (shrink(READ_ONCE(pool.want)))
		;
	return -ENOMEM;
}

void hugepool_unreserve(uint64_t frames)
{
	uint64_t irq = spin_lock_irqsave(&pool.lock);

	pool.reserved -= frames;
	spin_unlock_irqrestore(&pool.lock, irq);
	while (shrink(READ_ONCE(pool.want)))
		;
}

struct page *hugepool_alloc(bool promised)
{
	struct page *head = NULL;

	while (!head) {
		uint64_t irq = spin_lock_irqsave(&pool.lock);

		if (pool.n_free > (promised ? 0 : pool.reserved)) {
			pool.reserved -= promised;
			head = pop_locked();
		}
		spin_unlock_irqrestore(&pool.lock, irq);
		if (!head && (READ_ONCE(pool.total) >= surplus_limit() ||
			      !grow(surplus_limit(), PMM_NOWAIT)))
			return NULL;
	}
	mem_unpoison(phys_to_virt(page_to_pa(head)), HUGE_SIZE);
	head->extra = FRAME_PAGES;
	for (unsigned i = 0; i < FRAME_PAGES; i++) {
		head[i].owner = NULL;
		head[i].index = 0;
		__atomic_store_n(&head[i].count, 1, __ATOMIC_RELAXED);
		cpu_clear_page(phys_to_virt(page_to_pa(&head[i])));
	}
	return head;
}

void hugepool_page_freed(struct page *p)
{
	struct page *head = pa_to_page(ALIGN_DOWN(page_to_pa(p), HUGE_SIZE));

	if (!__atomic_sub_fetch(&head->extra, 1, __ATOMIC_ACQ_REL))
		hugepool_frame_freed(head);
}

void hugepool_frame_freed(struct page *head)
{
	bool surplus = false;
	uint64_t irq;

	mem_frames_freed(page_to_pa(head), HUGE_SIZE);
	irq = spin_lock_irqsave(&pool.lock);
	if (pool.total > pool.want && pool.n_free >= pool.reserved) {
		pool.total--;
		surplus = true;
	} else {
		push_locked(head);
	}
	spin_unlock_irqrestore(&pool.lock, irq);
	if (surplus)
		give_back(head);
}
