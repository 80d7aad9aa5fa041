// Sleeping locks. Never taken in interrupt context or while a spinlock is held. Ranks as in lock.h.
#pragma once

#ifdef KERNEL_HOT
#include "kernel/sched/thread.h"
#endif
#include "kernel/base/percpu.h"
#include "kernel/sched/waitq.h"
#include "lib/rare.h"

// Debug builds: the calling thread wants, has, has given back a sleeping lock of |rank|. No
// spinlock may be held, and ranks must rise; what was got by trying is only noted.
#if defined(CONFIG_DEBUG_LOCKS) && !defined(OURO_HOST_TEST)
void sleeping_lock_wanted(unsigned rank, bool nested);
void sleeping_lock_taken(unsigned rank);
void sleeping_lock_released(unsigned rank);
#else
static inline void sleeping_lock_wanted(unsigned rank, bool nested)
{
}
static inline void sleeping_lock_taken(unsigned rank)
{
}
static inline void sleeping_lock_released(unsigned rank)
{
}
#endif

// Waits for sleeping locks, so far.
DECLARE_PERCPU(uint64_t, lock_sleeps);

struct mutex {
	uint32_t locked;
	struct thread *owner;
	struct waitq waiters;
	uint16_t rank;
};

static inline void mutex_init(struct mutex *m, enum lock_rank rank)
{
	m->locked = 0;
	m->owner = NULL;
	m->rank = rank;
	waitq_init(&m->waiters);
}
#define MUTEX_INIT(name, rank_)                                                                    \
	{                                                                                          \
		.rank = (rank_), .waiters = {                                                      \
			.lock = SPINLOCK_INIT(RANK_WAITQ, "waitq"),                                \
			.waiters = LIST_INIT((name).waiters.waiters)                               \
		}                                                                                  \
	}
void mutex_lock(struct mutex *m);
// For a second lock of the same rank; the caller guarantees an order (parent before child,
// address).
void mutex_lock_nested(struct mutex *m);
bool __must_check mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_is_mine(const struct mutex *m);

// Readers share, a writer excludes; writers are preferred.
struct rwsem {
	int32_t state; // > 0: readers; -1: writer
	uint32_t writers_waiting;
	struct waitq waiters;
	uint16_t rank;
};

void rwsem_init(struct rwsem *s, enum lock_rank rank);
void rwsem_read_lock_slow(struct rwsem *s);
void rwsem_write_lock_slow(struct rwsem *s);
void rwsem_wake(struct rwsem *s);

static inline bool rwsem_try_read(struct rwsem *s)
{
	int32_t n = __atomic_load_n(&s->state, __ATOMIC_RELAXED);

	while (n >= 0 && !__atomic_load_n(&s->writers_waiting, __ATOMIC_SEQ_CST))
		if (__atomic_compare_exchange_n(&s->state, &n, n + 1, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED)) {
			sleeping_lock_taken(s->rank);
			return true;
		}
	return false;
}

static inline bool rwsem_try_write(struct rwsem *s)
{
	int32_t unlocked = 0;
	bool got = __atomic_compare_exchange_n(&s->state, &unlocked, -1, false, __ATOMIC_SEQ_CST,
					       __ATOMIC_RELAXED);

	if (got)
		sleeping_lock_taken(s->rank);
	return got;
}

static inline void rwsem_read_lock(struct rwsem *s)
{
	sleeping_lock_wanted(s->rank, false);
	if (unlikely(!rwsem_try_read(s)))
		rwsem_read_lock_slow(s);
}

static inline void rwsem_read_unlock(struct rwsem *s)
{
	int32_t left;

	sleeping_lock_released(s->rank);
	left = __atomic_sub_fetch(&s->state, 1, __ATOMIC_SEQ_CST);
	if (!left && unlikely(__atomic_load_n(&s->writers_waiting, __ATOMIC_SEQ_CST)))
		rwsem_wake(s);
}

static inline void rwsem_write_lock(struct rwsem *s)
{
	sleeping_lock_wanted(s->rank, false);
	if (unlikely(!rwsem_try_write(s)))
		rwsem_write_lock_slow(s);
}

// Who waits has queued itself before it looks at the state: an empty queue needs no wake.
static inline void rwsem_write_unlock(struct rwsem *s)
{
	sleeping_lock_released(s->rank);
	__atomic_exchange_n(&s->state, 0, __ATOMIC_SEQ_CST);
	if (unlikely(!waitq_is_empty(&s->waiters)))
		rwsem_wake(s);
}

void mutex_lock_contended(struct mutex *m); // for mutex_lock only: waits until it has it
void mutex_wake(struct mutex *m);           // for mutex_unlock only: somebody waits
// What is compiled for speed has the usual case in place, as with spinlocks.
#if defined(KERNEL_HOT) && !defined(CONFIG_DEBUG_LOCKS)
static __always_inline_fn void mutex_lock_fast(struct mutex *m)
{
	if (unlikely(__atomic_exchange_n(&m->locked, 1, __ATOMIC_ACQUIRE)))
		rare_call(mutex_lock_contended, m);
	else
		m->owner = thread_current();
}

static __always_inline_fn void mutex_unlock_fast(struct mutex *m)
{
	m->owner = NULL;
	__atomic_exchange_n(&m->locked, 0, __ATOMIC_SEQ_CST);
	if (unlikely(!waitq_is_empty(&m->waiters)))
		rare_call(mutex_wake, m);
}

#define mutex_lock(m)   mutex_lock_fast(m)
#define mutex_unlock(m) mutex_unlock_fast(m)
#endif
