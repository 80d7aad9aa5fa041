// CPU-time clocks and timers. Owns no state.
#include "kernel/proc/cputimer.h"

#include <linux/errno.h>
#include <linux/time.h>

#include "kernel/base/clock.h"
#include "kernel/base/percpu.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/waitq.h"

// The low bits of a clock number made from a pid (Linux posix-timers.h): PROF, VIRT or SCHED.
#define CPUCLOCK_WHICH 3
#define CPUCLOCK_TID   4

#define MIN_CHECK_NS  1000000ull
#define IDLE_CHECK_NS 10000000ull // nothing ran since the last look

static int thread_clock(int tid, struct cpu_clock *out)
{
	struct thread *t = tid ? pid_find_thread(tid) : thread_current();

	if (!tid)
		thread_get(t);
	if (t && t->process != process_current()) {
		thread_put(t);
		t = NULL;
	}
	out->t = t;
	return t ? 0 : -EINVAL;
}

int cpu_clock_get(int clock, struct cpu_clock *out)
{
	int pid = 0;

	*out = (struct cpu_clock){ NULL, NULL };
	if (clock < 0) {
		if ((clock & CPUCLOCK_WHICH) == CPUCLOCK_WHICH)
			return -EINVAL;
		pid = ~(clock >> 3);
	}
	if (clock < 0 ? clock & CPUCLOCK_TID : clock == CLOCK_THREAD_CPUTIME_ID)
		return thread_clock(pid, out);
	out->p = pid ? process_find(pid) : process_get(process_current());
	return out->p ? 0 : -EINVAL;
}

void cpu_clock_put(const struct cpu_clock *c)
{
	if (c->t)
		thread_put(c->t);
	if (c->p)
		process_put(c->p);
}

uint64_t cpu_clock_ns(const struct cpu_clock *c)
{
	return c->t ? thread_runtime_ns(c->t) : process_cpu_ns(c->p);
}

void cputimer_start(struct cputimer *t, uint64_t expires_ns, uint64_t now_ns)
{
	uint64_t left = expires_ns > now_ns ? expires_ns - now_ns : 0;
	uint64_t floor = now_ns == t->last_ns ? IDLE_CHECK_NS : MIN_CHECK_NS, at;
	unsigned parallel =
		t->clock.p ? MIN(READ_ONCE(t->clock.p->nthreads), cpu_count_online()) : 1;

	t->expires_ns = expires_ns;
	t->last_ns = now_ns;
	left = MAX(left / MAX(parallel, 1u), floor);
	if (__builtin_add_overflow(clock_mono_ns(), left, &at))
		at = UINT64_MAX;
	timer_arm(&t->timer, at);
}

static void check(struct timer *timer)
{
	struct cputimer *t = container_of(timer, struct cputimer, timer);
	uint64_t now = cpu_clock_ns(&t->clock);

	if (now >= t->expires_ns)
		t->fired(t, now);
	else
		cputimer_start(t, t->expires_ns, now);
}

void cputimer_init(struct cputimer *t, void (*fired)(struct cputimer *t, uint64_t now_ns))
{
	timer_init(&t->timer, check);
	t->clock = (struct cpu_clock){ NULL, NULL };
	t->last_ns = UINT64_MAX;
	t->fired = fired;
}

struct cpu_sleep {
	struct cputimer timer;
	struct waitq wait;
	bool over;
};

static void sleep_over(struct cputimer *t, uint64_t now_ns)
{
	struct cpu_sleep *s = container_of(t, struct cpu_sleep, timer);

	WRITE_ONCE(s->over, true);
	waitq_wake_all(&s->wait);
}

__stack_guarded int cputimer_sleep(const struct cpu_clock *c, uint64_t expires_ns)
{
	uint64_t now_ns = cpu_clock_ns(c);
	struct cpu_sleep s = { .over = now_ns >= expires_ns };
	int err;

	if (s.over)
		return 0;
	waitq_init(&s.wait);
	cputimer_init(&s.timer, sleep_over);
	s.timer.clock = *c;
	cputimer_start(&s.timer, expires_ns, now_ns);
	waitq_wait_event(&s.wait, READ_ONCE(s.over), err);
	timer_cancel(&s.timer.timer);
	return err ? -EINTR : 0;
}
