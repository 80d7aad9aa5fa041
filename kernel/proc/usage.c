// CPU time, resource usage and the real-time interval timer of a process.

#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/signal.h>

#include "kernel/base/clock.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/clocktimer.h"
#include "lib/string.h"
#include "mm/virt/aspace.h"

#define NSEC_PER_USEC 1000ull

static uint64_t threads_runtime_tsc_locked(struct process *p)
{
	uint64_t tsc = p->dead_runtime_tsc;
	struct uthread *u;

	list_for_each (u, &p->threads, node)
		tsc += thread_runtime_tsc(u->thread);
	return tsc;
}

static uint64_t threads_runtime_tsc(struct process *p)
{
	uint64_t irq = sighand_lock(p), tsc = threads_runtime_tsc_locked(p);

	sighand_unlock(p, irq);
	return tsc;
}

uint64_t process_cpu_ns_locked(struct process *p)
{
	return sched_tsc_to_ns(threads_runtime_tsc_locked(p));
}

uint64_t process_cpu_ns(struct process *p)
{
	return sched_tsc_to_ns(threads_runtime_tsc(p));
}

uint64_t process_clock_cpu_ns(bool thread_only)
{
	if (thread_only)
		return thread_runtime_ns(thread_current());
	return process_cpu_ns(process_current());
}

static void set_time(struct rusage *r, uint64_t ns)
{
	r->ru_utime.tv_sec = (int64_t)(ns / NSEC_PER_SEC);
	r->ru_utime.tv_usec = (int64_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC);
}

void process_usage_add(struct process_usage *sum, const struct process_usage *u)
{
	sum->runtime_tsc += u->runtime_tsc;
	sum->voluntary += u->voluntary;
	sum->forced += u->forced;
	sum->minor_faults += u->minor_faults;
	sum->major_faults += u->major_faults;
	sum->max_rss_pages = MAX(sum->max_rss_pages, u->max_rss_pages);
}

void process_usage_report(const struct process_usage *u, struct rusage *out)
{
	memset(out, 0, sizeof(*out));
	set_time(out, sched_tsc_to_ns(u->runtime_tsc));
	out->ru_nvcsw = (int64_t)u->voluntary;
	out->ru_nivcsw = (int64_t)u->forced;
	out->ru_minflt = (int64_t)u->minor_faults;
	out->ru_majflt = (int64_t)u->major_faults;
	out->ru_maxrss = (int64_t)(u->max_rss_pages * (PAGE_SIZE / 1024));
}

static uint64_t rss_pages(const struct aspace *as)
{
	int64_t n = READ_ONCE(as->rss_anon) + READ_ONCE(as->rss_file) + READ_ONCE(as->rss_shmem);

	return n > 0 ? (uint64_t)n : 0;
}

static void memory_usage(const struct aspace *as, struct process_usage *u)
{
	u->minor_faults = as->minor_faults;
	u->major_faults = as->major_faults;
	u->max_rss_pages = MAX(as->peak_rss_pages, rss_pages(as));
}

void process_usage_get(struct process *p, struct process_usage *out)
{
	uint64_t irq = sighand_lock(p);
	struct uthread *u;

	*out = p->ended;
	if (p->zombie)
		goto out;
	*out = (struct process_usage){ .runtime_tsc = p->dead_runtime_tsc,
				       .voluntary = p->dead_voluntary,
				       .forced = p->dead_forced };
	if (p->aspace)
		memory_usage(p->aspace, out);
	list_for_each (u, &p->threads, node) {
		out->runtime_tsc += thread_runtime_tsc(u->thread);
		out->voluntary += u->thread->switches_voluntary;
		out->forced += u->thread->switches_forced;
	}
out:
	sighand_unlock(p, irq);
}

int process_getrusage(int who, struct rusage *out)
{
	struct process *p = process_current();
	struct thread *t = thread_current();
	struct process_usage u = { 0 };

	switch (who) {
	case RUSAGE_SELF:
		process_usage_get(p, &u);
		break;
	case RUSAGE_THREAD:
		memory_usage(p->aspace, &u);
		u.runtime_tsc = thread_runtime_tsc(t);
		u.voluntary = t->switches_voluntary;
		u.forced = t->switches_forced;
		break;
	case RUSAGE_CHILDREN:
		process_tree_lock();
		u = p->waited;
		process_tree_unlock();
		break;
	default:
		return -EINVAL;
	}
	process_usage_report(&u, out);
	return 0;
}

// Linux arms an interval timer again when its signal is taken; here it goes on by itself, so no
// interval may leave the program without time between two interrupts.
#define MIN_REARM_NS 50000
#define MAX_SECONDS  (INT64_MAX / NSEC_PER_SEC)

static void real_timer_fired(struct timer *t)
{
	struct process *p = container_of(t, struct process, real_timer);
	uint64_t irq = sighand_lock(p), next = 0;

	if (p->real_interval_ns && p->real_deadline_ns) {
		uint64_t now = clock_mono_ns(), late = now - p->real_deadline_ns;

		next = p->real_deadline_ns + (late / p->real_interval_ns + 1) * p->real_interval_ns;
	}
	p->real_deadline_ns = next;
	sighand_unlock(p, irq);
	(void)signal_send_process(p, SIGALRM, NULL);
	if (next)
		timer_arm(t, MAX(next, clock_mono_ns() + MIN_REARM_NS));
}

