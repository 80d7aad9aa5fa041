// Futex calls on two words: FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP. Owns no state; works
// under the locks of both buckets.

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/proc/futex.h"
#include "kernel/proc/futex_internal.h"
#include "mm/virt/uaccess.h"

__cold int64_t futex_requeue(struct uptr uaddr, unsigned flags, struct uptr uaddr2, unsigned flags2,
			     int wake, int requeue, const uint32_t *expected)
{
	struct futex_key k1, k2;
	struct futex_bucket *b1, *b2;
	uint32_t now;
	int n;

	if (wake < 0 || requeue < 0)
		return -EINVAL;
	n = futex_get_key(uaddr, flags, FUTEX_READ, &k1);
	if (!n)
		n = futex_get_key(uaddr2, flags2, FUTEX_READ, &k2);
	if (n)
		return n;
	b1 = futex_bucket_of(&k1);
	b2 = futex_bucket_of(&k2);
	for (;;) {
		futex_lock_two(b1, b2);
		if (!expected)
			break;
		if (!user_read32_nofault(uaddr, &now)) {
			if (now == *expected)
				break;
			futex_unlock_two(b1, b2);
			return -EAGAIN;
		}
		futex_unlock_two(b1, b2);
		n = user_fault_in(uaddr, sizeof(now), false);
		if (n)
			return n;
	}
	n = futex_requeue_locked(b1, &k1, b2, &k2, wake, requeue);
	futex_unlock_two(b1, b2);
	return n;
}

// Changes the second word atomically. Whether its old value compares (the word is changed before
// that is known to make no sense), or -ENOSYS, -EFAULT.
static int wake_op_word(struct uptr uaddr, uint32_t op)
{
	uint32_t old, wanted;

	if (user_read32_nofault(uaddr, &old))
		return -EFAULT;
	for (;;) {
		uint32_t seen = old;

		if (!futex_op_apply(op, old, &wanted))
			return -ENOSYS;
		if (user_cmpxchg32_nofault(uaddr, &seen, wanted))
			return -EFAULT;
		if (seen == old)
			return futex_op_compare(op, old);
		old = seen;
	}
}

__cold int64_t futex_wake_op(struct uptr uaddr, unsigned flags, struct uptr uaddr2, int wake,
			     int wake2, uint32_t op)
{
	struct futex_key k1, k2;
	struct futex_bucket *b1, *b2;
	int n, compare, err = futex_get_key(uaddr, flags, FUTEX_READ, &k1);

	if (!err)
		err = futex_get_key(uaddr2, flags, FUTEX_WRITE, &k2);
	if (err)
		return err;
	b1 = futex_bucket_of(&k1);
	b2 = futex_bucket_of(&k2);
	for (;;) {
		futex_lock_two(b1, b2);
		compare = wake_op_word(uaddr2, op);
		if (compare >= 0)
			break;
		futex_unlock_two(b1, b2);
		if (compare != -EFAULT || user_fault_in(uaddr2, sizeof(uint32_t), true))
			return compare;
	}
	n = futex_wake_locked(b1, k1, wake, FUTEX_BITSET_MATCH_ANY);
	if (compare && n >= 0) {
		int more = futex_wake_locked(b2, k2, wake2, FUTEX_BITSET_MATCH_ANY);

		n = more < 0 ? more : n + more;
	}
	futex_unlock_two(b1, b2);
	return n;
}
