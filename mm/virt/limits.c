// What stops a program from mapping more: RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK and overcommit.
// Reads counters under the address space's lock; owns the sysctls.
#include <linux/capability.h>

#include "kernel/sched/cred.h"
#include "mm/phys/pmm.h"
#include "mm/virt/mmap.h"
#include "mm/virt/vma.h"

struct vm_policy vm_policy = {
	.overcommit_memory = 0,
	.max_map_count = 65530,
	.mmap_min_addr = 65536,
};

bool vma_may_expand(const struct aspace *as, unsigned flags, uint64_t pages)
{
	if (as->total_pages + pages > as->limits.as >> PAGE_SHIFT)
		return false;
	if ((flags & (VMA_WRITE | VMA_SHARED | VMA_STACK | VMA_GROWSDOWN)) == VMA_WRITE)
		return as->data_pages + pages <= as->limits.data >> PAGE_SHIFT;
	return true;
}

// Linux's heuristic: one request may not be larger than all memory. The total never changes.
bool vma_may_commit(uint64_t pages)
{
	static uint64_t total_pages;
	struct pmm_stats stats;

	if (vm_policy.overcommit_memory == 1)
		return true;
	if (!READ_ONCE(total_pages)) {
		pmm_get_stats(&stats);
		WRITE_ONCE(total_pages, stats.total_pages);
	}
	return pages <= READ_ONCE(total_pages);
}

bool vma_can_mlock(const struct aspace *as)
{
	return as->limits.memlock || cred_has_cap(cred_current(), CAP_IPC_LOCK);
}

bool vma_may_lock(const struct aspace *as, uint64_t more_pages)
{
	return as->locked_pages + more_pages <= as->limits.memlock >> PAGE_SHIFT ||
	       cred_has_cap(cred_current(), CAP_IPC_LOCK);
}
