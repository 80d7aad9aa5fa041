// The dump of all threads (a hang in a test, sysrq-like requests from the host).

#include "kernel/base/log.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/sched_internal.h"

static const char *const state_names[] = {
	[THREAD_RUNNABLE] = "runnable", [THREAD_RUNNING] = "running",
	[THREAD_SLEEPING] = "sleeping", [THREAD_INTERRUPTIBLE] = "interruptible",
	[THREAD_STOPPED] = "stopped",   [THREAD_DEAD] = "dead",
};

static void dump_one(struct thread *t)
{
	const struct pt_regs *r = t->regs;

	log_print(LOG_ERROR, "sched", "thread %d %s: %s cpu %u pending %x", t->tid, t->comm,
		  state_names[t->state], t->cpu, t->pending);
	if (r)
		log_print(LOG_ERROR, "sched", "  user rip %llx rsp %llx call %lld",
			  (unsigned long long)r->rip, (unsigned long long)r->rsp,
			  (long long)r->orig_rax);
}

void sched_dump_all(void)
{
	thread_for_each(dump_one);
}
