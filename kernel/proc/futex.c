// futex(2): keys, waiting, waking. Lock: one spinlock per bucket (RANK_FUTEX); two are taken in the
// order of their addresses. The word is read under the bucket's lock with faults disabled, and
// faulted in without it.

#include "kernel/proc/futex.h"

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/proc/futex_key.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/sched.h"
#include "mm/virt/aspace.h"
#include "mm/virt/uaccess.h"

#define BUCKETS         64u // a few threads; longer queues only cost list steps
#define ROBUST_LIST_MAX 2048
#define ROBUST_PI_BIT   1ull

static struct {
	struct futex_bucket buckets[BUCKETS];
} futex;

__cold void futex_init(void)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		spin_init(&futex.buckets[i].lock, RANK_FUTEX, "futex");
		list_init(&futex.buckets[i].waiters);
	}
}

static struct futex_bucket *bucket_of(const struct futex_key *k)
{
	// Words lie near each other, mostly: neighbours must not share a bucket, nor must the words
	// at the same place of different pages.
	return &futex.buckets[(k->offset >> 2 ^ k->offset >> 12 ^ k->space) % BUCKETS];
}

// A word in a shared mapping is the same whichever view it is reached by.
static int shared_key(struct aspace *as, va_t va, struct futex_key *out)
{
	struct vma *v;
	int err = 0;

	rwsem_read_lock(&as->lock);
	v = aspace_find_vma(as, va);
	if (!v || v->start > va) {
		err = -EFAULT;
	} else if (v->flags & VMA_SHARED && v->obj) {
		out->space = futex_space(v->obj->id, true);
		out->offset = (v->pgoff << PAGE_SHIFT) + (va - v->start);
	}
	rwsem_read_unlock(&as->lock);
	return err;
}

static inline int get_key(struct uptr uaddr, unsigned flags, struct futex_key *out)
{
	struct aspace *as = thread_current()->aspace;

	if (unlikely(uaddr.va % sizeof(uint32_t)))
		return -EINVAL;
	if (unlikely(uaddr.va >= USER_TOP))
		return -EFAULT;
	out->space = futex_space(as->id, false);
	out->offset = uaddr.va;
	return unlikely(flags & FUTEX_F_SHARED) ? shared_key(as, uaddr.va, out) : 0;
}

// Takes |w| off its bucket, which requeue may change meanwhile. False: it was woken already.
static bool unqueue(struct futex_waiter *w)
{
	struct futex_bucket *b;

	while ((b = __atomic_load_n(&w->bucket, __ATOMIC_ACQUIRE))) {
		spin_lock(&b->lock);
		if (b == w->bucket) {
			list_remove(&w->node);
			spin_unlock(&b->lock);
			return true;
		}
		spin_unlock(&b->lock);
	}
	return false;
}

// Queues |w| if the word still has |val|; the thread is then marked as sleeping. 0, -EAGAIN,
// -EFAULT.
static int queue_if_equal(struct futex_waiter *w, struct uptr uaddr, uint32_t val)
{
	struct futex_bucket *b = bucket_of(&w->key);
	uint32_t now;

	for (;;) {
		int err;

		spin_lock(&b->lock);
		err = user_read32_nofault(uaddr, &now);
		if (likely(!err)) {
			if (now != val) {
				spin_unlock(&b->lock);
				return -EAGAIN;
			}
			w->bucket = b;
			list_push_back(&b->waiters, &w->node);
			sched_set_state(THREAD_INTERRUPTIBLE);
			spin_unlock(&b->lock);
			return 0;
		}
		spin_unlock(&b->lock);
		err = user_fault_in(uaddr, sizeof(now), false);
		if (err)
			return err;
	}
}

static __cold int64_t restart_wait(struct restart_block *rb)
{
	return futex_wait(UPTR(rb->arg[0]), (unsigned)rb->arg[1], (uint32_t)rb->arg[2], rb->arg[3],
			  (uint32_t)rb->arg[4]);
}

