// The dump of all threads (a hang in a test, sysrq-like requests from the host).

#include "kernel/base/log.h"
#include "kernel/sched/mutex.h"
#include "kernel/sched/runqueue.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/sched_internal.h"
#include "lib/fmt.h"

static const char *const state_names[] = {
	[THREAD_RUNNABLE] = "runnable", [THREAD_RUNNING] = "running",
	[THREAD_SLEEPING] = "sleeping", [THREAD_INTERRUPTIBLE] = "interruptible",
	[THREAD_STOPPED] = "stopped",   [THREAD_KILLABLE] = "killable",
	[THREAD_DEAD] = "dead",         [THREAD_MOVING] = "runnable",
};

static __stack_guarded void dump_one(struct thread *t, void *arg)
{
	const struct pt_regs *r = t->regs;
	char line[160];
	int n = fmt_snprintf(line, sizeof(line), "ouro: thread %d %s: %s cpu %u pending %x\n",
			     t->tid, t->comm, state_names[t->state], t->cpu, t->pending);

	// Somebody asked for it: whatever the log level.
	log_write_raw(line, MIN((size_t)n, sizeof(line) - 1));
	if (!r)
		return;
	n = fmt_snprintf(line, sizeof(line), "ouro:   user rip %llx rsp %llx call %lld\n",
			 (unsigned long long)r->rip, (unsigned long long)r->rsp,
			 (long long)r->orig_rax);
	log_write_raw(line, MIN((size_t)n, sizeof(line) - 1));
}

static void count_one(struct thread *t, void *arg)
{
	struct sched_stats *s = arg;

	s->switches += t->switches_voluntary + t->switches_forced;
	if (!t->tid) { // an idle thread
		s->idle_tsc += thread_runtime_tsc(t);
		return;
	}
	s->threads++;
	s->last_tid = MAX(s->last_tid, t->tid);
	s->threads_made = (uint64_t)s->last_tid;
	s->runnable += t->state == THREAD_RUNNABLE || t->state == THREAD_RUNNING;
}

void sched_get_stats(struct sched_stats *out)
{
	*out = (struct sched_stats){ 0 };
	thread_for_each(count_one, out);
}

void sched_get_cpu_stats(struct sched_cpu_stats *out)
{
	*out = (struct sched_cpu_stats){ 0 };
	for (unsigned cpu = 0; cpu < cpu_count_ready(); cpu++) {
		const struct runqueue *rq = per_cpu_ptr(runqueue, cpu);

		out->kicks += READ_ONCE(rq->kicks);
		out->moved += READ_ONCE(rq->moved);
		out->pulled += READ_ONCE(rq->pulled);
		out->sleeps += READ_ONCE(*per_cpu_ptr(lock_sleeps, cpu));
	}
}

void sched_dump_all(void)
{
	thread_for_each(dump_one, NULL);
}
