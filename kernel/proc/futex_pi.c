// Futexes with priority inheritance. The word holds the owner's number; who waits stands in the
// bucket of the word, and by priority in a struct pi_state, which exists as long as somebody waits
// (or was given the lock and has not looked yet). A thread is lent the most urgent priority of
// those who wait for what it owns, and so on along the chain. Follows Linux's kernel/futex/pi.c
// (6.18) in what it answers; there is no stealing: a lock goes to the first waiter.
//
// Lock: pi.lock (RANK_FUTEX_PI) guards every struct pi_state, the lists of what threads own, and
// whom they wait for; it is taken inside of the bucket's lock. One for all: chains cross addresses.

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/base/lock.h"
#include "kernel/proc/futex.h"
#include "kernel/proc/futex_internal.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/prio.h"
#include "kernel/sched/sched.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"

#define CHAIN_MAX 1024 // Linux's max_lock_depth; longer ones count as a deadlock

struct pi_state {
	struct thread *owner;     // NULL: it ended while nobody waited yet
	struct list_node held;    // in the owner's pi_held
	struct list_node waiters; // struct pi_waiter, most urgent first
	unsigned refs; // waiters, those included that were granted the lock and still sleep
	bool stale;    // the owner has not written its number into the word yet
};

static struct {
	struct spinlock lock;
} pi = { .lock = SPINLOCK_INIT(RANK_FUTEX_PI, "futex pi") };

struct pi_state *pi_state_alloc(void)
{
	return kmalloc(sizeof(struct pi_state));
}

void pi_state_free(struct pi_state *spare)
{
	kfree(spare);
}

struct futex_waiter *futex_top_waiter(struct futex_bucket *b, const struct futex_key *key)
{
	struct futex_waiter *w;

	list_for_each (w, &b->waiters, node)
		if (futex_key_equal(&w->key, key))
			return w;
	return NULL;
}

// ---- priorities; pi.lock is held ----

// Behind its equals.
static void insert_by_prio(struct pi_state *s, struct pi_waiter *pw)
{
	struct list_node *after = s->waiters.prev;

	while (after != &s->waiters && list_entry(after, struct pi_waiter, node)->prio > pw->prio)
		after = after->prev;
	list_push_front(after, &pw->node);
}

// The most urgent of those who wait for |t|.
static int lent_prio(struct thread *t)
{
	struct pi_state *s;
	int prio = PRIO_NONE;

	list_for_each (s, &t->uthread->pi_held, held)
		if (!list_empty(&s->waiters))
			prio = MIN(prio, list_first(&s->waiters, struct pi_waiter, node)->prio);
	return prio;
}

// What waits for |t| has changed, or its own priority: passes that on along the chain.
static void adjust_chain(struct thread *t)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		struct pi_waiter *pw = t->uthread->pi_blocked_on;
		int lent = lent_prio(t);

		if (t->uthread->pi_lent != lent)
			sched_boost(t, lent);
		t->uthread->pi_lent = lent;
		if (!pw || pw->prio == sched_prio(t))
			return;
		pw->prio = sched_prio(t);
		list_remove(&pw->node);
		insert_by_prio(pw->state, pw);
		t = pw->state->owner;
	}
}

// Would |t| wait for itself if it waited for |s|?
static bool closes_circle(const struct pi_state *s, const struct thread *t)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		if (s->owner == t)
			return true;
		if (!s->owner->uthread->pi_blocked_on)
			return false;
		s = s->owner->uthread->pi_blocked_on->state;
	}
	return true;
}

static void set_owner(struct pi_state *s, struct thread *t)
{
	s->owner = t;
	list_push_back(&t->uthread->pi_held, &s->held);
}

// Gives |s| to its first waiter, which wakes up as the owner.
static void grant(struct pi_state *s, bool died)
{
	struct pi_waiter *pw = list_first(&s->waiters, struct pi_waiter, node);
	struct thread *old = s->owner, *t = pw->w.thread;

	list_remove(&pw->node);
	list_remove(&s->held);
	t->uthread->pi_blocked_on = NULL;
	set_owner(s, t);
	s->stale = pw->died = died;
	adjust_chain(old);
	adjust_chain(t);
	// It takes the bucket's lock, or pi.lock, before it is gone.
	pw->granted = true;
	sched_wake(t, 1u << THREAD_INTERRUPTIBLE);
}

