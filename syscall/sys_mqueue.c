// POSIX message queues: names, descriptors, timeouts; kernel/proc/mqueue.c does the work. Owns no
// state.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/signal.h>

#include "fs/file.h"
#include "kernel/base/clock.h"
#include "kernel/proc/mqueue.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

static int64_t open_named(const char *name, int flags, unsigned mode, const struct mq_attr *attr)
{
	struct file *f;
	bool created;
	int fd, err = mqueue_open(name, (unsigned)flags, mode, attr, &f, &created);

	if (err)
		return err;
	fd = user_fd_install(f, true);
	if (fd < 0 && created) // as if there had been no number from the start
		err = mqueue_unlink(name);
	return fd;
}

__stack_guarded int64_t sys_mq_open(struct uptr uname, int flags, unsigned mode, struct uptr uattr)
{
	struct user_path name;
	struct mq_attr attr;
	int64_t r;

	if (uattr.va && copy_from_user(&attr, uattr, sizeof(attr)))
		return -EFAULT;
	r = user_path_get(&name, uname, false);
	if (r)
		return r;
	r = open_named(name.name, flags, mode, uattr.va ? &attr : NULL);
	user_path_put(&name);
	return r;
}

__stack_guarded int64_t sys_mq_unlink(struct uptr uname)
{
	struct user_path name;
	int64_t err = user_path_get(&name, uname, false);

	if (err)
		return err;
	err = mqueue_unlink(name.name);
	user_path_put(&name);
	return err;
}

// An optional time of CLOCK_REALTIME as a monotonic one.
static int deadline_get(struct uptr timeout, uint64_t *deadline_ns)
{
	uint64_t ns, offset = clock_real_ns() - clock_mono_ns();
	int err;

	*deadline_ns = UINT64_MAX;
	if (!timeout.va)
		return 0;
	err = user_timespec_get(&ns, timeout);
	if (!err)
		*deadline_ns = ns > offset ? ns - offset : 0;
	return err;
}

int64_t sys_mq_timedsend(int mqd, struct uptr msg, uint64_t bytes, unsigned prio,
			 struct uptr timeout)
{
	uint64_t deadline_ns;
	struct file *f;
	int err = deadline_get(timeout, &deadline_ns);

	if (err)
		return err;
	if (prio >= MQ_PRIO_MAX)
		return -EINVAL;
	f = user_file(mqd);
	if (!f)
		return -EBADF;
	err = mqueue_send(f, msg, bytes, prio, deadline_ns);
	file_put(f);
	return err;
}

int64_t sys_mq_timedreceive(int mqd, struct uptr msg, uint64_t bytes, struct uptr prio,
			    struct uptr timeout)
{
	uint64_t deadline_ns;
	struct file *f;
	int64_t r = deadline_get(timeout, &deadline_ns);

	if (r)
		return r;
	f = user_file(mqd);
	if (!f)
		return -EBADF;
	r = mqueue_receive(f, msg, bytes, prio, deadline_ns);
	file_put(f);
	return r;
}

__stack_guarded int64_t sys_mq_notify(int mqd, struct uptr event)
{
	struct sigevent ev;
	struct file *f;
	int err;

	if (event.va && copy_from_user(&ev, event, sizeof(ev)))
		return -EFAULT;
	f = user_file(mqd); // looked at last
	err = mqueue_notify(f, event.va ? &ev : NULL);
	if (f)
		file_put(f);
	return err;
}

__stack_guarded int64_t sys_mq_getsetattr(int mqd, struct uptr unew, struct uptr uold)
{
	struct mq_attr new, old;
	struct file *f;
	int err;

	if (unew.va && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	if (unew.va && new.mq_flags & ~O_NONBLOCK)
		return -EINVAL;
	f = user_file(mqd);
	if (!f)
		return -EBADF;
	err = mqueue_attr(f, unew.va ? &new : NULL, &old);
	file_put(f);
	if (!err && uold.va && copy_to_user(uold, &old, sizeof(old)))
		err = -EFAULT;
	return err;
}
