// The identity of a futex word, and the buckets of waiters that hang off it.
#pragma once

#include "kernel/base/lock.h"
#include "kernel/base/types.h"
#include "lib/list.h"

struct futex_key {
	uint64_t space;  // futex_space(): which address space or memory object
	uint64_t offset; // address, or byte offset in the object
};

// Address spaces (private keys) and memory objects (shared ones) have serials of their own.
static inline uint64_t futex_space(uint64_t serial, bool shared)
{
	return serial << 1 | shared;
}

static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->offset == b->offset && a->space == b->space;
}

struct futex_bucket {
	struct spinlock lock;     // RANK_FUTEX
	struct list_node waiters; // struct futex_waiter, oldest first
} __aligned_to(32);

struct futex_waiter {
	struct list_node node;
	struct futex_key key;
	struct futex_bucket *bucket; // where it hangs now (requeue moves it); NULL: woken
	struct thread *thread;
	uint32_t bitset; // 0: part of a struct pi_waiter
};

// Takes up to |count| waiters on |key| that share a bit with |bitset| off the bucket (locked) and
// wakes them. How many, or -EINVAL if one of them waits for a lock (struct pi_waiter).
int futex_wake_locked(struct futex_bucket *b, struct futex_key key, int count, uint32_t bitset);
// Wakes up to |wake| waiters on |from|, then moves up to |requeue| others to |to|. Both buckets are
// locked (they may be one). The sum, or -EINVAL as above.
int futex_requeue_locked(struct futex_bucket *from_bucket, const struct futex_key *from,
			 struct futex_bucket *to_bucket, const struct futex_key *to, int wake,
			 int requeue);
// FUTEX_WAKE_OP: applies the operation to |old|; false: there is no such operation.
bool futex_op_apply(uint32_t op, uint32_t old, uint32_t *new_);
// Compares |old| as the operation says: 0 or 1, or -ENOSYS: there is no such comparison.
int futex_op_compare(uint32_t op, uint32_t old);
