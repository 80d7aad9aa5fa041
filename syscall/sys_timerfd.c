// timerfd(2): flags and descriptors; fs/timerfd.c does the work. Owns no state.
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/time.h>
#include <linux/timerfd.h>

#include "fs/file.h"
#include "fs/timerfd.h"
#include "kernel/sched/clocktimer.h"
#include "kernel/sched/cred.h"
#include "syscall/args.h"
#include "syscall/calls.h"

int64_t sys_timerfd_create(int clock, uint64_t flags)
{
	bool alarm = clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
	struct file *f;
	int err;

	if ((unsigned)flags & ~(unsigned)(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (!alarm && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
	    clock != CLOCK_BOOTTIME)
		return -EINVAL;
	if (alarm && !cred_has_cap(cred_current(), CAP_WAKE_ALARM))
		return -EPERM;
	err = timerfd_create_file(clock, (unsigned)flags, &f);
	return err ? err : user_fd_install(f, flags & TFD_CLOEXEC);
}

int64_t sys_timerfd_settime(int fd, uint64_t flags, struct uptr new, struct uptr old)
{
	struct timer_spec spec, before;
	struct file *f;
	int err = user_itimerspec_get(&spec, new);

	if (err)
		return err;
	if ((unsigned)flags & ~(unsigned)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	f = user_file(fd);
	if (!f)
		return -EBADF;
	err = timerfd_set(f, (unsigned)flags, &spec, &before);
	file_put(f);
	if (!err && old.va)
		err = user_itimerspec_put(old, &before);
	return err;
}

int64_t sys_timerfd_gettime(int fd, struct uptr out)
{
	struct timer_spec now;
	struct file *f = user_file(fd);
	int err;

	if (!f)
		return -EBADF;
	err = timerfd_get(f, &now);
	file_put(f);
	return err ? err : user_itimerspec_put(out, &now);
}
