// The host's version of kernel/sched/waitq.c over one pthread condition variable, and a
// struct thread for each pthread (thread_current()). One mutex guards all sleeping: tests are
// small.

#include "kernel/sched/waitq.h"

#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread.h"
#include "tests/unit/shim/host_seam.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

DEFINE_PERCPU(struct thread *, percpu_current);

static struct {
	pthread_mutex_t lock;
	pthread_cond_t woken;
} sleepers = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER };

void host_cpu_claimed(unsigned cpu)
{
	static struct thread dummies[MAX_CPUS];

	dummies[cpu] = (struct thread){ .tid = (int)cpu + 2, .cpu = cpu, .refs = 1 };
	percpu_current[cpu] = &dummies[cpu];
}

void waitq_add(struct waitq *q, struct waitq_entry *e)
{
	uint64_t flags = spin_lock_irqsave(&q->lock);

	list_push_back(&q->waiters, &e->node);
	spin_unlock_irqrestore(&q->lock, flags);
}

void waitq_remove(struct waitq *q, struct waitq_entry *e)
{
	uint64_t flags = spin_lock_irqsave(&q->lock);

	list_remove(&e->node);
	spin_unlock_irqrestore(&q->lock, flags);
}

void waitq_wake(struct waitq *q, unsigned n_exclusive, uint64_t key)
{
	struct waitq_entry *e, *tmp;
	uint64_t flags;

	pthread_mutex_lock(&sleepers.lock);
	flags = spin_lock_irqsave(&q->lock);
	list_for_each_safe (e, tmp, &q->waiters, node) {
		if (e->exclusive && (!n_exclusive || (!e->func && e->woken)))
			continue;
		e->woken = true;
		if ((e->func ? e->func(e, key) : true) && e->exclusive)
			n_exclusive--;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	pthread_cond_broadcast(&sleepers.woken);
	pthread_mutex_unlock(&sleepers.lock);
}

void waitq_prepare(struct waitq *q, struct waitq_entry *e)
{
	*e = (struct waitq_entry){ .thread = thread_current() };
	waitq_add(q, e);
}

void waitq_prepare_exclusive(struct waitq *q, struct waitq_entry *e)
{
	*e = (struct waitq_entry){ .thread = thread_current(), .exclusive = true };
	waitq_add(q, e);
}

int waitq_sleep(struct waitq_entry *e, uint64_t deadline_ns, bool interruptible)
{
	int err = 0;

	if (host_spinlocks_held())
		panic("sleeping with a spinlock held");
	pthread_mutex_lock(&sleepers.lock);
	while (!e->woken && !err) {
		struct timespec until;

		if (interruptible && thread_current()->pending & (PENDING_SIGNAL | PENDING_KILL)) {
			err = -EINTR;
			break;
		}
		// Short naps: a test may set |pending| of a sleeper directly.
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 10 * 1000 * 1000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&sleepers.woken, &sleepers.lock, &until);
		if (!e->woken && deadline_ns != UINT64_MAX && cpu_rdtsc() >= deadline_ns)
			err = -ETIMEDOUT;
	}
	e->woken = false;
	pthread_mutex_unlock(&sleepers.lock);
	return err;
}

void waitq_finish(struct waitq *q, struct waitq_entry *e)
{
	waitq_remove(q, e);
}

void waitq_mark_sleeping(struct waitq *q, struct waitq_entry *e)
{
	waitq_prepare_exclusive(q, e);
}

bool waitq_sleep_once(struct waitq *q, struct waitq_entry *e)
{
	int err = waitq_sleep(e, UINT64_MAX, true);

	waitq_remove(q, e);
	return !err;
}

int sched_sleep_until(uint64_t deadline_ns, bool interruptible)
{
	while (clock_mono_ns() < deadline_ns) {
		if (interruptible && sched_interrupted())
			return -EINTR;
		usleep(1000);
	}
	return 0;
}
