// Sparse array of 64-bit values by 64-bit index: the page slots of a memory object and the like.
// A value of 0 means "empty". 64 slots a node, grown only as high as the largest index needs, empty
// nodes are freed. Node memory comes from the allocator given at init, so that the kernel uses
// kmalloc and host tests can inject failures. Callers provide the locking.
#pragma once

#include "lib/compiler.h"
#include "lib/rare.h"

#define RADIX_BITS  6
#define RADIX_SLOTS (1u << RADIX_BITS)

struct radix_node {
	uint64_t used; // bit per slot that is not empty
	uint64_t full; // bit per slot that is a value or a child without an empty index
	struct radix_node *parent;
	uint32_t level;       // 0: slots hold values
	uint32_t parent_slot; // which slot of |parent| this node is
	uint64_t slots[RADIX_SLOTS];
};

struct radix_alloc {
	void *(*alloc)(size_t bytes); // zeroed, or NULL
	void (*free)(void *p, size_t bytes);
};

struct radix {
	struct radix_node *root;
	unsigned height;         // levels of nodes; 0 when empty
	uint64_t limit;          // the largest index that the nodes reach; meaningless when empty
	struct radix_node *last; // the level-0 node that was used last, or NULL
	uint64_t last_group;     // its index / 64; no index's if there is none
	const struct radix_alloc *mem;
};

void radix_init(struct radix *r, const struct radix_alloc *mem);
// Address of the slot for |index| if its node exists, else NULL. Valid until the next
// radix_set/radix_clear; consecutive slots up to the next multiple of 64 are adjacent in memory.
uint64_t *radix_slot(const struct radix *r, uint64_t index);
uint64_t radix_get(const struct radix *r, uint64_t index);
void radix_seek(struct radix *r, uint64_t index); // for radix_get_near only
// radix_get of an initialised array, in place and quick if |index| lies near the one used last. The
// caller holds the lock that guards changes.
static __always_inline_fn uint64_t radix_get_near(struct radix *r, uint64_t index)
{
	if (unlikely(r->last_group != index >> RADIX_BITS)) {
		rare_call_2(radix_seek, r, index);
		if (r->last_group != index >> RADIX_BITS)
			return 0;
	}
	return r->last->slots[index & (RADIX_SLOTS - 1)];
}
// Stores a non-zero value. -ENOMEM leaves the array unchanged.
int __must_check radix_set(struct radix *r, uint64_t index, uint64_t value);
// Stores a non-zero value where nothing is: 0; -EEXIST, then |*there| is what is; or -ENOMEM.
int __must_check radix_add(struct radix *r, uint64_t index, uint64_t value, uint64_t *there);
// Empties a slot and returns what it held. Never allocates.
uint64_t radix_clear(struct radix *r, uint64_t index);
// Finds the first non-empty (or empty) index >= |from| and <= |last|; true if found.
bool radix_next_used(const struct radix *r, uint64_t from, uint64_t last, uint64_t *index);
bool radix_next_empty(const struct radix *r, uint64_t from, uint64_t last, uint64_t *index);
// The slots from the first non-empty index >= |from|, which is |*first|, to the last non-empty one
// of the same 64; |*n| of them. NULL if there is none. For walks over everything.
const uint64_t *radix_next_slots(const struct radix *r, uint64_t from, uint64_t *first,
				 unsigned *n);
// Frees all nodes (values are the caller's business).
void radix_destroy(struct radix *r);
