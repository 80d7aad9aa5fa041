// What stops a program from mapping more: RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK.
// Reads counters under the address space's lock; owns the sysctls.
#include <linux/capability.h>

#include "kernel/sched/cred.h"
#include "mm/virt/mmap.h"
#include "mm/virt/vma.h"

struct vm_policy vm_policy = {
	.overcommit_memory = 0,
	.overcommit_ratio = 50,
	.admin_reserve_kbytes = 8192,
	.user_reserve_kbytes = 131072,
	.max_map_count = 65530,
};

bool vma_can_mlock(const struct aspace *as)
{
	return as->limits.memlock || cred_has_cap(cred_current(), CAP_IPC_LOCK);
}

bool vma_may_lock(const struct aspace *as, uint64_t more_pages)
{
	return as->locked_pages + more_pages <= as->limits.memlock >> PAGE_SHIFT ||
	       cred_has_cap(cred_current(), CAP_IPC_LOCK);
}
