// Condition variables over locks with priority inheritance: FUTEX_WAIT_REQUEUE_PI waits at one word
// to be moved to the lock at another, FUTEX_CMP_REQUEUE_PI moves, and gives the first one the lock
// if it is free. Follows Linux's kernel/futex/requeue.c (6.18). Owns no state.

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/proc/futex.h"
#include "kernel/proc/futex_internal.h"
#include "kernel/sched/sched.h"
#include "lib/restart.h"
#include "mm/virt/uaccess.h"

int64_t futex_wait_requeue_pi(struct uptr uaddr, unsigned flags, uint32_t val, uint64_t deadline_ns,
			      struct uptr uaddr2)
{
	struct pi_waiter pw = { .w.thread = thread_current() };
	int err;

	if (uaddr.va == uaddr2.va)
		return -EINVAL;
	err = futex_get_key(uaddr2, flags, FUTEX_WRITE, &pw.target);
	if (!err)
		err = futex_get_key(uaddr, flags, FUTEX_READ, &pw.w.key);
	if (!err && futex_key_equal(&pw.w.key, &pw.target))
		err = -EINVAL;
	if (!err)
		err = futex_queue_if_equal(&pw.w, uaddr, val);
	if (err)
		return err;
	err = pi_wait(&pw, uaddr2, deadline_ns);
	if (err != -EINTR)
		return err;
	// Once it was moved, the first word has changed: the program has to look again.
	return pw.state ? -EAGAIN : -ERESTARTNOINTR;
}

// What moving waiters from one word to a lock needs.
struct mover {
	struct uptr lock_word;
	struct futex_key from, to;
	struct futex_bucket *b1, *b2;
	struct pi_state *spare, *state; // |state|: referenced by this
};

// A waiter that FUTEX_WAIT_REQUEUE_PI queued for this very lock, or NULL.
static struct pi_waiter *waiter_for(const struct mover *m, struct futex_waiter *w)
{
	struct pi_waiter *pw = w->bitset ? NULL : pi_waiter_of(w);

	return pw && !pw->state && futex_key_equal(&pw->target, &m->to) ? pw : NULL;
}

// Tries to get the lock for the first waiter. 1: it has it; 0: there is an owner, or nobody waits.
static int lock_for_first(struct mover *m, int requeue)
{
	struct futex_waiter *top = futex_top_waiter(m->b1, &m->from);
	struct pi_waiter *pw;
	int err;

	if (!top)
		return 0;
	pw = waiter_for(m, top);
	if (!pw)
		return -EINVAL;
	err = pi_try_lock(m->lock_word, &m->to, top->thread, requeue != 0, &m->spare, &m->state);
	if (err == 1)
		pi_wake_owner(pw);
	return err;
}

// Moves up to |count| waiters behind the lock. How many, or the error that ended it.
static int move_waiters(struct mover *m, int64_t count)
{
	struct futex_waiter *w, *next;
	int done = 0, err;

	list_for_each_safe (w, next, &m->b1->waiters, node) {
		struct pi_waiter *pw;

		if (done >= count)
			break;
		if (!futex_key_equal(&w->key, &m->from))
			continue;
		pw = waiter_for(m, w);
		if (!pw)
			return -EINVAL;
		err = pi_enqueue(pw, m->state, w->thread);
		if (err)
			return err;
		list_remove(&w->node);
		w->key = m->to;
		list_push_back(&m->b2->waiters, &w->node);
		__atomic_store_n(&w->bucket, m->b2, __ATOMIC_RELEASE);
		done++;
	}
	return done;
}

// Both buckets are locked.
static int requeue_locked(struct mover *m, struct uptr uaddr, int requeue, uint32_t expected,
			  struct uptr *fault)
{
	uint32_t now;
	int first, moved = 0;

	*fault = uaddr;
	if (user_read32_nofault(uaddr, &now))
		return -EFAULT;
	if (now != expected)
		return -ENOMSG;
	*fault = m->lock_word;
	first = lock_for_first(m, requeue);
	if (first < 0)
		return first;
	if (m->state) {
		moved = move_waiters(m, (int64_t)requeue + 1 - first);
		pi_put(m->state);
		m->state = NULL;
	}
	return moved < 0 ? moved : first + moved;
}

int64_t futex_cmp_requeue_pi(struct uptr uaddr, unsigned flags, struct uptr uaddr2, int wake,
			     int requeue, uint32_t expected)
{
	struct mover m = { .lock_word = uaddr2 };
	struct uptr fault;
	int err;

	if (wake < 0 || requeue < 0 || uaddr.va == uaddr2.va || wake != 1)
		return -EINVAL;
	err = futex_get_key(uaddr, flags, FUTEX_READ, &m.from);
	if (!err)
		err = futex_get_key(uaddr2, flags, FUTEX_WRITE, &m.to);
	if (!err && futex_key_equal(&m.from, &m.to))
		err = -EINVAL;
	if (err)
		return err;
	m.b1 = futex_bucket_of(&m.from);
	m.b2 = futex_bucket_of(&m.to);
	do {
		if (!m.spare && !(m.spare = pi_state_alloc()))
			return -ENOMEM;
		futex_lock_two(m.b1, m.b2);
		err = requeue_locked(&m, uaddr, requeue, expected, &fault);
		futex_unlock_two(m.b1, m.b2);
		if (err == -EFAULT &&
		    !user_fault_in(fault, sizeof(uint32_t), fault.va == uaddr2.va))
			err = -EAGAIN;
		sched_point();
	} while (err == -EAGAIN && !sched_killed());
	pi_state_free(m.spare);
	return err == -ENOMSG ? -EAGAIN : err;
}
