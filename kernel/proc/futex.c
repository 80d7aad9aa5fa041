// futex(2): keys, waiting, waking. Lock: one spinlock per bucket (RANK_FUTEX); two are taken in the
// order of their addresses. The word is read under the bucket's lock with faults disabled, and
// faulted in without it.

#include "kernel/proc/futex.h"

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/proc/futex_internal.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/wake.h"
#include "mm/virt/aspace.h"
#include "mm/virt/memobj.h"
#include "mm/virt/uaccess.h"

#define BUCKETS 64u // a few threads; longer queues only cost list steps

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

static inline struct futex_bucket *bucket_of(const struct futex_key *k)
{
	// Words lie near each other, mostly: neighbours must not share a bucket, nor must the words
	// at the same place of different pages.
	struct futex_bucket *b =
		&futex.buckets[(k->offset >> 2 ^ k->offset >> 12 ^ k->space) % BUCKETS];

	__asm__("" : "+r"(b)); // the address is worth a register
	return b;
}

struct futex_bucket *futex_bucket_of(const struct futex_key *k)
{
	return bucket_of(k);
}

// A private mapping of a file that cannot be written shows the file's own pages; every other
// private word belongs to its address space.
static bool shows_object(const struct vma *v)
{
	return v->obj && (v->flags & VMA_SHARED || !(v->flags & VMA_WRITE));
}

// A word in a shared mapping is the same whichever view it is reached by. Linux pins the page: it
// must be there, and writable if |access| says so.
static __noinline int shared_key(struct aspace *as, va_t va, enum futex_access access,
				 struct futex_key *out)
{
	struct vma *v;
	uint32_t word;
	int err = 0;

	if ((access == FUTEX_WRITE || user_read32_nofault(UPTR(va), &word)) &&
	    user_fault_in(UPTR(va), sizeof(word), access == FUTEX_WRITE))
		return -EFAULT;
	rwsem_read_lock(&as->lock);
	v = aspace_find_vma(as, va);
	if (!v || v->start > va) {
		err = -EFAULT;
	} else if (shows_object(v)) {
		out->space = futex_space(v->obj->id, true);
		out->offset = (v->pgoff << PAGE_SHIFT) + (va - v->start);
	} else if (!(v->flags & VMA_WRITE)) {
		err = -EFAULT; // nobody can ever change it
	}
	rwsem_read_unlock(&as->lock);
	return err;
}

static __always_inline_fn int get_key(struct aspace *as, struct uptr uaddr, unsigned flags,
				      enum futex_access access, struct futex_key *out)
{
	struct futex_key key = { futex_space(as->id, false), uaddr.va };
	int err = 0;

	if (unlikely(uaddr.va % sizeof(uint32_t)))
		return -EINVAL;
	if (unlikely(uaddr.va >= USER_TOP))
		return -EFAULT;
	if (unlikely(flags & FUTEX_F_SHARED)) {
		struct futex_key shared = key; // (that |key| may stay in registers)

		err = shared_key(as, uaddr.va, access, &shared);
		key = shared;
	}
	*out = key;
	return err;
}

int futex_get_key(struct uptr uaddr, unsigned flags, enum futex_access access,
		  struct futex_key *out)
{
	return get_key(thread_current()->aspace, uaddr, flags, access, out);
}

// Takes |w| off its bucket, which requeue may change meanwhile. False: it was woken already.
bool futex_unqueue(struct futex_waiter *w)
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

// |w| belongs into |b|; its word is an aligned one below USER_TOP.
static __always_inline_fn int queue_if_equal(struct futex_waiter *w, struct futex_bucket *b,
					     struct thread *self, struct uptr uaddr, uint32_t val)
{
	uint32_t now;

	for (;;) {
		spin_lock(&b->lock);
		if (likely(user_read_word_nofault(self, uaddr, &now))) {
			if (unlikely(now != val)) {
				spin_unlock(&b->lock);
				return -EAGAIN;
			}
			w->bucket = b;
			list_push_back(&b->waiters, &w->node);
			// Who wakes has the bucket's lock; who sends a signal sets |pending| first,
			// which schedule() looks at behind a barrier: no need for one here.
			WRITE_ONCE(self->state, THREAD_INTERRUPTIBLE);
			spin_unlock(&b->lock);
			return 0;
		}
		spin_unlock(&b->lock);
		if (user_fault_in(uaddr, sizeof(now), false))
			return -EFAULT;
	}
}

int futex_queue_if_equal(struct futex_waiter *w, struct uptr uaddr, uint32_t val)
{
	return queue_if_equal(w, bucket_of(&w->key), w->thread, uaddr, val);
}

static __cold int64_t restart_wait(struct restart_block *rb)
{
	return futex_wait(UPTR(rb->arg[0]), (unsigned)rb->arg[1], (uint32_t)rb->arg[2], rb->arg[3],
			  (uint32_t)rb->arg[4]);
}

// The sleep ended, but nobody took |w| off its queue. 0: somebody has since; -EAGAIN: it was for
// nothing, wait again; else why the call ends.
static __cold __noinline int64_t wait_ended(struct futex_waiter *w, struct uptr uaddr,
					    unsigned flags, uint32_t val, uint64_t deadline_ns,
					    bool in_time)
{
	if (!futex_unqueue(w))
		return 0;
	if (!in_time)
		return -ETIMEDOUT;
	if (!sched_interrupted())
		return -EAGAIN;
	if (deadline_ns == UINT64_MAX || flags & FUTEX_F_ABSOLUTE)
		return -ERESTARTSYS;
	*restart_block_current() =
		(struct restart_block){ .fn = restart_wait,
					.arg = { uaddr.va, flags, val, deadline_ns, w->bitset } };
	return -ERESTART_RESTARTBLOCK;
}

