// Memory objects: pages by index, made or filled on demand. slots_lock guards slots and size; a
// fill runs without any spinlock, its slot is BUSY meanwhile. Truncation is in memobj_resize.c.
#include "mm/virt/memobj.h"

#include <linux/errno.h>

#include "kernel/sched/mutex.h"
#include "kernel/sched/sched.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/pmm.h"
#include "mm/virt/huge.h"
#include "mm/virt/hugetlb.h"
#include "mm/virt/resv.h"
#include "mm/virt/slots.h"

DEFINE_PERCPU(int64_t, percpu_object_pages);

static struct {
	uint64_t last_id, last_fill; // atomic serials
} state;

static void *node_alloc(size_t bytes)
{
	return kzalloc(bytes);
}

static void node_free(void *p, size_t bytes)
{
	kfree(p);
}

static const struct radix_alloc node_memory = { node_alloc, node_free };

void memobj_init(struct memobj *o, const struct memobj_ops *ops, uint64_t size_bytes)
{
	o->ops = ops;
	o->id = __atomic_add_fetch(&state.last_id, 1, __ATOMIC_RELAXED);
	o->refs = 1;
	o->counts_as_file = false;
	o->seq = 0;
	spin_init(&o->slots_lock, RANK_OBJ_SLOTS, "memobj slots");
	radix_init(&o->slots, &node_memory);
	o->size_bytes = size_bytes;
	o->present_pages = 0;
	waitq_init(&o->fill_wait);
	spin_init(&o->views_lock, RANK_OBJ_VIEWS, "memobj views");
	o->views.node = NULL;
	o->zap_next = NULL;
	o->zap_restart = false;
	o->writers = 0;
	o->huge = NULL;
	o->resv = NULL;
	o->reserving = memobj_may_reserve(o);
}

// Shared anonymous memory: an object without inode, so with a lock of its own for hole punching.
struct anon_obj {
	struct memobj obj;
	struct mutex punch_lock; // RANK_INODE
};

static void anon_release(struct memobj *o)
{
	kfree(container_of(o, struct anon_obj, obj));
}

static const struct memobj_ops anon_ops = { .release = anon_release };

__cold struct memobj *memobj_create_anon(uint64_t size_bytes)
{
	struct anon_obj *a = kmalloc(sizeof(*a));

	if (!a)
		return NULL;
	memobj_init(&a->obj, &anon_ops, size_bytes);
	mutex_init(&a->punch_lock, RANK_INODE);
	return &a->obj;
}

__cold int memobj_punch_anon(struct memobj *o, uint64_t start, uint64_t end)
{
	struct anon_obj *a = container_of(o, struct anon_obj, obj);
	int r;

	if (o->ops != &anon_ops)
		return -EOPNOTSUPP;
	mutex_lock(&a->punch_lock);
	r = o->huge ? hugetlb_punch(o, start, end) : memobj_punch(o, start, end);
	mutex_unlock(&a->punch_lock);
	return r;
}

__cold int memobj_collapse_anon(struct memobj *o, uint64_t index)
{
	struct anon_obj *a = container_of(o, struct anon_obj, obj);
	int r;

	if (o->ops != &anon_ops)
		return -EINVAL;
	mutex_lock(&a->punch_lock);
	r = memobj_collapse(o, index);
	mutex_unlock(&a->punch_lock);
	return r;
}

void memobj_get(struct memobj *o)
{
	__atomic_fetch_add(&o->refs, 1, __ATOMIC_RELAXED);
}

// Nobody shows or reads the object any more.
static void free_all_pages(struct memobj *o)
{
	const uint64_t *slots;
	uint64_t next = 0, first;
	unsigned n;

	while ((slots = radix_next_slots(&o->slots, next, &first, &n))) {
		if (unlikely(huge_put_frame(slots, first))) {
			next = first + HUGE_PAGES;
			sched_point();
			continue;
		}
		page_put_values(slots, n);
		next = (first | 63) + 1;
		if (next % 512 == 0)
			sched_point();
		if (!next)
			break;
	}
	radix_destroy(&o->slots);
	if (!o->huge)
		memobj_count_pages(-(int64_t)o->present_pages);
	if (o->ops->account && o->present_pages)
		(void)o->ops->account(o, -(int64_t)o->present_pages);
}

void memobj_empty(struct memobj *o)
{
	if (unlikely(o->resv)) {
		resv_end(o);
		o->resv = NULL;
	}
	if (o->slots.root)
		free_all_pages(o);
}

