// Is a page of an object in use beyond the object and its mappings? Sealing asks. Owns no state;
// the slots are read under slots_lock. Entries of page tables hold no reference (decisions/0004),
// so whatever does, a pipe or a copy in flight, shows in the count.
#include "kernel/sched/sched.h"
#include "mm/virt/slots.h"

#define CHUNKS_A_STEP 8u // of 64 slots each

static bool has_pinned(const uint64_t *slots, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (slot_is_page(slots[i]) && READ_ONCE(slot_page(slots[i])->count) > 1)
			return true;
	return false;
}

// Looks at |CHUNKS_A_STEP| chunks from |*next| on. True: |*pinned| is the answer.
static bool step(struct memobj *o, uint64_t *next, bool *pinned)
{
	for (unsigned i = 0; i < CHUNKS_A_STEP; i++) {
		uint64_t first;
		unsigned n;
		const uint64_t *slots = radix_next_slots(&o->slots, *next, &first, &n);

		*pinned = slots && has_pinned(slots, n);
		*next = (first | 63) + 1;
		if (!slots || *pinned || !*next)
			return true;
	}
	return false;
}

bool memobj_is_pinned(struct memobj *o)
{
	uint64_t next = 0;
	bool pinned, done;

	do {
		spin_lock(&o->slots_lock);
		done = step(o, &next, &pinned);
		spin_unlock(&o->slots_lock);
		sched_point();
	} while (!done);
	return pinned;
}