// The sleep ended, but nobody took |w| off its queue. 0: somebody has since; -EAGAIN: it was for
// nothing, wait again; else why the call ends.
static __noinline int64_t wait_ended(struct futex_waiter *w, struct uptr uaddr, unsigned flags,
				     uint32_t val, uint64_t deadline_ns, bool in_time)
{
	if (!unqueue(w))
		return 0;
	if (!in_time)
		return -ETIMEDOUT;
	if (!sched_interrupted())
		return -EAGAIN;
	if (deadline_ns == UINT64_MAX)
		return -ERESTARTSYS;
	*restart_block_current() =
		(struct restart_block){ .fn = restart_wait,
					.arg = { uaddr.va, flags, val, deadline_ns, w->bitset } };
	return -ERESTART_RESTARTBLOCK;
}

int64_t futex_wait(struct uptr uaddr, unsigned flags, uint32_t val, uint64_t deadline_ns,
		   uint32_t bitset)
{
	struct futex_waiter w;
	int64_t err;

	if (unlikely(!bitset))
		return -EINVAL;
	w.thread = thread_current();
	w.bitset = bitset;
	err = get_key(uaddr, flags, &w.key);
	if (unlikely(err))
		return err;
	for (;;) {
		bool in_time = true;

		err = queue_if_equal(&w, uaddr, val);
		if (err)
			return err;
		if (likely(deadline_ns == UINT64_MAX))
			schedule();
		else
			in_time = sched_schedule_until(deadline_ns);
		if (likely(!__atomic_load_n(&w.bucket, __ATOMIC_ACQUIRE)))
			return 0;
		err = wait_ended(&w, uaddr, flags, val, deadline_ns, in_time);
		if (err != -EAGAIN)
			return err;
	}
}

int64_t futex_wake(struct uptr uaddr, unsigned flags, int count, uint32_t bitset)
{
	struct futex_bucket *b;
	struct futex_key key;
	int n;

	if (!bitset)
		return -EINVAL;
	n = get_key(uaddr, flags, &key);
	if (n)
		return n;
	b = bucket_of(&key);
	// A waiter reads the word after it has the bucket's lock, the caller changed it before.
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (READ_ONCE(b->waiters.next) == &b->waiters && !READ_ONCE(b->lock.locked))
		return 0;
	spin_lock(&b->lock);
	n = futex_wake_locked(b, key, count, bitset);
	spin_unlock(&b->lock);
	return n;
}

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	struct futex_bucket *first = a < b ? a : b, *second = a < b ? b : a;

	spin_lock(&first->lock);
	if (first != second)
		spin_lock_nested(&second->lock);
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

__cold int64_t futex_requeue(struct uptr uaddr, unsigned flags, struct uptr uaddr2, int wake,
			     int requeue, const uint32_t *expected)
{
	struct futex_key k1, k2;
	struct futex_bucket *b1, *b2;
	uint32_t now;
	int n;

	if (wake < 0 || requeue < 0)
		return -EINVAL;
	n = get_key(uaddr, flags, &k1);
	if (!n)
		n = get_key(uaddr2, flags, &k2);
	if (n)
		return n;
	b1 = bucket_of(&k1);
	b2 = bucket_of(&k2);
	for (;;) {
		lock_two(b1, b2);
		if (!expected)
			break;
		if (!user_read32_nofault(uaddr, &now)) {
			if (now == *expected)
				break;
			unlock_two(b1, b2);
			return -EAGAIN;
		}
		unlock_two(b1, b2);
		n = user_fault_in(uaddr, sizeof(now), false);
		if (n)
			return n;
	}
	n = futex_requeue_locked(b1, &k1, b2, &k2, wake, requeue);
	unlock_two(b1, b2);
	return n;
}

// Changes the second word atomically and tells whether its old value compares. -ENOSYS, -EFAULT.
static int wake_op_word(struct uptr uaddr, uint32_t op, bool *compare)
{
	uint32_t old, wanted;

	if (user_read32_nofault(uaddr, &old))
		return -EFAULT;
	for (;;) {
		uint32_t seen = old;

		if (!futex_op_apply(op, old, &wanted, compare))
			return -ENOSYS;
		if (user_cmpxchg32_nofault(uaddr, &seen, wanted))
			return -EFAULT;
		if (seen == old)
			return 0;
		old = seen;
	}
}