void memobj_renew(struct memobj *o)
{
	o->id = __atomic_add_fetch(&state.last_id, 1, __ATOMIC_RELAXED);
	o->refs = 1;
	o->size_bytes = 0;
	o->present_pages = 0;
	o->zap_restart = false;
	o->writers = 0;
	o->reserving = false;
}

void memobj_put(struct memobj *o)
{
	if (__atomic_sub_fetch(&o->refs, 1, __ATOMIC_ACQ_REL))
		return;
	memobj_empty(o);
	if (unlikely(o->huge))
		hugetlb_obj_free(o);
	if (o->ops->release)
		o->ops->release(o);
}

static bool past_end(const struct memobj *o, uint64_t index, unsigned flags)
{
	return !(flags & MEMOBJ_NOSIZE) && index >= memobj_end_index(o);
}

// |p|, just stored as page |index|, is one page more of the object, to which the caller's reference
// goes over; or, if that is refused, it is taken out again.
static __always_inline_fn int count_page(struct memobj *o, uint64_t index, struct page *p)
{
	int r = o->ops->account ? o->ops->account(o, 1) : 0;

	if (unlikely(r)) {
		radix_clear(&o->slots, index);
		return r;
	}
	p->owner = o;
	p->index = index;
	o->present_pages++;
	memobj_count_pages(1);
	return 0;
}

// Stores |slot|, a page, if |index| is empty; -EEXIST if not, then |*there| is what it holds.
// slots_lock is held.
static __always_inline_fn int add_page(struct memobj *o, uint64_t index, uint64_t slot,
				       uint64_t *there)
{
	int r = radix_add(&o->slots, index, slot, there);

	if (likely(!r))
		r = count_page(o, index, slot_page(slot));
	if (unlikely(o->reserving) && !r)
		resv_count(o, index, slot);
	return r;
}

static inline struct page *borrow_or_get(struct page *p, unsigned flags)
{
	if (!(flags & MEMOBJ_BORROW))
		page_get(p, 0);
	return p;
}

// A page that is there; asking for it in order to use it makes it data, and so does allocating it
// once more, as on Linux. slots_lock is held.
static struct page *take_present(struct memobj *o, uint64_t index, uint64_t slot, unsigned flags)
{
	if (slot_is_unwritten(slot))
		*radix_slot(&o->slots, index) = slot & ~SLOT_UNWRITTEN;
	return borrow_or_get(slot_page(slot), flags);
}

// An empty slot of an object without fill op gets a frame of zeros.
static __always_inline_fn int make_zero_page(struct memobj *o, uint64_t index, unsigned flags,
					     struct page **out, bool *fresh)
{
	struct page *p = memobj_alloc_page(o, index, (flags & MEMOBJ_NOZERO) ? 0 : PMM_ZERO);
	uint64_t there, slot = slot_of_page(p);
	int r;

	if (!p)
		return -ENOMEM;
	if (unlikely(flags & MEMOBJ_UNWRITTEN))
		slot |= SLOT_UNWRITTEN;
	spin_lock(&o->slots_lock);
	r = past_end(o, index, flags) ? -ERANGE : add_page(o, index, slot, &there);
	if (likely(!r)) {
		*out = borrow_or_get(p, flags);
		*fresh = true;
	} else if (r == -EEXIST) { // somebody was faster
		*out = take_present(o, index, there, flags);
	}
	spin_unlock(&o->slots_lock);
	if (unlikely(r))
		memobj_put_unused(o, index, p);
	return r == -EEXIST ? 0 : r;
}

// Ends a fill: the page, or the error, replaces the BUSY mark, unless truncation took that away.
static int end_fill(struct memobj *o, uint64_t index, uint64_t busy, uint32_t seq, struct page *p,
		    int error)
{
	int r = error;

	spin_lock(&o->slots_lock);
	if (radix_get(&o->slots, index) != busy) {
		r = -ERESTART;
	} else if (seq != __atomic_load_n(&o->seq, __ATOMIC_ACQUIRE)) {
		radix_clear(&o->slots, index);
		r = -ERESTART;
	} else if (error) {
		// Replaces a value: no memory is needed.
		r = radix_set(&o->slots, index, slot_error(error));
		r = r ? r : error;
	} else {
		// Replaces a value: no memory is needed.
		r = radix_set(&o->slots, index, slot_of_page(p));
		r = r ? r : count_page(o, index, p);
		if (!r)
			page_get(p, 0);
	}
	spin_unlock(&o->slots_lock);
	waitq_wake_all(&o->fill_wait);
	return r;
}