static void put_locked(struct pi_state *s)
{
	if (--s->refs)
		return;
	list_remove(&s->held);
	if (s->owner)
		adjust_chain(s->owner);
	kfree(s);
}

void pi_put(struct pi_state *state)
{
	spin_lock(&pi.lock);
	put_locked(state);
	spin_unlock(&pi.lock);
}

// ---- taking the lock; the bucket is locked ----

// Changes the word from |from| to |to|. 0, -EFAULT, -EAGAIN if it was not |from|.
static int change_word(struct uptr uaddr, uint32_t from, uint32_t to)
{
	uint32_t seen = from;

	if (user_cmpxchg32_nofault(uaddr, &seen, to))
		return -EFAULT;
	return seen == from ? 0 : -EAGAIN;
}

// Others wait already: does the word agree with what they wait for?
static int attach_to_waiter(struct futex_waiter *w, uint32_t word, struct pi_state **state)
{
	struct pi_state *s = w->bitset ? NULL : pi_waiter_of(w)->state;
	int tid = (int)(word & FUTEX_TID_MASK);
	int err = 0;

	if (!s)
		return -EINVAL;
	spin_lock(&pi.lock);
	if (s->stale || (word & FUTEX_OWNER_DIED && !tid) || tid == s->owner->tid) {
		s->refs++;
		*state = s;
	} else {
		err = -EINVAL;
	}
	spin_unlock(&pi.lock);
	return err;
}

static void attach_new(struct thread *owner, struct pi_state **spare, struct pi_state **state)
{
	struct pi_state *s = *spare;

	*spare = NULL;
	list_init(&s->waiters);
	s->refs = 1;
	s->stale = false;
	set_owner(s, owner);
	*state = s;
}

// The first waiter finds the owner by its number. A thread that ends has done with its list before
// it is marked.
static int attach_to_owner(struct uptr uaddr, uint32_t word, struct pi_state **spare,
			   struct pi_state **state)
{
	struct thread *t = pid_find_thread((int)(word & FUTEX_TID_MASK));
	uint32_t now;
	int err = -ESRCH;

	if (t && !t->uthread) {
		thread_put(t);
		return -EPERM;
	}
	if (t) {
		spin_lock(&pi.lock);
		if (!t->uthread->pi_exited) {
			attach_new(t, spare, state);
			err = 0;
		}
		spin_unlock(&pi.lock);
		thread_put(t);
	}
	if (!err)
		return 0;
	// It may have marked its death in the word meanwhile.
	if (user_read32_nofault(uaddr, &now))
		return -EFAULT;
	return now == word ? -ESRCH : -EAGAIN;
}

int pi_try_lock(struct uptr uaddr, const struct futex_key *key, struct thread *t, bool waiters,
		struct pi_state **spare, struct pi_state **state)
{
	struct futex_bucket *b = futex_bucket_of(key);
	struct futex_waiter *top;
	uint32_t word, to;
	int err;

	if (user_read32_nofault(uaddr, &word))
		return -EFAULT;
	if ((word & FUTEX_TID_MASK) == (uint32_t)t->tid)
		return -EDEADLK;
	top = futex_top_waiter(b, key);
	if (top)
		return attach_to_waiter(top, word, state);
	if (word & FUTEX_TID_MASK) {
		to = word | FUTEX_WAITERS;
		err = change_word(uaddr, word, to);
		return err ? err : attach_to_owner(uaddr, to, spare, state);
	}
	to = (word & FUTEX_OWNER_DIED) | (uint32_t)t->tid | (waiters ? FUTEX_WAITERS : 0);
	err = change_word(uaddr, word, to);
	if (err)
		return err;
	if (waiters) {
		spin_lock(&pi.lock);
		attach_new(t, spare, state);
		spin_unlock(&pi.lock);
	}
	return 1;
}

