// The two trees that vmas live in: an address space's set, in order of address and augmented with
// the largest free gap, and an object's views, an interval tree by page offset. Pure: no page
// tables, no memory. The caller holds the address space for write, or the object's views_lock.
//
// A vma is linked with its neighbours at once, but goes into the tree only when a few more have
// come after it, or a gap is searched for: many a mapping is gone again before that.
#include "mm/virt/vma.h"

static struct vma *vma_of(struct rb_node *n)
{
	return n ? rb_entry(n, struct vma, node) : NULL;
}

static struct vma *view_of(struct rb_node *n)
{
	return n ? rb_entry(n, struct vma, view_node) : NULL;
}

static uint64_t largest_gap(const struct rb_node *n)
{
	uint64_t max = vma_gap_capped(vma_gap_below(rb_entry(n, struct vma, node)));

	if (n->left)
		max = MAX(max, vma_of(n->left)->max_gap);
	if (n->right)
		max = MAX(max, vma_of(n->right)->max_gap);
	return max;
}

// max_gap is an upper bound: changes of the tree only ever raise it, a search that was misled
// lowers it again. So a mapping that comes and goes does not rewrite the values above it each time.
static bool gap_raise(struct rb_node *n)
{
	struct vma *v = rb_entry(n, struct vma, node);
	uint64_t max;

	if (v->max_gap == UINT64_MAX)
		return false;
	max = largest_gap(n);
	if (max <= v->max_gap)
		return false;
	v->max_gap = max;
	return true;
}

void vma_gap_raise(struct vma *v)
{
	rb_propagate(&v->node, gap_raise);
}

// Puts a fresh vma, which only its neighbours know, into the tree.
void vma_plant(struct aspace *as, struct vma *v)
{
	struct vma *prev = v->prev, *next = v->next;
	struct rb_node *parent = NULL, **link = &as->vmas.node;

	as->fresh[v->fresh - 1] = NULL;
	v->fresh = 0;
	while (prev && prev->fresh)
		prev = prev->prev;
	while (next && next->fresh)
		next = next->next;
	// One of two neighbours in the tree has room for a child between them.
	if (prev && !prev->node.right) {
		parent = &prev->node;
		link = &parent->right;
	} else if (next) {
		parent = &next->node;
		link = &parent->left;
	}
	v->max_gap = vma_gap_capped(vma_gap_below(v));
	rb_insert(&as->vmas, &v->node, parent, link, gap_raise);
}

static void plant_all(struct aspace *as)
{
	for (unsigned i = 0; i < ARRAY_SIZE(as->fresh); i++) {
		if (as->fresh[i])
			vma_plant(as, as->fresh[i]);
	}
}

void vma_uproot(struct aspace *as, struct vma *v)
{
	rb_erase(&as->vmas, &v->node, gap_raise);
}

void vma_tree_resized(struct aspace *as, struct vma *v)
{
	vma_gap_grown(as, v);
	if (v->next)
		vma_gap_grown(as, v->next);
	else
		as->place_at = NULL;
}

// In the tree and among those that are not in it yet.
static struct vma *search_vma(const struct aspace *as, va_t va)
{
	struct vma *best = NULL;

	for (struct rb_node *n = as->vmas.node; n;) {
		struct vma *v = vma_of(n);

		if (va >= v->end) {
			n = n->right;
			continue;
		}
		best = v;
		if (va >= v->start)
			break;
		n = n->left;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(as->fresh); i++) {
		struct vma *v = as->fresh[i];

		if (v && va < v->end && (!best || v->start < best->start))
			best = v;
	}
	return best;
}

struct vma *aspace_find_vma_slow(struct aspace *as, va_t va)
{
	struct vma *best = READ_ONCE(as->last_hit);

	if (best && va >= best->end) { // perhaps the one behind it
		best = best->next;
		if (!best || va < best->end)
			goto found;
	} else if (best) { // in the gap below it, perhaps in the one before
		if (va >= best->start || !best->prev || va >= best->prev->end)
			return best;
		best = best->prev;
		if (va >= best->start)
			goto found;
	}
	best = search_vma(as, va);
found:
	if (best)
		WRITE_ONCE(as->last_hit, best);
	return best;
}

struct vma *aspace_next_vma(struct vma *v)
{
	return vma_next(v);
}

struct vma *aspace_first_vma(struct aspace *as)
{
	return as->lowest;
}

// Does the gap below |v|, cut to [low, high), hold |bytes|? Its cut edges come back.
static bool gap_fits(const struct vma *v, va_t low, va_t high, uint64_t bytes, va_t *from, va_t *to)
{
	*from = MAX(v->start - vma_gap_below(v), low);
	*to = MIN(v->start, high);
	return *to > *from && *to - *from >= bytes;
}

// A gap that is large enough but cut by |low| or |high| can disappoint only along one path, so
// both searches stay logarithmic (but for more than VMA_GAP_CAP, and for what they correct, once);
// the depth of the recursion is that of the tree.
static bool search_highest(struct rb_node *n, va_t low, va_t high, uint64_t bytes, va_t *out)
{
	struct vma *v = vma_of(n);
	va_t from, to;

	if (!v || v->max_gap < vma_gap_capped(bytes))
		return false;
	if (v->end < high && search_highest(n->right, low, high, bytes, out))
		return true;
	if (gap_fits(v, low, high, bytes, &from, &to)) {
		*out = to - bytes;
		return true;
	}
	if (v->start > low && search_highest(n->left, low, high, bytes, out))
		return true;
	v->max_gap = largest_gap(n);
	return false;
}

