// One vma's life: making, linking, moving its edges, splitting, merging, releasing. Both trees and
// the counters of the address space change only here. The address space is write-locked; a vma's
// edges also change under its object's views_lock, because truncation reads them there.
#include "mm/virt/vma.h"

#include <linux/errno.h>

#include "kernel/base/panic.h"
#include "lib/string.h"
#include "mm/virt/hugetlb.h"
#include "mm/virt/mmap.h"

struct name_record {
	uint32_t refs;
	char text[];
};

char *vma_name_new(const char *s)
{
	size_t bytes = strlen(s) + 1;
	struct name_record *r = kmalloc(sizeof(*r) + bytes);

	if (!r)
		return NULL;
	r->refs = 1;
	memcpy(r->text, s, bytes);
	return r->text;
}

char *vma_name_get(char *name)
{
	if (name)
		__atomic_fetch_add(&container_of(name, struct name_record, text[0])->refs, 1,
				   __ATOMIC_RELAXED);
	return name;
}

void vma_name_put(char *name)
{
	struct name_record *r;

	if (!name)
		return;
	r = container_of(name, struct name_record, text[0]);
	if (__atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) == 0)
		kfree(r);
}

struct vma *vma_alloc_more(void)
{
	return kmalloc(sizeof(struct vma));
}

void vma_free_spares(struct aspace *as)
{
	while (as->spares)
		kfree(vma_alloc(as));
}

int vma_acquire(struct vma *v)
{
	if (v->obj) {
		if ((v->flags & VMA_COUNTED_WRITER) && memobj_writer_add(v->obj))
			return -EPERM;
		memobj_get(v->obj);
	}
	if (v->owner)
		v->owner_ops->get(v->owner);
	vma_name_get(v->anon_name);
	return 0;
}

struct vma *vma_new(const struct vma *like)
{
	struct vma *v = kmalloc(sizeof(*v));
	int r;

	if (!v)
		return NULL;
	__builtin_memcpy(v, like, offsetof(struct vma, prev));
	v->fault_window = 0;
	v->next_fault_index = 0;
	r = vma_acquire(v);
	// Whoever we copy is counted, so writers are not denied.
	DEBUG_ASSERT(!r);
	(void)r;
	return v;
}

void vma_free_unlinked(struct vma *v)
{
	if (v->obj) {
		if (v->flags & VMA_COUNTED_WRITER)
			memobj_writer_drop(v->obj);
		memobj_put(v->obj);
	}
	if (v->owner)
		v->owner_ops->put(v->owner);
	vma_name_put(v->anon_name);
	kfree(v);
}

void vma_release_some(struct vma *dead)
{
	while (dead) {
		struct vma *next = dead->next_dead;

		vma_free_unlinked(dead);
		dead = next;
	}
}

void vma_show(struct vma *v)
{
	spin_lock(&v->obj->views_lock);
	view_insert(v->obj, v);
	spin_unlock(&v->obj->views_lock);
}

void vma_hide(struct vma *v)
{
	spin_lock(&v->obj->views_lock);
	view_erase(v->obj, v);
	spin_unlock(&v->obj->views_lock);
}

void vma_link(struct aspace *as, struct vma *v)
{
	v->aspace = as;
	vma_link_before(as, v, aspace_find_vma(as, v->start));
}

static void set_edges(struct vma *v, va_t start, va_t end, uint64_t pgoff)
{
	v->start = start;
	v->end = end;
	v->pgoff = pgoff;
}

void vma_set_range(struct aspace *as, struct vma *v, va_t start, va_t end, uint64_t pgoff)
{
	uint64_t old_pages = vma_pages(v);

	if (v->obj) {
		spin_lock(&v->obj->views_lock);
		view_erase(v->obj, v);
		set_edges(v, start, end, pgoff);
		view_insert(v->obj, v);
		v->obj->zap_restart = true;
		spin_unlock(&v->obj->views_lock);
	} else {
		set_edges(v, start, end, pgoff);
	}
	vma_tree_resized(as, v);
	vma_account(as, v->flags, vma_pages(v) - old_pages);
}

