// Between the files of futexes: futex.c (buckets, waiting, waking), futex_requeue.c (requeue,
// WAKE_OP), futex_pi.c and futex_pi_requeue.c (priority inheritance), futex_waitv.c,
// futex_robust.c.
#pragma once

#include "kernel/proc/futex_key.h"
#include "kernel/sched/thread.h"

// What a key is wanted for: shared words must be readable, and writable for those who will write.
enum futex_access { FUTEX_READ, FUTEX_WRITE };

// The key of |uaddr|; |flags| as futex_wait(). May sleep. 0, -EINVAL, -EFAULT.
int __must_check futex_get_key(struct uptr uaddr, unsigned flags, enum futex_access access,
			       struct futex_key *out);
struct futex_bucket *futex_bucket_of(const struct futex_key *k);
// Takes |w| off its bucket, which requeue may change meanwhile. False: it was woken already.
bool futex_unqueue(struct futex_waiter *w);
// Queues |w| if the word still has |val|; the thread is then marked as sleeping. 0, -EAGAIN,
// -EFAULT.
int __must_check futex_queue_if_equal(struct futex_waiter *w, struct uptr uaddr, uint32_t val);

static inline void futex_lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	struct futex_bucket *first = a < b ? a : b, *second = a < b ? b : a;

	spin_lock(&first->lock);
	if (first != second)
		spin_lock_nested(&second->lock);
}

static inline void futex_unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

// A waiter for a lock with priority inheritance, or for being moved to one. Its w.bitset is 0.
// Guarded by the locks of the bucket and of futex_pi.c.
struct pi_state;
struct pi_waiter {
	struct futex_waiter w;
	struct pi_state *state;  // the lock it waits for; NULL: not yet (WAIT_REQUEUE_PI)
	struct list_node node;   // in state->waiters
	int prio;                // by which it stands there
	struct futex_key target; // WAIT_REQUEUE_PI: the lock it is to be moved to
	bool granted;            // it owns the lock
	bool died;               // granted because the owner died: the word is to be written
};

static inline struct pi_waiter *pi_waiter_of(struct futex_waiter *w)
{
	return container_of(w, struct pi_waiter, w);
}

// futex_pi.c, for futex_pi_requeue.c. The bucket of |key| is locked by the caller of the first
// five. Tries to take the lock at |uaddr| for |t|. 1: taken, 0: it has an owner, *state describes
// the lock (so it does with 1 if |waiters|: there will be waiters). *spare is used up if a new
// description is needed. -EFAULT: fault the word in; -EAGAIN: try again; -EDEADLK, -EINVAL, -ESRCH,
// -EPERM.
int __must_check pi_try_lock(struct uptr uaddr, const struct futex_key *key, struct thread *t,
			     bool waiters, struct pi_state **spare, struct pi_state **state);
// Makes |pw|, of thread |t|, wait for |state|, in its place by priority. 0, -EDEADLK, -EAGAIN (try
// pi_try_lock again).
int __must_check pi_enqueue(struct pi_waiter *pw, struct pi_state *state, struct thread *t);
// pi_try_lock got the lock for |pw|, which waits in a locked bucket: takes it off and wakes it.
void pi_wake_owner(struct pi_waiter *pw);
// Lets go of a description that pi_try_lock returned; the last one frees it.
void pi_put(struct pi_state *state);
struct pi_state *pi_state_alloc(void);
void pi_state_free(struct pi_state *spare); // may be NULL
// First waiter of |key|, or NULL.
struct futex_waiter *futex_top_waiter(struct futex_bucket *b, const struct futex_key *key);
// Sleeps until |pw|'s thread owns the lock, and takes |pw| off everything; pw->state then tells
// whether it got as far as to wait for the lock. 0, -ETIMEDOUT, -EINTR, or -EFAULT when writing the
// word.
int pi_wait(struct pi_waiter *pw, struct uptr uaddr, uint64_t deadline_ns);
