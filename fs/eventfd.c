// eventfd: a 64-bit counter in a file. Its lock is the wait queue's; sleeping is for a value or for
// room.
#include "fs/eventfd.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "fs/anon.h"
#include "fs/poll.h"
#include "fs/pseudo.h"
#include "kernel/sched/waitq.h"
#include "lib/restart.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uio.h"

// Linux include/uapi/linux/eventfd.h (6.x); Debian 12 has no such header.
#define EFD_SEMAPHORE 1u
#define EFD_CLOEXEC   O_CLOEXEC
#define EFD_NONBLOCK  O_NONBLOCK

struct eventfd {
	struct waitq wait;
	uint64_t count; // atomic; UINT64_MAX only by overflow from the kernel's side
	bool semaphore;
};

static struct anon_kind kind = { .name = "[eventfd]" };

// Takes the counter (or one of it). False: it is zero.
static bool take(struct eventfd *e, uint64_t *value)
{
	uint64_t old = READ_ONCE(e->count);

	do {
		if (!old)
			return false;
		*value = e->semaphore ? 1 : old;
	} while (!__atomic_compare_exchange_n(&e->count, &old, old - *value, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return true;
}

static bool give(struct eventfd *e, uint64_t value)
{
	uint64_t old = READ_ONCE(e->count);

	do {
		if (UINT64_MAX - old <= value)
			return false;
	} while (!__atomic_compare_exchange_n(&e->count, &old, old + value, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	return true;
}

static int64_t eventfd_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct eventfd *e = f->priv;
	uint64_t value;
	int err = 0;

	if (u->resid < sizeof(value))
		return -EINVAL;
	if (!take(e, &value)) {
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;
		waitq_wait_event(&e->wait, take(e, &value), err);
		if (err)
			return -ERESTARTSYS;
	}
	waitq_wake(&e->wait, 1, EPOLLOUT);
	return uio_copy_out(u, &value, sizeof(value)) == sizeof(value) ? (int64_t)sizeof(value)
								       : -EFAULT;
}

static int64_t eventfd_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct eventfd *e = f->priv;
	uint64_t value;
	int err = 0;

	if (u->resid < sizeof(value))
		return -EINVAL;
	if (uio_copy_in(u, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value == UINT64_MAX)
		return -EINVAL;
	if (!give(e, value)) {
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;
		waitq_wait_event(&e->wait, give(e, value), err);
		if (err)
			return -ERESTARTSYS;
	}
	waitq_wake(&e->wait, 1, EPOLLIN);
	return sizeof(value);
}

static uint32_t eventfd_poll(struct file *f, struct poll_table *pt)
{
	struct eventfd *e = f->priv;
	uint64_t count;

	poll_wait(pt, &e->wait);
	count = READ_ONCE(e->count);
	return (count ? EPOLLIN : 0) | (count == UINT64_MAX ? EPOLLERR : 0) |
	       (count < UINT64_MAX - 1 ? EPOLLOUT : 0);
}

static void eventfd_release(struct file *f)
{
	kfree(f->priv);
}

static void eventfd_fdinfo(struct file *f, struct seq *out)
{
	struct eventfd *e = f->priv;

	seq_printf(out, "eventfd-count: %16llx\n", (unsigned long long)READ_ONCE(e->count));
	seq_printf(out, "eventfd-semaphore: %d\n", e->semaphore);
}

static int64_t eventfd_seek(struct file *f, int64_t offset, int whence)
{
	return 0; // Linux noop_llseek
}

static const struct file_ops eventfd_ops = {
	.seek = eventfd_seek,
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.fdinfo = eventfd_fdinfo,
};

int eventfd_create(uint32_t initial, unsigned flags, struct file **out)
{
	struct eventfd *e;
	int err;

	if (flags & ~(unsigned)(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	e = kzalloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	waitq_init(&e->wait);
	e->count = initial;
	e->semaphore = flags & EFD_SEMAPHORE;
	err = anon_file_create(&kind, O_RDWR | (flags & O_NONBLOCK), &eventfd_ops, e, out);
	if (err)
		kfree(e);
	else
		(*out)->mode &= ~FMODE_SEEK; // lseek is tolerated, pread is not
	return err;
}