// Splits linked |v| at |at|; |upper| is an unlinked copy of it that becomes the part from |at| on.
// Truncation must see both parts or the whole: one hold of the views lock.
static void split(struct aspace *as, struct vma *v, va_t at, struct vma *upper)
{
	struct memobj *o = v->obj;

	if (o) {
		spin_lock(&o->views_lock);
		view_erase(o, v);
	}
	set_edges(upper, at, v->end, vma_index(v, at));
	v->end = at;
	if (o) {
		view_insert(o, v);
		view_insert(o, upper);
		o->zap_restart = true;
		spin_unlock(&o->views_lock);
	}
	vma_tree_insert(as, upper, v->next);
}

static bool splits_at(const struct vma *v, va_t at)
{
	return v && v->start < at && at < v->end;
}

// Two records at most are needed; both are made before anything changes.
static int split_twice(struct aspace *as, struct vma *a, va_t start, struct vma *b, va_t end)
{
	bool low = splits_at(a, start), high = splits_at(b, end);
	struct vma *for_low = NULL, *for_high = NULL;

	if ((low && hugetlb_is_cut(a, start)) || (high && hugetlb_is_cut(b, end)))
		return -EINVAL;
	if (low && !(for_low = vma_new(a)))
		return -ENOMEM;
	if (high && !(for_high = vma_new(b))) {
		if (for_low)
			vma_free_unlinked(for_low);
		return -ENOMEM;
	}
	if (high)
		split(as, b, end, for_high);
	if (low)
		split(as, a, start, for_low);
	return 0;
}

int vma_isolate(struct aspace *as, va_t start, va_t end)
{
	struct vma *a = aspace_find_vma(as, start);
	struct vma *b = a && a->end < end ? aspace_find_vma(as, end) : a;

	return split_twice(as, a, start, b, end);
}

