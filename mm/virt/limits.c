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

bool vma_may_commit_more(uint64_t pages)
{
	struct pmm_stats stats;

	if (vm_policy.overcommit_memory == 1)
		return true;
	if (!READ_ONCE(vm_policy.ram_pages)) {
		pmm_get_stats(&stats);
		WRITE_ONCE(vm_policy.ram_pages, stats.total_pages);
	}
	return pages <= READ_ONCE(vm_policy.ram_pages);
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
