// Out of memory: the process with the most memory is killed (docs/core-rules.md, "Frames"), as
// Linux's oom_badness() (mm/oom_kill.c, 6.18) chooses it: resident pages and page tables, plus
// oom_score_adj thousandths of all RAM; -1000 is never chosen.

#include <linux/signal.h>

#include "kernel/base/log.h"
#include "kernel/proc/process_internal.h"
#include "mm/phys/pmm.h"
#include "mm/virt/aspace.h"

#define ADJ_NEVER (-1000)

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

bool process_oom(struct aspace *as)
{
	struct process *p, *victim = NULL;
	int64_t most = -1;
	struct pmm_stats ram;

	pmm_get_stats(&ram);
	for (int from = 2; (p = process_next(from)); from = p->pid + 1) {
		int64_t points = badness(p, ram.total_pages);

		if (points > most) {
			if (victim)
				process_put(victim);
			victim = process_get(p);
			most = points;
		}
		process_put(p);
	}
	if (!victim)
		return false;
	log_error("mm", "out of memory: killing process %d with %lld pages", victim->pid,
		  (long long)most);
	(void)!signal_send_process(victim, SIGKILL, NULL);
	process_put(victim);
	return true;
}
