// Objects made of frames of the pool: hugetlb.h. Promises are marks in a sparse array of the
// object, under its slots_lock; the pool counts them too. Never sleeps but in hugetlb_allocate.
#include "mm/virt/hugetlb.h"

#include <linux/errno.h>

#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/hugepool.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/huge.h"
#include "mm/virt/slots.h"

#define PROMISED 1u

struct hugetlb {
	struct radix marks; // by frame: PROMISED
	uint64_t promised;  // marks
	unsigned shift;     // of the page size; for 1 GiB there is no pool
	uint32_t making;    // atomic: frames on their way from the pool into the object
};

static void *node_alloc(size_t bytes)
{
	return kzalloc(bytes);
}

static void node_free(void *p, size_t bytes)
{
	kfree(p);
}

static const struct radix_alloc node_memory = { node_alloc, node_free };

int hugetlb_obj_init(struct memobj *o, unsigned shift)
{
	o->huge = kzalloc(sizeof(*o->huge));
	if (!o->huge)
		return -ENOMEM;
	radix_init(&o->huge->marks, &node_memory);
	o->huge->shift = shift;
	return 0;
}

uint64_t hugetlb_page_bytes(const struct memobj *o)
{
	return 1ull << o->huge->shift;
}

void hugetlb_obj_free(struct memobj *o)
{
	radix_destroy(&o->huge->marks);
	hugepool_unreserve(o->huge->promised);
	kfree(o->huge);
	o->huge = NULL;
}

struct memobj *hugetlb_create_anon(uint64_t size_bytes)
{
	struct memobj *o = memobj_create_anon(size_bytes);

	if (o && hugetlb_obj_init(o, HUGE_SHIFT)) {
		memobj_put(o);
		return NULL;
	}
	return o;
}

// ---- promises; |first| and |last| are frames

static bool lacks_promise(struct memobj *o, uint64_t frame)
{
	return !radix_get(&o->slots, frame << HUGE_ORDER) && !radix_get(&o->huge->marks, frame);
}

static uint64_t count_missing(struct memobj *o, uint64_t first, uint64_t last)
{
	uint64_t n = 0;

	spin_lock(&o->slots_lock);
	for (uint64_t i = first; i <= last; i++)
		n += lacks_promise(o, i);
	spin_unlock(&o->slots_lock);
	return n;
}

// Marks up to |n| frames, and takes from |*n| what was used. 0 or -ENOMEM.
static int mark(struct memobj *o, uint64_t first, uint64_t last, uint64_t *n)
{
	int r = 0;

	spin_lock(&o->slots_lock);
	for (uint64_t i = first; i <= last && *n && !r; i++) {
		if (!lacks_promise(o, i))
			continue;
		r = radix_set(&o->huge->marks, i, PROMISED);
		if (r)
			break;
		o->huge->promised++;
		--*n;
	}
	spin_unlock(&o->slots_lock);
	return r;
}

int hugetlb_reserve(struct memobj *o, uint64_t index, uint64_t pages)
{
	const uint64_t first = index >> HUGE_ORDER, last = (index + pages - 1) >> HUGE_ORDER;
	struct hugepool_stats pool;
	uint64_t n;
	int r = 0;

	hugepool_get_stats(&pool);
	if (o->huge->shift != HUGE_SHIFT || last - first >= pool.total + pool.overcommit)
		return -ENOMEM; // also those it has are the pool's
	// Somebody else may unmap, punch and promise meanwhile.
	while (!r && (n = count_missing(o, first, last))) {
		r = hugepool_reserve(n);
		if (r)
			break;
		r = mark(o, first, last, &n);
		hugepool_unreserve(n);
	}
	return r;
}

int hugetlb_may_map(struct memobj *o, uint64_t pages)
{
	const uint64_t frames = pages >> HUGE_ORDER;
	int r = o->huge->shift == HUGE_SHIFT ? hugepool_reserve(frames) : -ENOMEM;

	if (!r)
		hugepool_unreserve(frames);
	return r;
}