int pi_enqueue(struct pi_waiter *pw, struct pi_state *state, struct thread *t)
{
	int err = 0;

	spin_lock(&pi.lock);
	if (!state->owner) {
		err = -EAGAIN;
	} else if (closes_circle(state, t)) {
		err = -EDEADLK;
	} else {
		pw->state = state;
		state->refs++;
		pw->prio = sched_prio(t);
		insert_by_prio(state, pw);
		t->uthread->pi_blocked_on = pw;
		adjust_chain(state->owner);
	}
	spin_unlock(&pi.lock);
	return err;
}

void pi_wake_owner(struct pi_waiter *pw)
{
	list_remove(&pw->w.node);
	spin_lock(&pi.lock);
	__atomic_store_n(&pw->w.bucket, NULL, __ATOMIC_RELEASE);
	pw->granted = true;
	sched_wake(pw->w.thread, 1u << THREAD_INTERRUPTIBLE);
	spin_unlock(&pi.lock);
}

// ---- waiting ----

// Writes the calling thread's number into the word of a lock whose owner died.
static int write_own_number(struct uptr uaddr)
{
	uint32_t own = (uint32_t)thread_current()->tid | FUTEX_WAITERS | FUTEX_OWNER_DIED;
	uint32_t word;
	int err;

	for (;;) {
		err = user_read32_nofault(uaddr, &word);
		if (!err)
			err = change_word(uaddr, word, own);
		if (!err)
			return 0;
		if (err == -EFAULT && user_fault_in(uaddr, sizeof(word), true))
			return -EFAULT;
		sched_point();
	}
}

// Locks the bucket that |w| is in; NULL: it is in none any more.
static struct futex_bucket *lock_bucket(struct futex_waiter *w)
{
	struct futex_bucket *b;

	while ((b = __atomic_load_n(&w->bucket, __ATOMIC_ACQUIRE))) {
		spin_lock(&b->lock);
		if (b == w->bucket)
			break;
		spin_unlock(&b->lock);
	}
	return b;
}

// Takes the waiter off its bucket and its lock. -EAGAIN: not yet, the word is to be written first;
// else whether it owns the lock.
static int leave(struct pi_waiter *pw, bool written)
{
	struct futex_bucket *b = lock_bucket(&pw->w);
	int result;

	spin_lock(&pi.lock);
	result = pw->granted && pw->died && !written ? -EAGAIN : pw->granted;
	if (result >= 0 && b)
		list_remove(&pw->w.node);
	if (result >= 0 && pw->state) {
		if (result) {
			pw->state->stale = false;
		} else {
			list_remove(&pw->node);
			thread_current()->uthread->pi_blocked_on = NULL;
			if (pw->state->owner)
				adjust_chain(pw->state->owner);
		}
		put_locked(pw->state);
	}
	spin_unlock(&pi.lock);
	if (b)
		spin_unlock(&b->lock);
	return result;
}

int pi_wait(struct pi_waiter *pw, struct uptr uaddr, uint64_t deadline_ns)
{
	bool in_time = true;
	int err = 0, owns;

	for (;;) {
		sched_set_state(THREAD_INTERRUPTIBLE);
		if (__atomic_load_n(&pw->granted, __ATOMIC_ACQUIRE) || sched_interrupted() ||
		    !in_time)
			break;
		if (deadline_ns == UINT64_MAX)
			schedule();
		else
			in_time = sched_schedule_until(deadline_ns);
	}
	sched_set_state(THREAD_RUNNING);
	owns = leave(pw, false);
	if (owns == -EAGAIN) {
		err = write_own_number(uaddr);
		owns = leave(pw, true);
	}
	if (owns)
		return err;
	return in_time ? -EINTR : -ETIMEDOUT;
}

// Takes the lock or queues |pw| for it. 1: taken; 0: queued, the thread is marked as sleeping.
static int lock_or_queue(struct pi_waiter *pw, struct uptr uaddr, bool try_only,
			 struct pi_state **spare)
{
	struct futex_bucket *b = futex_bucket_of(&pw->w.key);
	struct pi_state *state = NULL;
	int err;

	spin_lock(&b->lock);
	err = pi_try_lock(uaddr, &pw->w.key, pw->w.thread, false, spare, &state);
	if (!err) {
		err = try_only ? -EBUSY : pi_enqueue(pw, state, pw->w.thread);
		pi_put(state);
	}
	if (!err) {
		pw->w.bucket = b;
		list_push_back(&b->waiters, &pw->w.node);
	}
	spin_unlock(&b->lock);
	return err;
}

