// Sparse arrays: a tree of 64-way nodes, see radix.h. Owns the nodes of each array; the caller's
// lock guards them. Each node knows which slots are in use and which subtrees are full, so that the
// searches for used and empty indexes skip 64 slots at a step. Must not be told to store 0.

#include "lib/radix.h"

#include <linux/errno.h>

#define SLOT_MASK (RADIX_SLOTS - 1)
#define NO_GROUP  UINT64_MAX

static inline void forget_last(struct radix *r)
{
	r->last = NULL;
	r->last_group = NO_GROUP;
}

void radix_init(struct radix *r, const struct radix_alloc *mem)
{
	r->root = NULL;
	r->height = 0;
	r->limit = 0;
	forget_last(r);
	r->mem = mem;
}

static inline unsigned slot_at(uint64_t index, unsigned level)
{
	return (index >> (level * RADIX_BITS)) & SLOT_MASK;
}

// The largest index that a tree of |height| levels can hold.
static inline uint64_t max_index(unsigned height)
{
	return height * RADIX_BITS >= 64 ? UINT64_MAX : (1ull << (height * RADIX_BITS)) - 1;
}

static unsigned height_for(uint64_t index)
{
	unsigned height = 1;

	while (index > max_index(height))
		height++;
	return height;
}

static inline struct radix_node *child_at(const struct radix_node *n, unsigned slot)
{
	return (struct radix_node *)n->slots[slot];
}

// The level-0 node of |index|, or NULL.
static struct radix_node *find_leaf(const struct radix *r, uint64_t index)
{
	struct radix_node *n = r->root;

	if (likely(r->last && r->last_group == index >> RADIX_BITS))
		return r->last;
	if (unlikely(!n || index > r->limit))
		return NULL;
	while (n && n->level)
		n = child_at(n, slot_at(index, n->level));
	return n;
}

uint64_t *radix_slot(const struct radix *r, uint64_t index)
{
	struct radix_node *leaf = find_leaf(r, index);

	return leaf ? &leaf->slots[index & SLOT_MASK] : NULL;
}

uint64_t radix_get(const struct radix *r, uint64_t index)
{
	struct radix_node *leaf = find_leaf(r, index);

	return leaf ? leaf->slots[index & SLOT_MASK] : 0;
}

void radix_seek(struct radix *r, uint64_t index)
{
	struct radix_node *leaf = find_leaf(r, index);

	if (!leaf)
		return;
	r->last = leaf;
	r->last_group = index >> RADIX_BITS;
}

RARE_CALL_THUNK(radix_seek);

// How many nodes must be made before |index| has a slot.
static unsigned nodes_missing(const struct radix *r, uint64_t index)
{
	const struct radix_node *n = r->root;
	unsigned need = height_for(index);

	if (!n)
		return need;
	if (need > r->height)
		return (need - r->height) + (need - 1); // new levels above, a new path below
	while (n->level) {
		const struct radix_node *child = child_at(n, slot_at(index, n->level));

		if (!child)
			return n->level;
		n = child;
	}
	return 0;
}

static void free_chain(const struct radix *r, struct radix_node *chain)
{
	while (chain) {
		struct radix_node *next = chain->parent;

		r->mem->free(chain, sizeof(*chain));
		chain = next;
	}
}

// |count| fresh nodes linked through |parent|; false (and none kept) when memory is short.
static bool alloc_chain(const struct radix *r, unsigned count, struct radix_node **chain)
{
	*chain = NULL;
	for (; count; count--) {
		struct radix_node *n = r->mem->alloc(sizeof(*n));

		if (!n) {
			free_chain(r, *chain);
			return false;
		}
		n->parent = *chain;
		*chain = n;
	}
	return true;
}

static struct radix_node *take_node(struct radix_node **chain, struct radix_node *parent,
				    unsigned level, unsigned parent_slot)
{
	struct radix_node *n = *chain;

	*chain = n->parent;
	n->parent = parent;
	n->level = level;
	n->parent_slot = parent_slot;
	return n;
}

// Adds levels above the root until |index| fits.
static void grow(struct radix *r, uint64_t index, struct radix_node **chain)
{
	unsigned need = height_for(index);

	if (!r->root) {
		r->root = take_node(chain, NULL, need - 1, 0);
		r->height = need;
		r->limit = max_index(need);
		return;
	}
	for (; r->height < need; r->height++) {
		struct radix_node *top = take_node(chain, NULL, r->height, 0);
		struct radix_node *old = r->root;

		top->slots[0] = (uintptr_t)old;
		top->used = 1;
		top->full = ~old->full ? 0 : 1;
		old->parent = top;
		old->parent_slot = 0;
		r->root = top;
	}
	r->limit = max_index(r->height);
}

// The level-0 node of |index|, made from |chain| where missing.
static struct radix_node *make_leaf(struct radix *r, uint64_t index, struct radix_node **chain)
{
	struct radix_node *n = r->root;

	while (n->level) {
		unsigned slot = slot_at(index, n->level);

		if (!n->slots[slot]) {
			n->slots[slot] = (uintptr_t)take_node(chain, n, n->level - 1, slot);
			n->used |= 1ull << slot;
		}
		n = child_at(n, slot);
	}
	return n;
}

// The level-0 node of |index|, with nodes made where they are missing; or NULL.
static __noinline struct radix_node *new_leaf(struct radix *r, uint64_t index)
{
	struct radix_node *chain;

	if (!alloc_chain(r, nodes_missing(r, index), &chain))
		return NULL;
	grow(r, index, &chain);
	return make_leaf(r, index, &chain);
}