static __cold bool search_lowest(struct rb_node *n, va_t low, va_t high, uint64_t bytes, va_t *out)
{
	struct vma *v = vma_of(n);
	va_t from, to;

	if (!v || v->max_gap < vma_gap_capped(bytes))
		return false;
	if (v->start > low && search_lowest(n->left, low, high, bytes, out))
		return true;
	if (gap_fits(v, low, high, bytes, &from, &to)) {
		*out = from;
		return true;
	}
	if (v->end < high && search_lowest(n->right, low, high, bytes, out))
		return true;
	v->max_gap = largest_gap(n);
	return false;
}

// The free range above the last vma is not in the tree.
static bool top_gap(struct aspace *as, va_t low, va_t high, uint64_t bytes, va_t *from)
{
	*from = MAX(as->highest ? as->highest->end : 0, low);
	return high > *from && high - *from >= bytes;
}

// The highest place below |high|, whatever guard gaps say.
static bool highest_place(struct aspace *as, va_t low, va_t high, uint64_t bytes, va_t *out)
{
	va_t from;

	plant_all(as);
	if (top_gap(as, low, high, bytes, &from)) {
		*out = high - bytes;
		return true;
	}
	return search_highest(as->vmas.node, low, high, bytes, out);
}

// Is the place free of the guard gap of a stack above it? If not, the search goes on below that
// whole guard gap, even if other mappings and free room lie within it: as Linux's
// unmapped_area_topdown(). |*high| is then the end of what is left.
static bool minds_guard(struct aspace *as, va_t at, uint64_t bytes, struct vma **above, va_t *high)
{
	*above = aspace_find_vma(as, at);
	if (!*above || vma_start_with_gap(*above) >= at + bytes)
		return true;
	*high = vma_start_with_gap(*above);
	return false;
}

bool vma_gap_highest(struct aspace *as, va_t low, va_t high, uint64_t bytes, va_t *out)
{
	struct vma *above;

	while (highest_place(as, low, high, bytes, out))
		if (minds_guard(as, *out, bytes, &above, &high))
			return true;
	return false;
}

bool vma_gap_next_slow(struct aspace *as, va_t low, uint64_t bytes, va_t *out)
{
	va_t high = as->mmap_base;
	struct vma *v;

	as->place_at = NULL;
	if (!highest_place(as, low, high, bytes, out))
		return false;
	if (!minds_guard(as, *out, bytes, &v, &high))
		return vma_gap_highest(as, low, high, bytes, out);
	if (v && as->highest->end >= high) {
		as->place_at = v;
		as->place_bytes = bytes;
	}
	return true;
}

__cold bool vma_gap_lowest(struct aspace *as, va_t low, va_t high, uint64_t bytes, va_t *out)
{
	const struct vma *above;

	plant_all(as);
	while (search_lowest(as->vmas.node, low, high, bytes, out) ||
	       top_gap(as, low, high, bytes, out)) {
		above = aspace_find_vma(as, *out);
		if (!above || vma_start_with_gap(above) >= *out + bytes - 1)
			return true;
		low = above->end;
	}
	return false;
}

static uint64_t view_end(const struct vma *v)
{
	return v->pgoff + vma_pages(v);
}

static bool view_update(struct rb_node *n)
{
	struct vma *v = view_of(n);
	uint64_t max = view_end(v);

	if (n->left)
		max = MAX(max, view_of(n->left)->view_max_end);
	if (n->right)
		max = MAX(max, view_of(n->right)->view_max_end);
	if (max == v->view_max_end)
		return false;
	v->view_max_end = max;
	return true;
}

void view_insert(struct memobj *o, struct vma *v)
{
	struct rb_node **link = &o->views.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = v->pgoff < view_of(parent)->pgoff ? &parent->left : &parent->right;
	}
	v->view_max_end = view_end(v);
	rb_insert(&o->views, &v->view_node, parent, link, view_update);
}

void view_erase(struct memobj *o, struct vma *v)
{
	if (o->zap_next == v)
		o->zap_next = view_of(rb_next(&v->view_node));
	rb_erase(&o->views, &v->view_node, view_update);
}

struct vma *view_first(struct memobj *o, uint64_t first, uint64_t last)
{
	struct rb_node *n = o->views.node;

	while (n) {
		struct vma *v = view_of(n);

		if (n->left && view_of(n->left)->view_max_end > first) {
			n = n->left;
			continue;
		}
		if (v->pgoff > last)
			return NULL;
		if (view_end(v) > first)
			return v;
		n = n->right;
	}
	return NULL;
}

struct vma *view_next(struct vma *v, uint64_t first, uint64_t last)
{
	struct rb_node *n = &v->view_node;

	while ((n = rb_next(n))) {
		if (view_of(n)->pgoff > last)
			return NULL;
		if (view_end(view_of(n)) > first)
			return view_of(n);
	}
	return NULL;
}
