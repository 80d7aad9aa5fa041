// Setting the time of day, and what NTP's calls read of it. Owns no state.
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/time.h>
#include <linux/timex.h>

#include "kernel/base/clock.h"
#include "kernel/sched/clocktimer.h"
#include "kernel/sched/cred.h"
#include "lib/string.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define NSEC_PER_USEC  1000ull
#define MAX_REAL_NS    ((INT64_MAX / NSEC_PER_SEC - 30ull * 365 * 24 * 3600) * NSEC_PER_SEC)
#define PHASE_LIMIT_US 16000000 // Linux NTP_PHASE_LIMIT: errors of a clock nobody disciplines
#define MAX_FREQ       32768000
#define TICK_USEC      10000
#define TIME_CONSTANT  2

// Linux timespec64_valid_settod(), and that monotonic time began before.
static int set_real(uint64_t ns)
{
	if (!cred_has_cap(cred_current(), CAP_SYS_TIME))
		return -EPERM;
	if (ns >= MAX_REAL_NS || ns < clock_mono_ns())
		return -EINVAL;
	clocktimer_set_real_ns(ns);
	return 0;
}

int64_t sys_clock_settime(int clock, struct uptr ts)
{
	uint64_t ns;
	int err;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	err = user_timespec_get(&ns, ts);
	return err ? err : set_real(ns);
}

int64_t sys_settimeofday(struct uptr tv, struct uptr tz)
{
	struct timezone zone;
	uint64_t ns;
	int err;

	if (tv.va) {
		err = user_timeval_get(&ns, tv, true);
		if (err)
			return err;
	}
	if (tz.va && copy_from_user(&zone, tz, sizeof(zone)))
		return -EFAULT;
	if (!cred_has_cap(cred_current(), CAP_SYS_TIME))
		return -EPERM;
	if (tz.va && (zone.tz_minuteswest > 15 * 60 || zone.tz_minuteswest < -15 * 60))
		return -EINVAL;
	return tv.va ? set_real(ns) : 0;
}

int64_t sys_adjtimex(struct uptr buf)
{
	struct timex t;
	uint64_t now = clock_real_ns();
	unsigned modes;

	if (copy_from_user(&t, buf, sizeof(t)))
		return -EFAULT;
	modes = t.modes;
	if (modes && modes != ADJ_OFFSET_SS_READ)
		return cred_has_cap(cred_current(), CAP_SYS_TIME) ? -ENOSYS : -EPERM;
	memset(&t, 0, sizeof(t));
	t.modes = modes;
	t.maxerror = t.esterror = PHASE_LIMIT_US;
	t.status = STA_UNSYNC;
	t.constant = TIME_CONSTANT;
	t.precision = 1;
	t.tolerance = MAX_FREQ;
	t.tick = TICK_USEC;
	t.time.tv_sec = (int64_t)(now / NSEC_PER_SEC);
	t.time.tv_usec = (int64_t)(now % NSEC_PER_SEC / NSEC_PER_USEC);
	return copy_to_user(buf, &t, sizeof(t)) ? -EFAULT : TIME_ERROR;
}

int64_t sys_clock_adjtime(int clock, struct uptr buf)
{
	struct timex t;

	if (copy_from_user(&t, buf, sizeof(t)))
		return -EFAULT;
	if (clock == CLOCK_REALTIME)
		return sys_adjtimex(buf);
	return clock <= CLOCK_TAI && clock != CLOCK_SGI_CYCLE ? -EOPNOTSUPP : -EINVAL;
}