static int fill_page(struct memobj *o, uint64_t index, uint64_t busy, uint32_t seq,
		     struct page **out)
{
	struct page *p = pmm_alloc(0, 0);
	int r = -ENOMEM;

	if (p)
		r = o->ops->fill(o, index, &p);
	r = end_fill(o, index, busy, seq, p, r);
	if (r) {
		// An image frame must not go to the pmm while the file may still show it.
		if (p && p->flags & PAGE_IMAGE)
			page_unget(p);
		else if (p)
			page_put(p, 0);
		return r;
	}
	*out = p;
	return 0;
}

static bool fill_is_over(struct memobj *o, uint64_t index, uint64_t busy)
{
	bool over;

	spin_lock(&o->slots_lock);
	over = radix_get(&o->slots, index) != busy;
	spin_unlock(&o->slots_lock);
	return over;
}

// One look at a slot of an object with a fill op. -ERESTART: look again.
static int get_filled(struct memobj *o, uint64_t index, unsigned flags, struct page **out,
		      bool *fresh)
{
	uint64_t busy = slot_busy(__atomic_add_fetch(&state.last_fill, 1, __ATOMIC_RELAXED));
	uint32_t seq = __atomic_load_n(&o->seq, __ATOMIC_ACQUIRE);
	uint64_t slot;
	int r = 0;

	spin_lock(&o->slots_lock);
	slot = radix_get(&o->slots, index);
	if (past_end(o, index, flags))
		r = -ERANGE;
	else if (slot_is_page(slot))
		*out = take_present(o, index, slot, flags);
	else if (!slot && !(flags & MEMOBJ_ALLOC))
		r = -ENOENT; // reading a hole does not make a page
	else if (flags & MEMOBJ_NOSLEEP)
		r = -EAGAIN;
	else if (!slot_is_busy(slot))
		r = radix_set(&o->slots, index, busy);
	spin_unlock(&o->slots_lock);
	if (r || slot_is_page(slot))
		return r;
	if (!slot_is_busy(slot)) {
		*fresh = true;
		return fill_page(o, index, busy, seq, out);
	}
	waitq_wait_until(&o->fill_wait, fill_is_over(o, index, slot), UINT64_MAX, false, r);
	spin_lock(&o->slots_lock);
	slot = radix_get(&o->slots, index);
	spin_unlock(&o->slots_lock);
	return slot_is_error(slot) ? slot_errno(slot) : -ERESTART;
}

static int get_page_slow(struct memobj *o, uint64_t index, unsigned flags, struct page **out,
			 bool *fresh)
{
	int r;

	if (!o->ops->fill)
		return (flags & MEMOBJ_ALLOC) ? make_zero_page(o, index, flags, out, fresh)
					      : -ENOENT;
	do {
		r = get_filled(o, index, flags, out, fresh);
	} while (r == -ERESTART);
	return r;
}

int memobj_get_page_fresh(struct memobj *o, uint64_t index, unsigned flags, struct page **out,
			  bool *fresh)
{
	uint64_t slot;
	bool past;

	*fresh = false;
	spin_lock(&o->slots_lock);
	past = past_end(o, index, flags);
	slot = past ? 0 : radix_get(&o->slots, index);
	if (likely(slot_is_data(slot))) {
		*out = borrow_or_get(slot_page(slot), flags);
		spin_unlock(&o->slots_lock);
		return 0;
	}
	if (slot_is_unwritten(slot) && flags & MEMOBJ_ALLOC) {
		*out = take_present(o, index, slot, flags);
		spin_unlock(&o->slots_lock);
		return 0;
	}
	spin_unlock(&o->slots_lock);
	return past ? -ERANGE : get_page_slow(o, index, flags, out, fresh);
}

int memobj_borrow_new(struct memobj *o, uint64_t index, struct page **out, bool *fresh)
{
	*fresh = false;
	return make_zero_page(o, index, MEMOBJ_BORROW, out, fresh);
}

int memobj_get_page(struct memobj *o, uint64_t index, unsigned flags, struct page **out)
{
	bool fresh;

	return memobj_get_page_fresh(o, index, flags, out, &fresh);
}

struct page *memobj_find_page(struct memobj *o, uint64_t index)
{
	return memobj_find_page_inline(o, index);
}

