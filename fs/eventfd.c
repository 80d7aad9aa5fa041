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
#include "mm/virt/uaccess.h"
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

// Sleeps until it has the counter, or not if |f| says so. 0, -EAGAIN or -ERESTARTSYS.
static __noinline int take_slowly(const struct file *f, struct eventfd *e, uint64_t *value)
{
	int err;

	if (READ_ONCE(f->flags) & O_NONBLOCK)
		return -EAGAIN;
	waitq_wait_queued(&e->wait, take(e, value), UINT64_MAX, true, err);
	return err ? -ERESTARTSYS : 0;
}

static __noinline int give_slowly(const struct file *f, struct eventfd *e, uint64_t value)
{
	int err;

	if (READ_ONCE(f->flags) & O_NONBLOCK)
		return -EAGAIN;
	waitq_wait_queued(&e->wait, give(e, value), UINT64_MAX, true, err);
	return err ? -ERESTARTSYS : 0;
}

static __always_inline_fn int take_or_wait(const struct file *f, struct eventfd *e, uint64_t *value)
{
	int err = 0;

	if (!take(e, value))
		err = take_slowly(f, e, value);
	if (!err)
		waitq_wake(&e->wait, 1, EPOLLOUT);
	return err;
}

static __always_inline_fn int give_or_wait(const struct file *f, struct eventfd *e, uint64_t value)
{
	int err = 0;

	if (unlikely(value == UINT64_MAX))
		return -EINVAL;
	if (unlikely(!give(e, value)))
		err = give_slowly(f, e, value);
	if (!err)
		waitq_wake(&e->wait, 1, EPOLLIN);
	return err;
}

static int64_t eventfd_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	uint64_t value;
	int err;

	if (u->resid < sizeof(value))
		return -EINVAL;
	err = take_or_wait(f, f->priv, &value);
	if (err)
		return err;
	return uio_copy_out(u, &value, sizeof(value)) == sizeof(value) ? (int64_t)sizeof(value)
								       : -EFAULT;
}

static int64_t eventfd_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	uint64_t value;
	int err;

	if (u->resid < sizeof(value))
		return -EINVAL;
	if (uio_copy_in(u, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	err = give_or_wait(f, f->priv, value);
	return err ? err : (int64_t)sizeof(value);
}

// read(2) and write(2) in one piece: no uio.
static int64_t eventfd_read_quick(struct file *f, struct uptr buf, size_t bytes)
{
	uint64_t value;
	int err;

	if (unlikely(bytes < sizeof(value)))
		return -EINVAL;
	err = take_or_wait(f, f->priv, &value);
	if (unlikely(err))
		return err;
	return user_write_in_range(buf, &value, sizeof(value)) == sizeof(value)
		       ? (int64_t)sizeof(value)
		       : -EFAULT;
}

static int64_t eventfd_write_quick(struct file *f, struct uptr buf, size_t bytes)
{
	uint64_t value;
	int err;

	if (unlikely(bytes < sizeof(value)))
		return -EINVAL;
	if (unlikely(user_read_in_range(&value, buf, sizeof(value)) != sizeof(value)))
		return -EFAULT;
	err = give_or_wait(f, f->priv, value);
	return unlikely(err) ? err : (int64_t)sizeof(value);
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
	.read_quick = eventfd_read_quick,
	.write_quick = eventfd_write_quick,
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