static void cpu_itimer_fired(struct cputimer *c, uint64_t now)
{
	struct cpu_itimer *t = container_of(c, struct cpu_itimer, timer);
	struct process *p = c->clock.p;
	uint64_t irq = sighand_lock(p);
	bool armed = t->expires_ns;

	if (armed && t->interval_ns)
		clocktimer_forward(&t->expires_ns, t->interval_ns, now);
	else
		t->expires_ns = 0;
	if (t->expires_ns)
		cputimer_start(c, t->expires_ns, now);
	sighand_unlock(p, irq);
	if (armed)
		(void)signal_send_process(p, t->sig, NULL);
}

void process_itimer_cpu(int which, const uint64_t *value_ns, const uint64_t *interval_ns,
			uint64_t *old_value_ns, uint64_t *old_interval_ns)
{
	struct process *p = process_current();
	struct cpu_itimer *t = &p->cpu_itimers[which - 1];
	uint64_t now = process_cpu_ns(p), irq = sighand_lock(p), left = 0;

	if (t->expires_ns)
		left = MAX(t->expires_ns, now + NSEC_PER_USEC) - now;
	*old_value_ns = left;
	*old_interval_ns = t->interval_ns;
	if (value_ns)
		t->expires_ns = 0;
	sighand_unlock(p, irq);
	if (!value_ns)
		return;
	timer_cancel(&t->timer.timer);
	irq = sighand_lock(p);
	t->interval_ns = *interval_ns;
	if (*value_ns) {
		t->expires_ns = now + MIN(*value_ns, (uint64_t)INT64_MAX);
		cputimer_start(&t->timer, t->expires_ns, now);
	}
	sighand_unlock(p, irq);
}

// Linux check_process_timers: SIGXCPU at the soft limit, which is a second more from then on, and
// SIGKILL at the hard one.
static void cpu_limit_reached(struct cputimer *c, uint64_t now)
{
	struct process *p = container_of(c, struct process, cpu_limit);
	uint64_t irq = sighand_lock(p), seconds = now / NSEC_PER_SEC;
	struct rlimit_value *v = &p->limits.v[RLIMIT_CPU];
	int sig = 0;

	if (v->max <= seconds) {
		sig = SIGKILL;
	} else if (v->cur <= seconds) {
		sig = SIGXCPU;
		v->cur++;
	}
	if (sig != SIGKILL && v->cur != UINT64_MAX && c->clock.p)
		cputimer_start(c, MIN(MIN(v->cur, v->max), MAX_SECONDS) * NSEC_PER_SEC, now);
	sighand_unlock(p, irq);
	if (sig)
		(void)signal_send_process(p, sig, NULL);
}

void process_cpu_limit_changed(struct process *p)
{
	uint64_t now = process_cpu_ns(p), irq = sighand_lock(p);
	const struct rlimit_value *v = &p->limits.v[RLIMIT_CPU];

	if (v->cur != UINT64_MAX && p->cpu_limit.clock.p)
		cputimer_start(&p->cpu_limit, MIN(MIN(v->cur, v->max), MAX_SECONDS) * NSEC_PER_SEC,
			       now);
	sighand_unlock(p, irq);
}

void process_itimers_stop(struct process *p)
{
	uint64_t irq = sighand_lock(p);

	p->cpu_limit.clock.p = NULL; // from here on nobody arms it
	p->cpu_itimers[0].expires_ns = p->cpu_itimers[1].expires_ns = 0;
	sighand_unlock(p, irq);
	timer_cancel(&p->real_timer);
	timer_cancel(&p->cpu_limit.timer);
	for (unsigned i = 0; i < ARRAY_SIZE(p->cpu_itimers); i++)
		timer_cancel(&p->cpu_itimers[i].timer.timer);
}

void process_timers_init(struct process *p)
{
	timer_init(&p->real_timer, real_timer_fired);
	cputimer_init(&p->cpu_limit, cpu_limit_reached);
	p->cpu_limit.clock.p = p; // borrowed as well
	for (unsigned i = 0; i < ARRAY_SIZE(p->cpu_itimers); i++) {
		cputimer_init(&p->cpu_itimers[i].timer, cpu_itimer_fired);
		p->cpu_itimers[i].timer.clock.p = p; // borrowed: stopped before the end
		p->cpu_itimers[i].sig = i ? SIGPROF : SIGVTALRM;
	}
}

void process_itimer_real(const uint64_t *value_ns, const uint64_t *interval_ns,
			 uint64_t *old_value_ns, uint64_t *old_interval_ns)
{
	struct process *p = process_current();
	uint64_t now = clock_mono_ns(), deadline = 0, irq;

	// The callback takes the sighand lock, so the timer is stopped without it.
	if (value_ns)
		timer_cancel(&p->real_timer);
	irq = sighand_lock(p);
	if (old_value_ns)
		*old_value_ns = p->real_deadline_ns
					? MAX(p->real_deadline_ns, now + NSEC_PER_USEC) - now
					: 0;
	if (old_interval_ns)
		*old_interval_ns = p->real_interval_ns;
	if (value_ns) {
		if (*value_ns && __builtin_add_overflow(now, *value_ns, &deadline))
			deadline = UINT64_MAX - 1;
		p->real_deadline_ns = deadline;
		p->real_interval_ns = interval_ns ? *interval_ns : 0;
	}
	sighand_unlock(p, irq);
	if (deadline)
		timer_arm(&p->real_timer, deadline);
}