// |w| is queued. Sleeps, and queues it again if that was for nothing. |slept|: it has slept once.
static __noinline int64_t wait_queued(struct futex_waiter *w, struct uptr uaddr, unsigned flags,
				      uint32_t val, uint64_t deadline_ns, bool slept)
{
	int64_t err;

	for (;;) {
		bool in_time = true;

		if (deadline_ns != UINT64_MAX)
			in_time = sched_schedule_until(deadline_ns);
		else if (!slept)
			schedule();
		slept = false;
		if (likely(!__atomic_load_n(&w->bucket, __ATOMIC_ACQUIRE)))
			return 0;
		err = wait_ended(w, uaddr, flags, val, deadline_ns, in_time);
		if (err != -EAGAIN)
			return err;
		err = futex_queue_if_equal(w, uaddr, val);
		if (err)
			return err;
	}
}

int64_t futex_wait(struct uptr uaddr, unsigned flags, uint32_t val, uint64_t deadline_ns,
		   uint32_t bitset)
{
	struct thread *self = thread_current();
	struct futex_waiter w;
	struct futex_key key;
	int err;

	if (unlikely(!bitset))
		return -EINVAL;
	err = get_key(self->aspace, uaddr, flags, FUTEX_READ, &key);
	if (unlikely(err))
		return err;
	w.thread = self;
	w.bitset = bitset;
	w.key = key;
	err = queue_if_equal(&w, bucket_of(&key), self, uaddr, val);
	if (unlikely(err))
		return err;
	if (unlikely(deadline_ns != UINT64_MAX))
		return wait_queued(&w, uaddr, flags, val, deadline_ns, false);
	schedule();
	if (likely(!__atomic_load_n(&w.bucket, __ATOMIC_ACQUIRE)))
		return 0;
	return wait_queued(&w, uaddr, flags, val, UINT64_MAX, true);
}

// Nobody waits in |b| for a word that the caller has changed before. A waiter reads the word after
// it has the bucket's lock. The lock first: whoever read the old word holds it, or is in the list
// already. (The other way round a waiter may come into the list and give the lock back between the
// two looks.)
static __always_inline_fn bool nobody_waits(const struct futex_bucket *b)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return READ_ONCE(b->waiters.next) == &b->waiters && // (not for an answer, but for speed)
	       !__atomic_load_n(&b->lock.locked, __ATOMIC_ACQUIRE) &&
	       READ_ONCE(b->waiters.next) == &b->waiters;
}

static __noinline int64_t wake_general(struct uptr uaddr, unsigned flags, int count,
				       uint32_t bitset)
{
	struct futex_bucket *b;
	struct futex_key key;
	int n;

	if (!bitset)
		return -EINVAL;
	n = get_key(thread_current()->aspace, uaddr, flags, FUTEX_READ, &key);
	if (n || (flags & FUTEX_F_STRICT && !count))
		return n;
	b = bucket_of(&key);
	if (nobody_waits(b))
		return 0;
	spin_lock(&b->lock);
	sched_hold_kicks();
	n = futex_wake_locked(b, key, count, bitset);
	spin_unlock(&b->lock);
	sched_send_kicks();
	return n;
}

int64_t futex_wake(struct uptr uaddr, unsigned flags, int count, uint32_t bitset)
{
	struct futex_bucket *b;
	struct futex_waiter *w;
	struct futex_key key;
	bool quick = false;

	// The usual case: a private word, and the first waiter in the bucket is the one to wake.
	if (unlikely(flags || count > 1 ||
		     get_key(thread_current()->aspace, uaddr, 0, FUTEX_READ, &key)))
		return wake_general(uaddr, flags, count, bitset);
	b = bucket_of(&key);
	if (nobody_waits(b))
		return bitset ? 0 : -EINVAL;
	spin_lock(&b->lock);
	w = list_entry(b->waiters.next, struct futex_waiter, node);
	if (likely(&w->node != &b->waiters && futex_key_equal(&w->key, &key) &&
		   w->bitset & bitset)) {
		cpu_irq_disable();
		quick = sched_wake_quick(w->thread, 1u << THREAD_INTERRUPTIBLE, true);
		cpu_irq_enable();
	}
	if (likely(quick)) {
		w->node.prev->next = w->node.next;
		w->node.next->prev = w->node.prev;
		// Now its record, on its stack, may go.
		__atomic_store_n(&w->bucket, NULL, __ATOMIC_RELEASE);
	}
	spin_unlock(&b->lock);
	return likely(quick) ? 1 : wake_general(uaddr, flags, count, bitset);
}

void futex_wake_one_quiet(struct uptr uaddr)
{
	// Waiters of pthread_join may use either kind of key.
	if (futex_wake(uaddr, FUTEX_F_SHARED, 1, FUTEX_BITSET_MATCH_ANY) < 1)
		(void)futex_wake(uaddr, 0, 1, FUTEX_BITSET_MATCH_ANY);
}