static inline void store(struct radix *r, struct radix_node *n, uint64_t index, uint64_t value)
{
	unsigned slot = index & SLOT_MASK;

	r->last = n;
	r->last_group = index >> RADIX_BITS;
	n->slots[slot] = value;
	n->used |= 1ull << slot;
	n->full |= 1ull << slot;
	while (unlikely(!~n->full) && n->parent) {
		slot = n->parent_slot;
		n = n->parent;
		n->full |= 1ull << slot;
	}
}

int radix_set(struct radix *r, uint64_t index, uint64_t value)
{
	struct radix_node *n = find_leaf(r, index);

	if (unlikely(!n)) {
		n = new_leaf(r, index);
		if (!n)
			return -ENOMEM;
	}
	store(r, n, index, value);
	return 0;
}

int radix_add(struct radix *r, uint64_t index, uint64_t value, uint64_t *there)
{
	struct radix_node *n = find_leaf(r, index);

	if (unlikely(!n)) {
		n = new_leaf(r, index);
		if (!n)
			return -ENOMEM;
	}
	if (unlikely(n->slots[index & SLOT_MASK])) {
		*there = n->slots[index & SLOT_MASK];
		return -EEXIST;
	}
	store(r, n, index, value);
	return 0;
}

// Takes away levels that only slot 0 of the root still uses.
static void shrink(struct radix *r)
{
	while (r->height > 1 && r->root->used == 1) {
		struct radix_node *old = r->root;

		r->root = child_at(old, 0);
		r->root->parent = NULL;
		r->height--;
		r->limit = max_index(r->height);
		r->mem->free(old, sizeof(*old));
	}
}

// Frees |n| and the nodes above it that became empty with it.
static void prune(struct radix *r, struct radix_node *n)
{
	forget_last(r);
	while (n && !n->used) {
		struct radix_node *parent = n->parent;

		if (parent) {
			parent->slots[n->parent_slot] = 0;
			parent->used &= ~(1ull << n->parent_slot);
		} else {
			r->root = NULL;
			r->height = 0;
		}
		r->mem->free(n, sizeof(*n));
		n = parent;
	}
	if (r->root)
		shrink(r);
}

uint64_t radix_clear(struct radix *r, uint64_t index)
{
	struct radix_node *leaf = find_leaf(r, index);
	unsigned slot = index & SLOT_MASK;
	uint64_t old;

	if (!leaf || !leaf->slots[slot])
		return 0;
	old = leaf->slots[slot];
	leaf->slots[slot] = 0;
	leaf->used &= ~(1ull << slot);
	leaf->full &= ~(1ull << slot);
	for (struct radix_node *n = leaf; n->parent; n = n->parent)
		n->parent->full &= ~(1ull << n->parent_slot);
	if (!leaf->used)
		prune(r, leaf);
	return old;
}

// Moves |*at| to the first index behind the node slot that holds it at |level|; false past the end.
static bool skip_slot(uint64_t *at, unsigned level)
{
	uint64_t step_mask = max_index(level);

	if ((*at | step_mask) == UINT64_MAX)
		return false;
	*at = (*at | step_mask) + 1;
	return true;
}

// One step of a search from the root: the first index >= |*at| within the deepest node on its path
// whose bit in used (or not full) is set. True if |*at| is such an index; else |*at| has moved on,
// or |*end| says that there is none.
static bool search_step(const struct radix *r, uint64_t *at, bool want_used, bool *end)
{
	const struct radix_node *n = r->root;

	for (;;) {
		unsigned slot = slot_at(*at, n->level);
		uint64_t bits = (want_used ? n->used : ~n->full) >> slot;

		if (!bits) {
			*end = !skip_slot(at, n->level + 1);
			return false;
		}
		if (!(bits & 1)) {
			unsigned skip = __builtin_ctzll(bits), shift = n->level * RADIX_BITS;

			slot += skip;
			*at = ((*at >> shift) + skip) << shift;
		}
		if (!n->level || !n->slots[slot])
			return true;
		n = child_at(n, slot);
	}
}

static bool search(const struct radix *r, uint64_t from, uint64_t last, bool want_used,
		   uint64_t *index)
{
	bool end = false;

	// Small arrays: one node, one look.
	if (want_used && r->height == 1 && from < RADIX_SLOTS) {
		uint64_t bits = r->root->used >> from;

		if (!bits)
			return false;
		*index = from + (unsigned)__builtin_ctzll(bits);
		return *index <= last;
	}
	while (!end && from <= last) {
		if (!r->root || from > r->limit) {
			*index = from;
			return !want_used;
		}
		if (search_step(r, &from, want_used, &end)) {
			*index = from;
			return from <= last;
		}
	}
	return false;
}

bool radix_next_used(const struct radix *r, uint64_t from, uint64_t last, uint64_t *index)
{
	return search(r, from, last, true, index);
}

bool radix_next_empty(const struct radix *r, uint64_t from, uint64_t last, uint64_t *index)
{
	return search(r, from, last, false, index);
}

const uint64_t *radix_next_slots(const struct radix *r, uint64_t from, uint64_t *first, unsigned *n)
{
	const struct radix_node *leaf;

	if (!radix_next_used(r, from, UINT64_MAX, first))
		return NULL;
	leaf = find_leaf(r, *first);
	*n = RADIX_SLOTS - (unsigned)__builtin_clzll(leaf->used) - (*first & SLOT_MASK);
	return &leaf->slots[*first & SLOT_MASK];
}

void radix_destroy(struct radix *r)
{
	struct radix_node *n = r->root;

	while (n) {
		struct radix_node *parent = n->parent;

		if (n->level && n->used) {
			unsigned slot = __builtin_ctzll(n->used);

			n->used &= ~(1ull << slot);
			n = child_at(n, slot);
			continue;
		}
		r->mem->free(n, sizeof(*n));
		n = parent;
	}
	radix_init(r, r->mem);
}
