// Sleeping locks over wait queues: one atomic operation when nobody else wants them.

#include "kernel/sched/mutex.h"

#include "kernel/base/panic.h"
#include "kernel/sched/thread.h"

DEFINE_PERCPU(uint64_t, lock_sleeps);

#if defined(CONFIG_DEBUG_LOCKS) && !defined(OURO_HOST_TEST)
void sleeping_lock_wanted(unsigned rank, bool nested)
{
	const struct thread *t = thread_current();

	if (spin_any_held())
		panic("a sleeping lock (%u) is wanted with a spinlock held", rank);
	for (unsigned i = 0; t && i < t->held_locks; i++)
		if (t->held_ranks[i] > rank || (t->held_ranks[i] == rank && !nested))
			panic("lock order: sleeping lock %u taken while holding %u", rank,
			      t->held_ranks[i]);
}

void sleeping_lock_taken(unsigned rank)
{
	struct thread *t = thread_current();

	if (!t)
		return;
	BUG_ON(t->held_locks == ARRAY_SIZE(t->held_ranks));
	t->held_ranks[t->held_locks++] = (uint8_t)rank;
}

// In any order.
void sleeping_lock_released(unsigned rank)
{
	struct thread *t = thread_current();
	unsigned i = t ? t->held_locks : 0;

	if (!t)
		return;
	while (i > 0 && t->held_ranks[i - 1] != rank)
		i--;
	if (!i)
		panic("sleeping lock %u is not held by this thread", rank);
	for (t->held_locks--; i <= t->held_locks; i++)
		t->held_ranks[i - 1] = t->held_ranks[i];
}
#endif

bool mutex_trylock(struct mutex *m)
{
	if (__atomic_exchange_n(&m->locked, 1, __ATOMIC_ACQUIRE))
		return false;
	m->owner = thread_current();
	sleeping_lock_taken(m->rank);
	return true;
}

void mutex_lock_contended(struct mutex *m)
{
	struct waitq_entry e;

	ASSERT(!mutex_is_mine(m));
	this_cpu_add(lock_sleeps, 1);
	waitq_prepare_exclusive(&m->waiters, &e);
	while (!mutex_trylock(m))
		(void)waitq_sleep(&e, UINT64_MAX, false);
	waitq_finish(&m->waiters, &e);
}

RARE_CALL_THUNK(mutex_lock_contended);

void mutex_wake(struct mutex *m)
{
	waitq_wake(&m->waiters, 1, 0);
}

RARE_CALL_THUNK(mutex_wake);

void(mutex_lock)(struct mutex *m)
{
	sleeping_lock_wanted(m->rank, false);
	if (unlikely(!mutex_trylock(m)))
		mutex_lock_contended(m);
}

void mutex_lock_nested(struct mutex *m)
{
	sleeping_lock_wanted(m->rank, true);
	if (unlikely(!mutex_trylock(m)))
		mutex_lock_contended(m);
}

void(mutex_unlock)(struct mutex *m)
{
	DEBUG_ASSERT(mutex_is_mine(m));
	sleeping_lock_released(m->rank);
	m->owner = NULL;
	__atomic_exchange_n(&m->locked, 0, __ATOMIC_SEQ_CST);
	if (!waitq_is_empty(&m->waiters))
		mutex_wake(m);
}

bool mutex_is_mine(const struct mutex *m)
{
	return READ_ONCE(m->locked) && READ_ONCE(m->owner) == thread_current();
}

void rwsem_init(struct rwsem *s, enum lock_rank rank)
{
	s->state = 0;
	s->writers_waiting = 0;
	s->rank = rank;
	waitq_init(&s->waiters);
}

__noinline void rwsem_read_lock_slow(struct rwsem *s)
{
	int err;

	this_cpu_add(lock_sleeps, 1);
	waitq_wait_until(&s->waiters, rwsem_try_read(s), UINT64_MAX, false, err);
	(void)err;
}

__noinline void rwsem_write_lock_slow(struct rwsem *s)
{
	struct waitq_entry e;

	this_cpu_add(lock_sleeps, 1);
	__atomic_add_fetch(&s->writers_waiting, 1, __ATOMIC_SEQ_CST);
	waitq_prepare_exclusive(&s->waiters, &e);
	while (!rwsem_try_write(s))
		(void)waitq_sleep(&e, UINT64_MAX, false);
	waitq_finish(&s->waiters, &e);
	__atomic_sub_fetch(&s->writers_waiting, 1, __ATOMIC_SEQ_CST);
}

__noinline void rwsem_wake(struct rwsem *s)
{
	// One writer: the others would find the lock taken. It wakes the next when it is done.
	waitq_wake(&s->waiters, 1, 0);
}
