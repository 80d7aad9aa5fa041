// Clocks, sleeping and interval timers. Owns no state.
#include <asm/errno.h>
#include <linux/time.h>
#include <linux/times.h>

#include "kernel/base/clock.h"
#include "kernel/proc/cputimer.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "kernel/sched/sched.h"
#include "lib/restart.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define NSEC_PER_USEC 1000ull
#define USEC_PER_SEC  1000000ull
#define COARSE_RES_NS 4000000ull // what Linux with 250 ticks a second answers
#define ABSOLUTE      UINT64_MAX
#define USER_HZ       100ull // clock_t of times(2)

enum clock_base { BASE_NONE, BASE_REAL, BASE_MONO, BASE_PROCESS, BASE_THREAD };

static const struct {
	uint8_t base;
	bool coarse, can_sleep;
} clocks[] = {
	[CLOCK_REALTIME] = { BASE_REAL, false, true },
	[CLOCK_MONOTONIC] = { BASE_MONO, false, true },
	[CLOCK_PROCESS_CPUTIME_ID] = { BASE_PROCESS, false, true },
	[CLOCK_THREAD_CPUTIME_ID] = { BASE_THREAD, false, false },
	[CLOCK_MONOTONIC_RAW] = { BASE_MONO, false, false },
	[CLOCK_REALTIME_COARSE] = { BASE_REAL, true, false },
	[CLOCK_MONOTONIC_COARSE] = { BASE_MONO, true, false },
	[CLOCK_BOOTTIME] = { BASE_MONO, false, true },
	[CLOCK_TAI] = { BASE_REAL, false, true },
};

static int read_cpu_clock(int clock, uint64_t *ns)
{
	struct cpu_clock c;
	int err = cpu_clock_get(clock, &c);

	if (err)
		return err;
	*ns = cpu_clock_ns(&c);
	cpu_clock_put(&c);
	return 0;
}

static int read_clock(int clock, uint64_t *ns)
{
	if (clock < 0)
		return read_cpu_clock(clock, ns);
	switch ((unsigned)clock < ARRAY_SIZE(clocks) ? clocks[clock].base : BASE_NONE) {
	case BASE_REAL:
		*ns = clock_real_ns();
		return 0;
	case BASE_MONO:
		*ns = clock_mono_ns();
		return 0;
	case BASE_PROCESS:
	case BASE_THREAD:
		*ns = process_clock_cpu_ns(clock == CLOCK_THREAD_CPUTIME_ID);
		return 0;
	default:
		return -EINVAL;
	}
}

int64_t sys_clock_gettime(int clock, struct uptr out)
{
	uint64_t ns;
	int err = read_clock(clock, &ns);

	return err ? err : user_timespec_put(out, ns);
}

int64_t sys_clock_getres(int clock, struct uptr out)
{
	uint64_t ns;
	int err = read_clock(clock, &ns);

	if (err || !out.va)
		return err;
	return user_timespec_put(out, clock >= 0 && clocks[clock].coarse ? COARSE_RES_NS : 1);
}

int64_t sys_gettimeofday(struct uptr tv, struct uptr tz)
{
	uint64_t us = clock_real_ns() / NSEC_PER_USEC;
	struct __kernel_old_timeval now = { (int64_t)(us / USEC_PER_SEC),
					    (int64_t)(us % USEC_PER_SEC) };
	struct timezone zone = { 0, 0 };

	if (tv.va && copy_to_user(tv, &now, sizeof(now)))
		return -EFAULT;
	return tz.va ? copy_to_user(tz, &zone, sizeof(zone)) : 0;
}

int64_t sys_time(struct uptr out)
{
	int64_t seconds = (int64_t)(clock_real_ns() / NSEC_PER_SEC);

	if (out.va && put_user(seconds, out))
		return -EFAULT;
	return seconds;
}

int64_t sys_times(struct uptr out)
{
	struct process *p = process_current();
	uint64_t tick_ns = NSEC_PER_SEC / USER_HZ;
	struct tms t = { .tms_utime = (int64_t)(process_cpu_ns(p) / tick_ns) };

	if (out.va && copy_to_user(out, &t, sizeof(t)))
		return -EFAULT;
	return (int64_t)(clock_mono_ns() / tick_ns);
}

// Sleeps to a monotonic deadline; what is left goes to |rem| when a signal ends the sleep.
static int64_t sleep_relative(uint64_t deadline_ns, struct uptr rem);

static int64_t sleep_restart(struct restart_block *rb)
{
	return sleep_relative(rb->arg[0], UPTR(rb->arg[1]));
}

static int64_t sleep_relative(uint64_t deadline_ns, struct uptr rem)
{
	struct restart_block *rb = restart_block_current();
	uint64_t now;

	if (!sched_sleep_until(deadline_ns, true))
		return 0;
	now = clock_mono_ns();
	if (now >= deadline_ns)
		return 0;
	if (rem.va && user_timespec_put(rem, deadline_ns - now))
		return -EFAULT;
	rb->fn = sleep_restart;
	rb->arg[0] = deadline_ns;
	rb->arg[1] = rem.va;
	return -ERESTART_RESTARTBLOCK;
}

int64_t sys_nanosleep(struct uptr req, struct uptr rem)
{
	uint64_t ns;
	int err = user_timespec_get(&ns, req);

	return err ? err : sleep_relative(deadline_after(ns), rem);
}

