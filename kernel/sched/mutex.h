// Sleeping locks. Never taken in interrupt context or while a spinlock is held. Ranks as in lock.h.
#pragma once

#include "kernel/sched/waitq.h"

struct mutex {
	uint32_t locked;
	struct thread *owner;
	struct waitq waiters;
	uint16_t rank;
};

void mutex_init(struct mutex *m, enum lock_rank rank);
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
void rwsem_read_lock(struct rwsem *s);
void rwsem_read_unlock(struct rwsem *s);
void rwsem_write_lock(struct rwsem *s);
void rwsem_write_unlock(struct rwsem *s);
