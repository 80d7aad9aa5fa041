// CPU time, resource usage and the real-time interval timer of a process.

#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/signal.h>

#include "kernel/base/clock.h"
#include "kernel/proc/process_internal.h"
#include "lib/string.h"
#include "mm/virt/aspace.h"

#define NSEC_PER_USEC 1000ull

static uint64_t threads_runtime_tsc(struct process *p)
{
	uint64_t irq = sighand_lock(p), tsc = p->dead_runtime_tsc;
	struct uthread *u;

	list_for_each (u, &p->threads, node)
		tsc += thread_runtime_tsc(u->thread);
	sighand_unlock(p, irq);
	return tsc;
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

static void add_switches(struct process *p, struct rusage *r)
{
	uint64_t irq = sighand_lock(p);
	struct uthread *u;

	r->ru_nvcsw = (int64_t)p->dead_voluntary;
	r->ru_nivcsw = (int64_t)p->dead_forced;
	list_for_each (u, &p->threads, node) {
		r->ru_nvcsw += (int64_t)u->thread->switches_voluntary;
		r->ru_nivcsw += (int64_t)u->thread->switches_forced;
	}
	sighand_unlock(p, irq);
}

static uint64_t rss_pages(const struct aspace *as)
{
	int64_t n = READ_ONCE(as->rss_anon) + READ_ONCE(as->rss_file) + READ_ONCE(as->rss_shmem);

	return n > 0 ? (uint64_t)n : 0;
}

int process_getrusage(int who, struct rusage *out)
{
	struct process *p = process_current();
	struct thread *t = thread_current();

	memset(out, 0, sizeof(*out));
	switch (who) {
	case RUSAGE_SELF:
		set_time(out, process_cpu_ns(p));
		add_switches(p, out);
		break;
	case RUSAGE_THREAD:
		set_time(out, thread_runtime_ns(t));
		out->ru_nvcsw = (int64_t)t->switches_voluntary;
		out->ru_nivcsw = (int64_t)t->switches_forced;
		break;
	case RUSAGE_CHILDREN:
		set_time(out, sched_tsc_to_ns(p->children_runtime_tsc));
		return 0;
	default:
		return -EINVAL;
	}
	out->ru_minflt = (int64_t)p->aspace->minor_faults;
	out->ru_majflt = (int64_t)p->aspace->major_faults;
	out->ru_maxrss = (int64_t)(MAX(p->aspace->peak_rss_pages, rss_pages(p->aspace)) *
				   (PAGE_SIZE / 1024));
	return 0;
}

// Linux arms an interval timer again when its signal is taken; here it goes on by itself, so no
// interval may leave the program without time between two interrupts.
#define MIN_REARM_NS 50000

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

void process_timers_init(struct process *p)
{
	timer_init(&p->real_timer, real_timer_fired);
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
