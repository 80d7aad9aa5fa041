// O_ASYNC: entries on the wait queues that a file's poll names. A wake comes with the queue's lock
// held, under which no signal may be sent: a timer that fires at once does that. Lock: async.lock
// (a mutex, RANK_DRIVER) guards f->fasync; |events| is atomic.
#include "fs/fasync.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "fs/file.h"
#include "fs/poll.h"
#include "kernel/base/clock.h"
#include "kernel/sched/mutex.h"
#include "kernel/sched/timer.h"
#include "mm/phys/kmalloc.h"

#define QUEUES 2u // no file names more

struct watch {
	struct waitq_entry entry;
	struct waitq *queue;
	struct fasync *fasync;
};

struct fasync {
	struct file *file;
	int fd;
	uint32_t events; // seen since the last signal
	struct timer timer;
	struct poll_table pt;
	unsigned used;
	struct watch watches[QUEUES];
};

static struct {
	struct mutex lock;
	fasync_send_fn *send;
} async = { .lock = MUTEX_INIT(async.lock, RANK_DRIVER) };

void fasync_set_sender(fasync_send_fn *fn)
{
	async.send = fn;
}

static bool woken(struct waitq_entry *e, uint64_t key)
{
	struct fasync *a = container_of(e, struct watch, entry)->fasync;

	__atomic_fetch_or(&a->events, key ? (uint32_t)key : EPOLLIN | EPOLLOUT, __ATOMIC_RELAXED);
	timer_arm(&a->timer, clock_mono_ns());
	return false;
}

static void fired(struct timer *t)
{
	struct fasync *a = container_of(t, struct fasync, timer);
	uint32_t events = __atomic_exchange_n(&a->events, 0, __ATOMIC_RELAXED);
	const struct file *f = a->file;

	if (events && f->owner_pid && async.send)
		async.send(f->owner_pid, f->owner_sig, a->fd, events);
}

static void add(struct poll_table *pt, struct waitq *q)
{
	struct fasync *a = container_of(pt, struct fasync, pt);
	struct watch *w = &a->watches[a->used];

	if (a->used == QUEUES)
		return;
	a->used++;
	*w = (struct watch){ .entry = { .func = woken }, .queue = q, .fasync = a };
	waitq_add(q, &w->entry);
}

static int start_locked(struct file *f, int fd)
{
	struct fasync *a = kzalloc(sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->file = f;
	a->fd = fd;
	a->pt.add = add;
	timer_init(&a->timer, fired);
	f->fasync = a;
	(void)f->ops->poll(f, &a->pt);
	return 0;
}

static void stop(struct file *f)
{
	struct fasync *a = f->fasync;

	f->fasync = NULL;
	for (unsigned i = 0; i < a->used; i++)
		waitq_remove(a->watches[i].queue, &a->watches[i].entry);
	timer_cancel(&a->timer);
	kfree(a);
}

int fasync_set(struct file *f, int fd, bool on)
{
	int err = 0;

	mutex_lock(&async.lock);
	if (on && !f->fasync)
		err = start_locked(f, fd);
	else if (!on && f->fasync)
		stop(f);
	mutex_unlock(&async.lock);
	return err;
}

void fasync_forget(struct file *f)
{
	stop(f);
}
