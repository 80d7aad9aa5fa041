// 2 MiB frames inside objects: huge.h. Owns no state; slots change under the object's slots_lock.
// Nothing here is needed for a program to go on: whatever fails leaves the work to small pages.
#include <linux/errno.h>

#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/huge.h"
#include "mm/virt/mmap.h"
#include "mm/virt/resv.h"
#include "mm/virt/slots.h"

struct page *huge_frame(unsigned pmm_flags)
{
	struct page *head = pmm_alloc(HUGE_ORDER, pmm_flags | PMM_NOWAIT);

	if (head)
		page_demote(head);
	return head;
}

// In |extra| of the head of a frame of the pmm's that an object has all of: nothing cuts a frame of
// the pool (hugetlb.h), which uses that for itself.
#define FRAME_INTACT 0x4b4f656d617266ull
// The same, and some of its slots may be SLOT_UNWRITTEN.
#define FRAME_UNWRITTEN 0x4b3f656d617266ull

static bool is_frame(uint64_t slot, uint64_t index)
{
	const struct page *head = slot_is_page(slot) ? slot_page(slot) : NULL;

	return head && (head->flags & PAGE_HUGE_MEMBER) && IS_ALIGNED(index, HUGE_PAGES) &&
	       IS_ALIGNED(page_to_pa(head), HUGE_SIZE) &&
	       ((head->flags & PAGE_PERMANENT) || head->extra == FRAME_INTACT ||
		head->extra == FRAME_UNWRITTEN);
}

// The slots lock is held.
static struct page *frame_at(struct memobj *o, uint64_t index)
{
	uint64_t slot = radix_get(&o->slots, index);

	return is_frame(slot, index) ? slot_page(slot) : NULL;
}

void huge_break(struct memobj *o, uint64_t index)
{
	struct page *head;

	if (IS_ALIGNED(index, HUGE_PAGES))
		return;
	spin_lock(&o->slots_lock);
	head = frame_at(o, ALIGN_DOWN(index, HUGE_PAGES));
	if (head && !(head->flags & PAGE_PERMANENT))
		head->extra = 0;
	spin_unlock(&o->slots_lock);
}

bool huge_put_frame(const uint64_t *slots, uint64_t first)
{
	return is_frame(slots[0], first) && page_put_frame(slot_page(slots[0]));
}

static void clear_slots(struct memobj *o, uint64_t index, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		radix_clear(&o->slots, index + i);
}

// The slots lock is held.
static int insert_locked(struct memobj *o, uint64_t index, struct page *head, uint64_t mark)
{
	uint64_t used;
	int r;

	if (radix_next_used(&o->slots, index, index + HUGE_PAGES - 1, &used))
		return -EEXIST;
	r = o->ops->account ? o->ops->account(o, (int64_t)HUGE_PAGES) : 0;
	if (r)
		return r;
	for (uint64_t i = 0; i < HUGE_PAGES; i++) {
		r = radix_set(&o->slots, index + i, slot_of_page(head + i) | mark);
		if (r) {
			clear_slots(o, index, i);
			if (o->ops->account)
				(void)o->ops->account(o, -(int64_t)HUGE_PAGES);
			return r;
		}
		head[i].owner = o;
		head[i].index = index + i;
	}
	if (!(head->flags & PAGE_PERMANENT))
		head->extra = mark ? FRAME_UNWRITTEN : FRAME_INTACT;
	o->present_pages += HUGE_PAGES;
	if (!o->huge)
		memobj_count_pages((int64_t)HUGE_PAGES);
	return 0;
}

void huge_complete(struct page *head, bool unwritten)
{
	for (uint64_t i = 0; i < HUGE_PAGES; i++)
		head[i].flags |= PAGE_HUGE_MEMBER;
	head->extra = unwritten ? FRAME_UNWRITTEN : FRAME_INTACT;
}

static bool fits(const struct memobj *o, uint64_t index)
{
	return index + HUGE_PAGES <= memobj_end_index(o);
}

int memobj_insert_huge(struct memobj *o, uint64_t index, struct page *head, bool past_end)
{
	int r = -ERANGE;

	spin_lock(&o->slots_lock);
	if (past_end || fits(o, index))
		r = insert_locked(o, index, head, 0);
	spin_unlock(&o->slots_lock);
	return r;
}

bool memobj_make_huge(struct memobj *o, uint64_t index)
{
	struct page *head;
	int r;

	if (o->ops->fill || !IS_ALIGNED(index, HUGE_PAGES))
		return false;
	head = huge_frame(PMM_ZERO);
	if (!head)
		return false;
	spin_lock(&o->slots_lock);
	r = insert_locked(o, index, head, SLOT_UNWRITTEN);
	spin_unlock(&o->slots_lock);
	if (r)
		page_put(head, HUGE_ORDER);
	return !r;
}

// All of it is data from now on. The slots lock is held.
static void mark_written(struct memobj *o, uint64_t index, struct page *head)
{
	uint64_t *slot = NULL;

	for (uint64_t i = 0; i < HUGE_PAGES; i++) {
		slot = i % 64 ? slot + 1 : radix_slot(&o->slots, index + i);
		*slot &= ~SLOT_UNWRITTEN;
	}
	head->extra = FRAME_INTACT;
}