// True if |frame| was promised; the promise is used up.
static bool take_promise(struct memobj *o, uint64_t frame)
{
	bool was;

	spin_lock(&o->slots_lock);
	was = radix_clear(&o->huge->marks, frame);
	o->huge->promised -= was;
	spin_unlock(&o->slots_lock);
	return was;
}

void hugetlb_unreserve(struct memobj *o, uint64_t first, uint64_t last)
{
	uint64_t frame = (first + HUGE_PAGES - 1) >> HUGE_ORDER, n = 0;

	spin_lock(&o->slots_lock);
	while (radix_next_used(&o->huge->marks, frame, last >> HUGE_ORDER, &frame)) {
		radix_clear(&o->huge->marks, frame);
		n++;
	}
	o->huge->promised -= n;
	spin_unlock(&o->slots_lock);
	hugepool_unreserve(n);
}

static void zero_range(struct memobj *o, uint64_t start, uint64_t end)
{
	while (start < end) {
		uint64_t in_page = start & ~PAGE_MASK, n = MIN(end - start, PAGE_SIZE - in_page);
		struct page *p;

		if (!memobj_get_page(o, start >> PAGE_SHIFT, MEMOBJ_NOSIZE, &p)) {
			memset((char *)phys_to_virt(page_to_pa(p)) + in_page, 0, n);
			page_put(p, 0);
		}
		start += n;
	}
}

int hugetlb_punch(struct memobj *o, uint64_t start, uint64_t end)
{
	const uint64_t unit = hugetlb_page_bytes(o);
	const uint64_t first = ALIGN_UP(start, unit), past = ALIGN_DOWN(end, unit);
	int r = 0;

	zero_range(o, start, MIN(first, end));
	if (past > first) {
		r = memobj_punch(o, first, past);
		hugetlb_unreserve(o, first >> PAGE_SHIFT, (past - 1) >> PAGE_SHIFT);
	}
	if (past >= first)
		zero_range(o, MAX(past, start), end);
	return r;
}

// ---- frames

static bool is_there(struct memobj *o, uint64_t index)
{
	bool there;

	spin_lock(&o->slots_lock);
	there = radix_get(&o->slots, index);
	spin_unlock(&o->slots_lock);
	return there;
}

int hugetlb_make_frame(struct memobj *o, uint64_t index, bool past_end)
{
	uint32_t others = __atomic_fetch_add(&o->huge->making, 1, __ATOMIC_ACQ_REL);
	bool promised = take_promise(o, index >> HUGE_ORDER);
	struct page *head = o->huge->shift == HUGE_SHIFT ? hugepool_alloc(promised) : NULL;
	int r = -ENOSPC;

	if (head) {
		r = memobj_insert_huge(o, index, head, past_end);
		if (r)
			page_put(head, HUGE_ORDER);
	}
	__atomic_fetch_sub(&o->huge->making, 1, __ATOMIC_ACQ_REL);
	if (r == -EEXIST || (r == -ENOSPC && is_there(o, index)))
		return 0;
	return r == -ENOSPC && others ? -EAGAIN : r;
}

int hugetlb_allocate(struct memobj *o, uint64_t first, uint64_t last)
{
	uint64_t i = ALIGN_DOWN(first, HUGE_PAGES);

	while (i <= last) {
		int r = is_there(o, i) ? 0 : hugetlb_make_frame(o, i, true);

		sched_point();
		if (r == -EAGAIN)
			continue;
		if (r)
			return r;
		i += HUGE_PAGES;
	}
	return 0;
}

struct page *hugetlb_private_frame(struct memobj *o, uint64_t index, bool by_promise)
{
	bool promised = by_promise && take_promise(o, index >> HUGE_ORDER);

	return o->huge->shift == HUGE_SHIFT ? hugepool_alloc(promised) : NULL;
}