unsigned memobj_get_present(struct memobj *o, uint64_t index, unsigned n, struct page **out)
{
	uint64_t end, *slot = NULL;
	unsigned found = 0;

	spin_lock(&o->slots_lock);
	end = memobj_end_index(o);
	for (unsigned i = 0; i < n; i++, index++) {
		out[i] = NULL;
		// Slots up to the next multiple of 64 are adjacent.
		if (i == 0 || index % 64 == 0)
			slot = radix_slot(&o->slots, index);
		else if (slot)
			slot++;
		if (!slot || index >= end || !slot_is_data(*slot))
			continue;
		out[i] = slot_page(*slot);
		page_get(out[i], 0);
		found++;
	}
	spin_unlock(&o->slots_lock);
	return found;
}

int memobj_map_present(struct memobj *o, uint64_t index, unsigned n, struct pgtable *pt, va_t va,
		       unsigned prot, uint32_t seq)
{
	const uint64_t *slots;
	uint64_t end;
	int r = 0;

	spin_lock(&o->slots_lock);
	end = memobj_end_index(o);
	slots = index < end ? radix_slot(&o->slots, index) : NULL;
	if (slots)
		r = pt_map_borrowed(pt, va, slots, (unsigned)MIN(n, end - index), prot, &o->seq,
				    seq);
	spin_unlock(&o->slots_lock);
	return r;
}

int memobj_insert(struct memobj *o, uint64_t index, struct page *p)
{
	uint64_t there;
	int r;

	spin_lock(&o->slots_lock);
	r = add_page(o, index, slot_of_page(p), &there);
	spin_unlock(&o->slots_lock);
	return r;
}

int memobj_insert_if(struct memobj *o, uint64_t index, struct page *p, uint32_t seq)
{
	uint64_t there;
	int r;

	spin_lock(&o->slots_lock);
	if (past_end(o, index, 0) || seq & 1 || seq != __atomic_load_n(&o->seq, __ATOMIC_ACQUIRE))
		r = -ERANGE;
	else
		r = add_page(o, index, slot_of_page(p), &there);
	spin_unlock(&o->slots_lock);
	return r;
}

// Pages being filled or failed count as data: the file has them. Long runs of the other kind are
// walked with the lock dropped now and then.
static __cold bool next_extent(struct memobj *o, uint64_t index, bool data, uint64_t *out)
{
	bool found = true;

	spin_lock(&o->slots_lock);
	for (unsigned n = 1; found; n++) {
		uint64_t slot = radix_get(&o->slots, index);

		if ((slot && !slot_is_unwritten(slot)) == data)
			break;
		if (data && !slot)
			found = radix_next_used(&o->slots, index, UINT64_MAX, &index);
		else
			index++; // far below the last index: there is a page here
		if (n % 512 == 0) {
			spin_unlock(&o->slots_lock);
			sched_point();
			spin_lock(&o->slots_lock);
		}
	}
	spin_unlock(&o->slots_lock);
	*out = index;
	return found;
}

bool memobj_next_data(struct memobj *o, uint64_t index, uint64_t *out)
{
	return next_extent(o, index, true, out);
}

bool memobj_next_hole(struct memobj *o, uint64_t index, uint64_t *out)
{
	return next_extent(o, index, false, out);
}

void memobj_wait_stable(struct memobj *o)
{
	int r;

	waitq_wait_until(&o->fill_wait, !(__atomic_load_n(&o->seq, __ATOMIC_ACQUIRE) & 1),
			 UINT64_MAX, false, r);
	(void)r; // not interruptible, no deadline
}

int memobj_writer_add(struct memobj *o)
{
	int32_t n = __atomic_load_n(&o->writers, __ATOMIC_RELAXED);

	do {
		if (n < 0)
			return -EPERM;
	} while (!__atomic_compare_exchange_n(&o->writers, &n, n + 1, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	return 0;
}

void memobj_writer_drop(struct memobj *o)
{
	__atomic_fetch_sub(&o->writers, 1, __ATOMIC_ACQ_REL);
}

// As Linux: denied once already is denied once more, so that several seals may be added.
int memobj_deny_writers(struct memobj *o)
{
	int32_t n = __atomic_load_n(&o->writers, __ATOMIC_RELAXED);

	do {
		if (n > 0)
			return -EBUSY;
		if (n < 0)
			return 0;
	} while (!__atomic_compare_exchange_n(&o->writers, &n, -1, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	return 0;
}

void memobj_allow_writers(struct memobj *o)
{
	__atomic_store_n(&o->writers, 0, __ATOMIC_RELEASE);
}
