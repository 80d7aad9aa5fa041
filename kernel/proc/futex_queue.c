// The queues of waiting threads: pure list work under the buckets' locks.

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/proc/futex_key.h"
#include "kernel/sched/sched.h"

static __always_inline_fn void wake_waiter(struct futex_waiter *w)
{
	struct thread *t = w->thread;

	w->node.prev->next = w->node.next;
	w->node.next->prev = w->node.prev;
	// The waiter's record is on its stack, and it may be gone with its thread, once it sees
	// that |bucket| is NULL. Before that it waits for the bucket's lock.
	sched_wake(t, 1u << THREAD_INTERRUPTIBLE);
	__atomic_store_n(&w->bucket, NULL, __ATOMIC_RELEASE);
}

int futex_wake_locked(struct futex_bucket *b, struct futex_key key, int count, uint32_t bitset)
{
	struct futex_waiter *w, *next;
	int woken = 0;

	list_for_each_safe (w, next, &b->waiters, node) {
		if (w->key.offset != key.offset || w->key.space != key.space)
			continue;
		if (unlikely(!(w->bitset & bitset))) {
			if (!w->bitset)
				return -EINVAL; // waits for a lock with priority inheritance
			continue;
		}
		wake_waiter(w);
		if (++woken >= count)
			break;
	}
	return woken;
}

int futex_requeue_locked(struct futex_bucket *from_bucket, const struct futex_key *from,
			 struct futex_bucket *to_bucket, const struct futex_key *to, int wake,
			 int requeue)
{
	struct list_node moved = LIST_INIT(moved);
	struct futex_waiter *w, *next;
	int done = 0;

	list_for_each_safe (w, next, &from_bucket->waiters, node) {
		if (done >= (int64_t)wake + requeue)
			break;
		if (!futex_key_equal(&w->key, from))
			continue;
		if (!w->bitset) {
			done = -EINVAL;
			break;
		}
		if (done++ < wake) {
			wake_waiter(w);
			continue;
		}
		list_remove(&w->node);
		list_push_back(&moved, &w->node);
		w->key = *to;
		__atomic_store_n(&w->bucket, to_bucket, __ATOMIC_RELEASE);
	}
	while (!list_empty(&moved)) {
		w = list_first(&moved, struct futex_waiter, node);
		list_remove(&w->node);
		list_push_back(&to_bucket->waiters, &w->node);
	}
	return done;
}

static int32_t sign_extend_12(uint32_t v)
{
	return (int32_t)(v << 20) >> 20;
}

bool futex_op_apply(uint32_t op, uint32_t old, uint32_t *new_)
{
	int32_t oparg = sign_extend_12(op >> 12 & 0xfff);

	if (op & (uint32_t)FUTEX_OP_OPARG_SHIFT << 28)
		oparg = (int32_t)(1u << (oparg & 31));
	switch (op >> 28 & 7) {
	case FUTEX_OP_SET:
		*new_ = (uint32_t)oparg;
		break;
	case FUTEX_OP_ADD:
		*new_ = old + (uint32_t)oparg;
		break;
	case FUTEX_OP_OR:
		*new_ = old | (uint32_t)oparg;
		break;
	case FUTEX_OP_ANDN:
		*new_ = old & ~(uint32_t)oparg;
		break;
	case FUTEX_OP_XOR:
		*new_ = old ^ (uint32_t)oparg;
		break;
	default:
		return false;
	}
	return true;
}

int futex_op_compare(uint32_t op, uint32_t old)
{
	int32_t cmparg = sign_extend_12(op & 0xfff), oldval = (int32_t)old;

	switch (op >> 24 & 15) {
	case FUTEX_OP_CMP_EQ:
		return oldval == cmparg;
	case FUTEX_OP_CMP_NE:
		return oldval != cmparg;
	case FUTEX_OP_CMP_LT:
		return oldval < cmparg;
	case FUTEX_OP_CMP_GE:
		return oldval >= cmparg;
	case FUTEX_OP_CMP_LE:
		return oldval <= cmparg;
	case FUTEX_OP_CMP_GT:
		return oldval > cmparg;
	default:
		return -ENOSYS;
	}
}