// What is there now. -ENOENT: not a frame, |*empty| tells whether nothing is. Without |touch|, one
// that fallocate made and nobody has written is none: showing it would make all of it data.
static int look_up(struct memobj *o, uint64_t index, bool touch, struct page **out, bool *empty)
{
	struct page *head;
	uint64_t used;
	int r = -ENOENT;

	*empty = false;
	spin_lock(&o->slots_lock);
	head = fits(o, index) ? frame_at(o, index) : NULL;
	if (head && touch && head->extra == FRAME_UNWRITTEN)
		mark_written(o, index, head);
	if (head && head->extra != FRAME_UNWRITTEN) {
		*out = head;
		r = 0;
	} else if (fits(o, index)) {
		*empty = !radix_next_used(&o->slots, index, index + HUGE_PAGES - 1, &used);
	}
	spin_unlock(&o->slots_lock);
	return r;
}

int memobj_get_huge(struct memobj *o, uint64_t index, bool make, struct page **out)
{
	struct page *head;
	bool empty;
	int r = look_up(o, index, make, out, &empty);

	if (!r || !empty || !make || o->ops->fill)
		return r;
	head = huge_frame(PMM_ZERO);
	if (!head)
		return -ENOMEM;
	r = memobj_insert_huge(o, index, head, false);
	if (r)
		page_put(head, HUGE_ORDER);
	// Whoever was faster may have left a frame, too.
	return r && r != -EEXIST ? r : look_up(o, index, make, out, &empty);
}

// ---- MADV_COLLAPSE

struct collapse {
	struct memobj *o;
	uint64_t index;
	struct page *head; // the new frame
	uint64_t charged;  // holes that are accounted for, and not filled yet
};

// Holes are counted; -EAGAIN if somebody holds a page. The slots lock is held.
static int count_holes(struct collapse *c)
{
	for (uint64_t i = 0; i < HUGE_PAGES; i++) {
		uint64_t slot = radix_get(&c->o->slots, c->index + i);
		const struct page *p = slot_is_page(slot) ? slot_page(slot) : NULL;

		if (p && (READ_ONCE(p->count) != 1 || READ_ONCE(p->pins)))
			return -EAGAIN;
		c->charged += !p;
	}
	return 0;
}

static int charge_holes(struct collapse *c)
{
	int r;

	spin_lock(&c->o->slots_lock);
	r = count_holes(c);
	if (!r && c->o->ops->account && c->o->ops->account(c->o, (int64_t)c->charged))
		r = -EINVAL;
	spin_unlock(&c->o->slots_lock);
	c->charged = r ? 0 : c->charged;
	return r;
}

// Page |i| moves; what was there, without views, goes to |*old|. The slots lock is held.
static int move_page(struct collapse *c, uint64_t i, struct page **old)
{
	struct memobj *o = c->o;
	struct page *to = c->head + i;
	const uint64_t slot = radix_get(&o->slots, c->index + i);
	void *bytes = phys_to_virt(page_to_pa(to));

	*old = slot_is_page(slot) ? slot_page(slot) : NULL;
	if (*old && (READ_ONCE((*old)->count) != 1 || READ_ONCE((*old)->pins)))
		return -EAGAIN;
	if (radix_set(&o->slots, c->index + i, slot_of_page(to)))
		return -ENOMEM;
	to->owner = o;
	to->index = c->index + i;
	if (*old) {
		memcpy(bytes, phys_to_virt(page_to_pa(*old)), PAGE_SIZE);
		return 0;
	}
	memset(bytes, 0, PAGE_SIZE);
	c->charged--;
	o->present_pages++;
	memobj_count_pages(1);
	return 0;
}

// Moves 64 pages from |*done| on.
static __stack_guarded int move_some(struct collapse *c, uint64_t *done)
{
	struct page *old[64];
	unsigned n = 0;
	int r = 0;

	spin_lock(&c->o->slots_lock);
	while (!r && n < 64) {
		r = move_page(c, *done, &old[n]);
		n += !r;
		*done += !r;
	}
	spin_unlock(&c->o->slots_lock);
	while (n--)
		if (old[n])
			page_put(old[n], 0);
	sched_point();
	return r;
}

// No view shows the pages, and none can: whoever else gets at one has a reference.
static int move_all(struct collapse *c)
{
	uint64_t done = 0;
	int r = charge_holes(c);

	while (!r && done < HUGE_PAGES)
		r = move_some(c, &done);
	spin_lock(&c->o->slots_lock);
	if (!r)
		huge_complete(c->head, false);
	if (c->charged && c->o->ops->account)
		(void)c->o->ops->account(c->o, -(int64_t)c->charged);
	spin_unlock(&c->o->slots_lock);
	while (done < HUGE_PAGES) // what did not come to be used
		page_put(c->head + done++, 0);
	return r;
}

// 1: it is one already; -EINVAL: there is nothing.
static int frame_state(struct memobj *o, uint64_t index)
{
	struct page *head;
	uint64_t used;
	int r = 1;

	spin_lock(&o->slots_lock);
	head = frame_at(o, index);
	if (head && head->extra == FRAME_UNWRITTEN)
		mark_written(o, index, head);
	if (!head)
		r = radix_next_used(&o->slots, index, index + HUGE_PAGES - 1, &used) ? 0 : -EINVAL;
	spin_unlock(&o->slots_lock);
	return index < memobj_end_index(o) ? r : -EINVAL;
}

int memobj_collapse(struct memobj *o, uint64_t index)
{
	struct collapse c = { .o = o, .index = index };
	int r = o->ops->fill || o->ops->mkwrite || o->huge ? -EINVAL : frame_state(o, index);

	if (r)
		return r < 0 ? r : 0;
	c.head = huge_frame(0);
	if (!c.head)
		return -ENOMEM;
	c.head->extra = 0;
	resv_break(o, index, index + HUGE_PAGES - 1);
	memobj_begin_removal(o);
	vm_zap_views(o, index, index + HUGE_PAGES - 1, false);
	r = move_all(&c);
	memobj_end_removal(o);
	return r;
}