__cold int64_t futex_wake_op(struct uptr uaddr, unsigned flags, struct uptr uaddr2, int wake,
			     int wake2, uint32_t op)
{
	struct futex_key k1, k2;
	struct futex_bucket *b1, *b2;
	bool compare;
	int n, err = get_key(uaddr, flags, &k1);

	if (!err)
		err = get_key(uaddr2, flags, &k2);
	if (err)
		return err;
	b1 = bucket_of(&k1);
	b2 = bucket_of(&k2);
	for (;;) {
		lock_two(b1, b2);
		err = wake_op_word(uaddr2, op, &compare);
		if (!err)
			break;
		unlock_two(b1, b2);
		if (err == -EFAULT)
			err = user_fault_in(uaddr2, sizeof(uint32_t), true);
		if (err)
			return err;
	}
	n = futex_wake_locked(b1, k1, wake, FUTEX_BITSET_MATCH_ANY);
	if (compare)
		n += futex_wake_locked(b2, k2, wake2, FUTEX_BITSET_MATCH_ANY);
	unlock_two(b1, b2);
	return n;
}

void futex_wake_one_quiet(struct uptr uaddr)
{
	// Waiters of pthread_join may use either kind of key.
	if (futex_wake(uaddr, FUTEX_F_SHARED, 1, FUTEX_BITSET_MATCH_ANY) < 1)
		(void)futex_wake(uaddr, 0, 1, FUTEX_BITSET_MATCH_ANY);
}

// One lock of a thread that ends: marks its owner as dead and wakes a waiter.
static __cold int robust_unlock(struct thread *t, uint64_t entry, int64_t offset, bool pi,
				bool pending)
{
	struct uptr uaddr = UPTR(entry + (uint64_t)offset);
	uint32_t val, seen, dead;

	if (uaddr.va % sizeof(val))
		return -EFAULT;
	if (get_user(val, uaddr))
		return -EFAULT;
	for (;;) {
		// Between unlocking and forgetting the lock: a waiter may have missed the wake.
		if (pending && !pi && !val) {
			(void)futex_wake(uaddr, FUTEX_F_SHARED, 1, FUTEX_BITSET_MATCH_ANY);
			return 0;
		}
		if ((val & FUTEX_TID_MASK) != (uint32_t)t->tid)
			return 0;
		dead = (val & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
		seen = val;
		if (user_cmpxchg32_nofault(uaddr, &seen, dead)) {
			if (user_fault_in(uaddr, sizeof(val), true))
				return -EFAULT;
			continue;
		}
		if (seen == val)
			break;
		val = seen;
	}
	if (!pi && val & FUTEX_WAITERS)
		(void)futex_wake(uaddr, FUTEX_F_SHARED, 1, FUTEX_BITSET_MATCH_ANY);
	return 0;
}

__cold void futex_exit_robust_list(struct thread *t)
{
	struct uptr head_va = t->uthread->robust_list;
	struct robust_list_head head;
	uint64_t entry, next, pending;

	if (!head_va.va)
		return;
	t->uthread->robust_list = UPTR(0);
	if (copy_from_user(&head, head_va, sizeof(head)))
		return;
	pending = (uint64_t)head.list_op_pending;
	entry = (uint64_t)head.list.next;
	for (int i = 0; i < ROBUST_LIST_MAX && (entry & ~ROBUST_PI_BIT) != head_va.va; i++) {
		// The entry may be gone once its lock is open: read on before.
		int err = get_user(next, UPTR(entry & ~ROBUST_PI_BIT));

		if (entry != pending && robust_unlock(t, entry & ~ROBUST_PI_BIT, head.futex_offset,
						      entry & ROBUST_PI_BIT, false))
			return;
		if (err)
			return;
		entry = next;
		sched_point();
	}
	if (pending)
		(void)robust_unlock(t, pending & ~ROBUST_PI_BIT, head.futex_offset,
				    pending & ROBUST_PI_BIT, true);
}
