// Out of memory: the process with the most memory is killed (docs/core-rules.md, "Frames"), as
// Linux's oom_badness() (mm/oom_kill.c, 6.18) chooses it: resident pages and page tables, plus
// oom_score_adj thousandths of all RAM; -1000 is never chosen. One at a time: while a process that
// was chosen is still there, others that want memory wait for its end, but not for ever, as it may
// wait for what they hold.

#include <linux/signal.h>

#include "kernel/base/clock.h"
#include "kernel/base/log.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/sched.h"
#include "mm/phys/pmm.h"
#include "mm/virt/aspace.h"

#define ADJ_NEVER    (-1000)
#define MOST_WAIT_NS 1000000000ull // for the end of a process that was chosen
#define STEP_NS      1000000ull

static bool choosing; // somebody is; atomic

static int64_t badness(struct process *p, uint64_t total_pages)
{
	uint64_t irq = sighand_lock(p);
	const struct aspace *as = p->aspace;
	int64_t points = -1;

	if (as && p->oom_score_adj != ADJ_NEVER) {
		points = READ_ONCE(as->rss_anon) + READ_ONCE(as->rss_file) +
			 READ_ONCE(as->rss_shmem) + (int64_t)as->pt.table_pages;
		points += p->oom_score_adj * (int64_t)(total_pages / 1000);
		points = MAX(points, 0);
	}
	sighand_unlock(p, irq);
	return points;
}

// Is the end of one that was chosen earlier still to be waited for?
static bool is_awaited(const struct process *p)
{
	return p->oom_wait_ns && !p->zombie && clock_mono_ns() < p->oom_wait_ns;
}

// The process to kill, with a reference, or NULL; |*waits|: there is one that is to be waited for.
static struct process *choose_victim(int64_t *most, bool *waits)
{
	struct process *p, *victim = NULL;
	struct pmm_stats ram;

	*most = -1;
	*waits = false;
	pmm_get_stats(&ram);
	for (int from = 2; (p = process_next(from)); from = p->pid + 1) {
		int64_t points = p->oom_wait_ns ? -1 : badness(p, ram.total_pages);

		*waits |= is_awaited(p);
		if (points > *most) {
			if (victim)
				process_put(victim);
			victim = process_get(p);
			*most = points;
		}
		process_put(p);
	}
	return victim;
}

static void kill_victim(struct process *victim, int64_t pages)
{
	const struct aspace *as = victim->aspace; // compared only
	struct process *p;

	log_error("mm", "out of memory: killing process %d with %lld pages", victim->pid,
		  (long long)pages);
	// All that use its memory, which is not free before they are gone.
	for (int from = 2; (p = process_next(from)); from = p->pid + 1) {
		if (p == victim || (as && p->aspace == as)) {
			p->oom_wait_ns = clock_mono_ns() + MOST_WAIT_NS;
			(void)!signal_send_process(p, SIGKILL, NULL);
		}
		process_put(p);
	}
}

bool process_oom(struct aspace *as)
{
	struct process *victim;
	int64_t most;
	bool waits;

	(void)as;
	if (!__atomic_exchange_n(&choosing, true, __ATOMIC_ACQUIRE)) {
		victim = choose_victim(&most, &waits);
		if (victim && !waits)
			kill_victim(victim, most);
		__atomic_store_n(&choosing, false, __ATOMIC_RELEASE);
		if (victim)
			process_put(victim);
		else if (!waits)
			return false;
	}
	if (!sched_killed())
		(void)!sched_sleep_until(clock_mono_ns() + STEP_NS, false);
	return true;
}
