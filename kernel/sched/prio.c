// Priorities of threads. All run at nice 0 so far; what a boost orders is who waits first. Owns the
// hook (set once, at start); a thread's |boost| is a single byte that is written whole.

#include "kernel/sched/prio.h"

#include "kernel/sched/thread.h"

static struct {
	void (*hook)(struct thread *t);
} prio;

int sched_base_prio(const struct thread *t)
{
	return PRIO_DEFAULT;
}

int sched_prio(const struct thread *t)
{
	return MIN(sched_base_prio(t), PRIO_NONE - (int)READ_ONCE(t->boost));
}

void sched_boost(struct thread *t, int to)
{
	WRITE_ONCE(t->boost, (uint8_t)(PRIO_NONE - to));
}

void sched_set_prio_hook(void (*fn)(struct thread *t))
{
	prio.hook = fn;
}

void sched_prio_changed(struct thread *t)
{
	if (prio.hook)
		prio.hook(t);
}