static int64_t sleep_absolute(unsigned base, uint64_t target_ns)
{
	uint64_t offset = base == BASE_REAL ? clock_real_ns() - clock_mono_ns() : 0;
	uint64_t deadline = target_ns > offset ? target_ns - offset : 0;

	return sched_sleep_until(deadline, true) ? -ERESTARTNOHAND : 0;
}

static int64_t cpu_sleep_to(int clock, uint64_t expires_ns, struct uptr rem);

static int64_t cpu_sleep_restart(struct restart_block *rb)
{
	return cpu_sleep_to((int)rb->arg[2], rb->arg[0], UPTR(rb->arg[1]));
}

// |rem| is for relative sleeps, which go on; UPTR(ABSOLUTE) says that it is none.
static int64_t cpu_sleep_to(int clock, uint64_t expires_ns, struct uptr rem)
{
	struct restart_block *rb = restart_block_current();
	struct cpu_clock c;
	uint64_t now;
	int err = cpu_clock_get(clock, &c);

	if (err)
		return err;
	err = cputimer_sleep(&c, expires_ns);
	now = cpu_clock_ns(&c);
	cpu_clock_put(&c);
	if (!err)
		return 0;
	if (rem.va == ABSOLUTE)
		return -ERESTARTNOHAND;
	if (rem.va && user_timespec_put(rem, expires_ns > now ? expires_ns - now : 0))
		return -EFAULT;
	rb->fn = cpu_sleep_restart;
	rb->arg[0] = expires_ns;
	rb->arg[1] = rem.va;
	rb->arg[2] = (uint64_t)clock;
	return -ERESTART_RESTARTBLOCK;
}

// A thread cannot wait for its own time.
static bool is_own_thread(int clock)
{
	int tid = ~(clock >> 3);

	return clock & 4 && (!tid || tid == thread_current()->tid);
}

static int64_t cpu_sleep(int clock, bool absolute, uint64_t ns, uint64_t now, struct uptr rem)
{
	uint64_t expires;

	if (clock < 0 && is_own_thread(clock))
		return -EINVAL;
	if (absolute)
		return cpu_sleep_to(clock, ns, UPTR(ABSOLUTE));
	if (__builtin_add_overflow(now, ns, &expires))
		expires = UINT64_MAX;
	return cpu_sleep_to(clock, expires, rem);
}

int64_t sys_clock_nanosleep(int clock, uint64_t flags, struct uptr req, struct uptr rem)
{
	uint64_t ns, now;
	int err = read_clock(clock, &now);

	if (err)
		return -EINVAL;
	if (clock >= 0 && !clocks[clock].can_sleep)
		return -EOPNOTSUPP;
	err = user_timespec_get(&ns, req);
	if (err)
		return err;
	if (clock < 0 || clocks[clock].base == BASE_PROCESS)
		return cpu_sleep(clock, flags & TIMER_ABSTIME, ns, now, rem);
	if (flags & TIMER_ABSTIME)
		return sleep_absolute(clocks[clock].base, ns);
	return sleep_relative(deadline_after(ns), rem);
}

// struct itimerval: interval first.
static int itimerval_get(uint64_t *value, uint64_t *interval, struct uptr src)
{
	int err = user_timeval_get(interval, src, true);

	return err ? err
		   : user_timeval_get(value, uptr_add(src, sizeof(struct __kernel_old_timeval)),
				      true);
}

static int itimerval_put(struct uptr dst, uint64_t value_ns, uint64_t interval_ns)
{
	uint64_t us[2] = { interval_ns / NSEC_PER_USEC, value_ns / NSEC_PER_USEC };
	struct __kernel_old_timeval tv[2];

	for (unsigned i = 0; i < 2; i++) {
		tv[i].tv_sec = (int64_t)(us[i] / USEC_PER_SEC);
		tv[i].tv_usec = (int64_t)(us[i] % USEC_PER_SEC);
	}
	return copy_to_user(dst, tv, sizeof(tv));
}

int64_t sys_getitimer(int which, struct uptr cur)
{
	uint64_t value = 0, interval = 0;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL)
		process_itimer_real(NULL, NULL, &value, &interval);
	else
		process_itimer_cpu(which, NULL, NULL, &value, &interval);
	return itimerval_put(cur, value, interval);
}

int64_t sys_setitimer(int which, struct uptr new, struct uptr old)
{
	uint64_t value = 0, interval = 0, old_value = 0, old_interval = 0;
	int err = new.va ? itimerval_get(&value, &interval, new) : 0;

	if (err)
		return err;
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL)
		process_itimer_real(&value, &interval, &old_value, &old_interval);
	else
		process_itimer_cpu(which, &value, &interval, &old_value, &old_interval);
	return old.va ? itimerval_put(old, old_value, old_interval) : 0;
}

int64_t sys_alarm(unsigned seconds)
{
	uint64_t value = seconds * NSEC_PER_SEC, interval = 0, old;

	process_itimer_real(&value, &interval, &old, NULL);
	// Linux rounds to the nearest second, but never down to "none".
	return old && old < NSEC_PER_SEC ? 1 : (int64_t)((old + NSEC_PER_SEC / 2) / NSEC_PER_SEC);
}
