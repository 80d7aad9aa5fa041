// POSIX timers: kernel/proc/posix_timer.c does the work. Owns no state.
#include <asm/errno.h>
#include <linux/signal.h>
#include <linux/time.h>

#include "kernel/proc/posix_timer.h"
#include "kernel/sched/clocktimer.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

int64_t sys_timer_create(int clock, struct uptr event, struct uptr id)
{
	struct posix_timer_event ev = { .notify = SIGEV_SIGNAL, .sig = SIGALRM };
	struct sigevent se;
	int number, err;

	if (event.va) {
		if (copy_from_user(&se, event, sizeof(se)))
			return -EFAULT;
		ev.notify = se.sigev_notify;
		ev.sig = se.sigev_signo;
		ev.tid = se.sigev_notify_thread_id;
		ev.value = (uint64_t)se.sigev_value.sival_ptr;
	} else {
		ev.value_is_id = true;
	}
	err = posix_timer_create(clock, &ev, &number);
	if (!err && put_user(number, id)) {
		err = posix_timer_delete(number);
		err = -EFAULT;
	}
	return err;
}

int64_t sys_timer_settime(int id, uint64_t flags, struct uptr new, struct uptr old)
{
	struct timer_spec spec, before;
	int err;

	if (!new.va)
		return -EINVAL;
	err = user_itimerspec_get(&spec, new);
	if (!err)
		err = posix_timer_set(id, flags & TIMER_ABSTIME, &spec, &before);
	if (!err && old.va)
		err = user_itimerspec_put(old, &before);
	return err;
}

int64_t sys_timer_gettime(int id, struct uptr out)
{
	struct timer_spec now;
	int err = posix_timer_get(id, &now);

	return err ? err : user_itimerspec_put(out, &now);
}

int64_t sys_timer_getoverrun(int id)
{
	return posix_timer_overrun(id);
}

int64_t sys_timer_delete(int id)
{
	return posix_timer_delete(id);
}