int64_t futex_lock_pi(struct uptr uaddr, unsigned flags, uint64_t deadline_ns, bool try_only)
{
	struct pi_waiter pw = { .w.thread = thread_current() };
	struct pi_state *spare = NULL;
	int err = futex_get_key(uaddr, flags, FUTEX_WRITE, &pw.w.key);

	if (err)
		return err;
	do {
		if (!spare && !(spare = pi_state_alloc()))
			return -ENOMEM;
		err = lock_or_queue(&pw, uaddr, try_only, &spare);
		if (err == -EFAULT && !user_fault_in(uaddr, sizeof(uint32_t), true))
			err = -EAGAIN;
		sched_point();
	} while (err == -EAGAIN && !sched_killed());
	pi_state_free(spare);
	if (!err)
		err = pi_wait(&pw, uaddr, deadline_ns);
	else if (err == 1)
		return 0;
	else if (err == -EBUSY)
		return -EAGAIN;
	return err == -EINTR ? -ERESTARTNOINTR : err;
}

// ---- letting go ----

// The bucket is locked; |w| waits. 0, or an error of which -EAGAIN and -EFAULT are tried again.
static int hand_over(struct uptr uaddr, uint32_t word, struct futex_waiter *w)
{
	struct pi_state *s = w->bitset ? NULL : pi_waiter_of(w)->state;
	uint32_t to, seen = word;
	int err = -EINVAL;

	if (!s)
		return err;
	spin_lock(&pi.lock);
	if (s->owner != thread_current() || list_empty(&s->waiters))
		goto out;
	to = (uint32_t)list_first(&s->waiters, struct pi_waiter, node)->w.thread->tid;
	err = user_cmpxchg32_nofault(uaddr, &seen, to | FUTEX_WAITERS);
	if (!err && seen != word) // someone who is about to wait may have set the bit
		err = (seen & FUTEX_TID_MASK) == (word & FUTEX_TID_MASK) ? -EAGAIN : -EINVAL;
	if (!err)
		grant(s, false);
out:
	spin_unlock(&pi.lock);
	return err;
}

int64_t futex_unlock_pi(struct uptr uaddr, unsigned flags)
{
	struct futex_key key;
	struct futex_bucket *b;
	struct futex_waiter *w;
	uint32_t word;
	int err;

	do {
		if (get_user(word, uaddr))
			return -EFAULT;
		if ((word & FUTEX_TID_MASK) != (uint32_t)thread_current()->tid)
			return -EPERM;
		err = futex_get_key(uaddr, flags, FUTEX_WRITE, &key);
		if (err)
			return err;
		b = futex_bucket_of(&key);
		spin_lock(&b->lock);
		w = futex_top_waiter(b, &key);
		err = w ? hand_over(uaddr, word, w) : change_word(uaddr, word, 0);
		spin_unlock(&b->lock);
		if (err == -EFAULT && !user_fault_in(uaddr, sizeof(word), true))
			err = -EAGAIN;
		sched_point();
	} while (err == -EAGAIN && !sched_killed());
	return err;
}

void futex_pi_exit(struct thread *t, bool dies)
{
	struct uthread *u = t->uthread;

	spin_lock(&pi.lock);
	u->pi_exited = dies;
	while (!list_empty(&u->pi_held)) {
		struct pi_state *s = list_first(&u->pi_held, struct pi_state, held);

		if (list_empty(&s->waiters)) { // the first one is just about to be
			list_remove(&s->held);
			s->owner = NULL;
		} else {
			grant(s, true);
		}
		spin_unlock(&pi.lock);
		sched_point();
		spin_lock(&pi.lock);
	}
	spin_unlock(&pi.lock);
}

// Called by the scheduler after the own priority of |t| has changed.
static void prio_changed(struct thread *t)
{
	if (!t->uthread)
		return;
	spin_lock(&pi.lock);
	adjust_chain(t);
	spin_unlock(&pi.lock);
}

__cold void futex_pi_init(void)
{
	sched_set_prio_hook(prio_changed);
}
