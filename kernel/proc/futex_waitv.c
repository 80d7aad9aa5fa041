// futex_waitv(2): one thread in several queues at once. Owns no state; the waiters are the call's
// own and each is guarded by its bucket's lock.

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/proc/futex.h"
#include "kernel/proc/futex_internal.h"
#include "kernel/sched/sched.h"
#include "lib/restart.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"

// Takes the first |count| waiters off their queues. The highest index that was woken, or -1.
static int unqueue_all(struct futex_waiter *w, unsigned count)
{
	int woken = -1;

	for (unsigned i = 0; i < count; i++)
		if (!futex_unqueue(&w[i]))
			woken = (int)i;
	return woken;
}

static int get_keys(struct futex_waiter *w, const struct futex_waitv *v, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned flags = v[i].flags & FUTEX2_PRIVATE ? 0 : FUTEX_F_SHARED;
		int err = futex_get_key(UPTR(v[i].uaddr), flags, FUTEX_READ, &w[i].key);

		if (err)
			return err;
		w[i].thread = thread_current();
		w[i].bitset = FUTEX_BITSET_MATCH_ANY;
	}
	return 0;
}

// Queues all. -1: done, the thread is marked as sleeping; >= 0: one was woken meanwhile; else the
// error, with nothing queued.
static int queue_all(struct futex_waiter *w, const struct futex_waitv *v, unsigned count, int *err)
{
	*err = 0;
	for (unsigned i = 0; i < count && !*err; i++) {
		sched_set_state(THREAD_RUNNING); // faulting a word in may have to sleep
		*err = futex_queue_if_equal(&w[i], UPTR(v[i].uaddr), (uint32_t)v[i].val);
		if (*err)
			return unqueue_all(w, i);
	}
	return -1;
}

int64_t futex_wait_multiple(const struct futex_waitv *v, unsigned count, uint64_t deadline_ns)
{
	struct futex_waiter *w = kcalloc(count, sizeof(*w));
	bool in_time = true;
	int woken, err;

	if (!w)
		return -ENOMEM;
	err = get_keys(w, v, count);
	woken = -1;
	while (!err && woken < 0) {
		woken = queue_all(w, v, count, &err);
		if (err || woken >= 0)
			break;
		// Woken already: the mark of one that was queued later hides it.
		sched_set_state(THREAD_INTERRUPTIBLE);
		for (unsigned i = 0; i < count; i++)
			if (!__atomic_load_n(&w[i].bucket, __ATOMIC_SEQ_CST))
				woken = (int)i;
		if (woken < 0)
			in_time = sched_schedule_until(deadline_ns);
		sched_set_state(THREAD_RUNNING);
		woken = unqueue_all(w, count);
		if (woken < 0 && !in_time)
			err = -ETIMEDOUT;
		else if (woken < 0 && sched_interrupted())
			err = -ERESTARTSYS;
	}
	sched_set_state(THREAD_RUNNING);
	kfree(w);
	return woken >= 0 ? woken : err;
}