int vma_isolate_one(struct aspace *as, struct vma *v, va_t start, va_t end, struct vma **out)
{
	int r = split_twice(as, v, start, v, end);

	*out = !r && v->end == start ? vma_next(v) : v;
	return r;
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool anon_ids_merge(const struct vma *a, const struct vma *b)
{
	if (a->anon_id && b->anon_id)
		return a->anon_id == b->anon_id;
	return !((a->flags | b->flags) & VMA_FORKED);
}

// The same mapping but for |ignore|, one behind the other.
static bool is_continued(const struct vma *a, const struct vma *b, unsigned ignore)
{
	return a->end == b->start && ((a->flags ^ b->flags) & ~ignore) == 0 && a->obj == b->obj &&
	       a->owner == b->owner && b->pgoff == a->pgoff + vma_pages(a) &&
	       a->policy == b->policy;
}

bool vma_may_join(const struct vma *a, const struct vma *b)
{
	return is_continued(a, b, VMA_FORKED) && !(a->flags & (VMA_SPECIAL | VMA_DONTEXPAND)) &&
	       a->name == b->name && same_name(a->anon_name, b->anon_name) && anon_ids_merge(a, b);
}

uint64_t vma_new_anon_id(void)
{
	static uint64_t last;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

// That of |v| if |a| and |b|, of which it is one, could be one mapping but for their protection.
static uint64_t reusable_anon_id(const struct vma *v, const struct vma *a, const struct vma *b)
{
	if (!is_continued(a, b, VMA_PROT_FLAGS) || (v->flags & VMA_FORKED))
		return 0;
	return __atomic_load_n(&v->anon_id, __ATOMIC_RELAXED);
}

void vma_set_anon_id(struct vma *v)
{
	const struct vma *prev = vma_prev(v), *next = vma_next(v);
	uint64_t id = 0, none = 0;

	if (next)
		id = reusable_anon_id(next, v, next);
	if (!id && prev)
		id = reusable_anon_id(prev, prev, v);
	if (!id)
		id = vma_new_anon_id();
	__atomic_compare_exchange_n(&v->anon_id, &none, id, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

// |a| takes over the range of its neighbour |b|.
static void absorb(struct aspace *as, struct vma *a, struct vma *b, struct vma **dead)
{
	va_t end = b->end;

	if (!a->anon_id)
		a->anon_id = b->anon_id;
	a->touched = MAX(a->touched, b->touched);
	a->lazy |= b->lazy;
	// Longer first, so that a truncation sees each page through at least one of the two.
	if (b->obj) {
		spin_lock(&b->obj->views_lock);
		view_erase(a->obj, a);
		set_edges(a, a->start, end, a->pgoff);
		view_insert(a->obj, a);
		view_erase(b->obj, b);
		b->obj->zap_restart = true;
		spin_unlock(&b->obj->views_lock);
	} else {
		a->end = end;
	}
	vma_tree_erase(as, b);
	as->last_hit = a;
	vma_tree_resized(as, a);
	vma_discard(as, b, dead);
}

struct vma *vma_merge_touching(struct aspace *as, struct vma *v, struct vma **dead)
{
	struct vma *prev = vma_prev(v), *next = vma_next(v);

	// Below first, as Linux: private pages may forbid that both neighbours join.
	if (prev && prev->end == v->start && vma_can_merge(prev, v)) {
		absorb(as, prev, v, dead);
		v = prev;
	}
	if (next && v->end == next->start && vma_can_merge(v, next))
		absorb(as, v, next, dead);
	return v;
}

// As mprotect and the like do to one end of a mapping again and again: the part of |v| that gets
// other flags joins the neighbour on that side, whose edge moves. NULL: it may not.
static struct vma *move_edge(struct aspace *as, struct vma *v, va_t start, va_t end, unsigned flags)
{
	struct vma *prev = vma_prev(v), *next = vma_next(v), *to;
	struct vma part;

	if (v->flags & VMA_HUGETLB)
		return NULL;
	if (start == v->start && end < v->end && prev && prev->end == start)
		to = prev;
	else if (start > v->start && end == v->end && next && next->start == end)
		to = next;
	else
		return NULL;
	__builtin_memcpy(&part, v, offsetof(struct vma, prev));
	part.start = start;
	part.end = end;
	part.pgoff = vma_index(v, start);
	part.flags = flags;
	if (to == prev ? !vma_can_merge(prev, &part) : !vma_can_merge(&part, next))
		return NULL;
	if (!to->anon_id)
		to->anon_id = v->anon_id;
	to->touched = MAX(to->touched, v->touched);
	to->lazy |= v->lazy;
	// Longer first, so that a truncation sees each page through at least one of the two.
	if (to == prev) {
		vma_set_range(as, prev, prev->start, end, prev->pgoff);
		vma_set_range(as, v, end, v->end, vma_index(v, end));
	} else {
		vma_set_range(as, next, start, next->end, part.pgoff);
		vma_set_range(as, v, v->start, start, v->pgoff);
	}
	return to;
}

int vma_modify(struct aspace *as, struct vma *v, va_t start, va_t end, unsigned flags,
	       struct vma **out, struct vma **dead)
{
	const bool whole = start <= v->start && end >= v->end;
	int r;

	*out = v;
	if (flags == v->flags)
		return 0;
	if (start > v->start || end < v->end) {
		*out = move_edge(as, v, start, end, flags);
		if (*out)
			return 0;
		*out = v;
	}
	if (start > v->start || end < v->end) {
		if (as->vma_count >= vm_policy.max_map_count)
			return -ENOMEM;
		r = vma_isolate_one(as, v, start, end, &v);
		if (r)
			return r;
	}
	vma_set_flags(as, v, flags);
	if (!whole || !vma_is_segment(v))
		*out = vma_merge_around(as, v, dead);
	return 0;
}

int vma_for_range(struct aspace *as, va_t start, va_t end, vma_visit_fn *fn, void *arg)
{
	struct vma *v = aspace_find_vma(as, start);
	int hole = 0;

	while (start < end) {
		va_t to;
		int r;

		if (!v)
			return -ENOMEM;
		if (start < v->start) {
			hole = -ENOMEM;
			start = v->start;
			if (start >= end)
				break;
		}
		to = MIN(v->end, end);
		r = fn(as, &v, start, to, arg);
		if (r)
			return r;
		start = to;
		if (v->end <= start)
			v = vma_next(v);
	}
	return hole;
}
