// epoll(7): flags, descriptors and timeouts; fs/epoll.c does the work. Owns no state.
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "fs/epoll.h"
#include "fs/file.h"
#include "kernel/proc/signal.h"
#include "kernel/sched/cred.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

int64_t sys_epoll_create1(int flags)
{
	struct file *f;
	int err;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	err = epoll_create_file(&f);
	return err ? err : user_fd_install(f, flags & EPOLL_CLOEXEC);
}

int64_t sys_epoll_create(int size)
{
	return size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

int64_t sys_epoll_ctl(int epfd, int op, int fd, struct uptr uevent)
{
	struct epoll_event event = { 0 };
	struct file *epf, *f;
	int err;

	if (op != EPOLL_CTL_DEL && copy_from_user(&event, uevent, sizeof(event)))
		return -EFAULT;
	if (event.events & EPOLLWAKEUP && !cred_has_cap(cred_current(), CAP_BLOCK_SUSPEND))
		event.events &= ~EPOLLWAKEUP;
	epf = user_file(epfd);
	if (!epf)
		return -EBADF;
	f = user_file(fd);
	err = f ? epoll_control(epf, op, f, fd, &event) : -EBADF;
	if (f)
		file_put(f);
	file_put(epf);
	return err;
}

static int64_t wait_until(int epfd, struct uptr events, int max, uint64_t deadline_ns)
{
	struct file *epf = user_file(epfd);
	int64_t n;

	if (!epf)
		return -EBADF;
	if (max <= 0 || max > INT32_MAX / (int)sizeof(struct epoll_event))
		n = -EINVAL;
	else if (!user_range_ok(events, (uint64_t)max * sizeof(struct epoll_event)))
		n = -EFAULT;
	else
		n = epoll_wait_events(epf, events, max, deadline_ns);
	file_put(epf);
	return n;
}

static uint64_t deadline_ms(int timeout_ms)
{
	return timeout_ms < 0 ? UINT64_MAX : wait_deadline((uint64_t)timeout_ms * 1000000);
}

int64_t sys_epoll_wait(int epfd, struct uptr events, int max, int timeout_ms)
{
	return wait_until(epfd, events, max, deadline_ms(timeout_ms));
}

static int64_t wait_masked(int epfd, struct uptr events, int max, uint64_t deadline_ns,
			   struct uptr sigmask, uint64_t set_bytes)
{
	int64_t n = user_temp_mask(sigmask, set_bytes);

	if (n)
		return n;
	n = wait_until(epfd, events, max, deadline_ns);
	if (sigmask.va)
		signal_end_temp_mask(n == -EINTR);
	return n;
}

int64_t sys_epoll_pwait(int epfd, struct uptr events, int max, int timeout_ms, struct uptr sigmask,
			uint64_t set_bytes)
{
	return wait_masked(epfd, events, max, deadline_ms(timeout_ms), sigmask, set_bytes);
}

int64_t sys_epoll_pwait2(int epfd, struct uptr events, int max, struct uptr timeout,
			 struct uptr sigmask, uint64_t set_bytes)
{
	uint64_t deadline_ns;
	int err = user_deadline_get(timeout, &deadline_ns);

	return err ? err : wait_masked(epfd, events, max, deadline_ns, sigmask, set_bytes);
}
