// How much memory programs were promised, and what they use: for overcommit and /proc/meminfo. Adds
// up on demand, so that mapping pays nothing for it. Owns the list of address spaces; commit.lock
// guards it.
#include "mm/virt/commit.h"

#include <linux/capability.h>

#include "kernel/sched/cred.h"
#include "kernel/sched/thread.h"
#include "mm/phys/hugepool.h"
#include "mm/phys/pmm.h"
#include "mm/virt/mmap.h"
#include "mm/virt/slots.h"

static struct {
	struct spinlock lock;
	struct list_node spaces; // aspace.commit_node
} commit = { SPINLOCK_INIT(RANK_LAZY, "commit"), LIST_INIT(commit.spaces) };

void commit_enlist(struct aspace *as)
{
	spin_lock(&commit.lock);
	list_push_back(&commit.spaces, &as->commit_node);
	spin_unlock(&commit.lock);
}

void commit_forget(struct aspace *as)
{
	spin_lock(&commit.lock);
	list_remove(&as->commit_node);
	spin_unlock(&commit.lock);
}

// What the private mappings that count add up to. One that is busy says what it said last.
static uint64_t promised(struct aspace *as, const struct aspace *locked)
{
	uint64_t pages = 0;

	if (as != locked && !rwsem_try_read(&as->lock))
		return as->committed_pages;
	for (struct vma *v = aspace_first_vma(as); v; v = vma_next(v))
		pages += v->flags & VMA_ACCOUNT ? vma_pages(v) : 0;
	as->committed_pages = pages;
	if (as != locked)
		rwsem_read_unlock(&as->lock);
	return pages;
}

static uint64_t object_pages(void)
{
	int64_t n = 0;

	for (unsigned i = 0; i < cpu_count_ready(); i++)
		n += READ_ONCE(*per_cpu_ptr(percpu_object_pages, i));
	return n > 0 ? (uint64_t)n : 0;
}

void commit_get_stats(struct commit_stats *out, const struct aspace *locked)
{
	struct aspace *as;

	*out = (struct commit_stats){ .object_pages = object_pages() };
	spin_lock(&commit.lock);
	list_for_each (as, &commit.spaces, commit_node) {
		out->committed += promised(as, locked);
		out->anon += (uint64_t)MAX(READ_ONCE(as->rss_anon), 0);
		out->mapped += (uint64_t)MAX(READ_ONCE(as->rss_file) + READ_ONCE(as->rss_shmem), 0);
		out->tables += READ_ONCE(as->pt.table_pages);
	}
	spin_unlock(&commit.lock);
	out->committed += out->object_pages;
}

uint64_t commit_limit(void)
{
	struct pmm_stats ram;
	struct hugepool_stats pool;

	pmm_get_stats(&ram);
	hugepool_get_stats(&pool);
	if (vm_policy.overcommit_kbytes)
		return vm_policy.overcommit_kbytes / (PAGE_SIZE / 1024);
	return (ram.total_pages - (pool.total << HUGE_ORDER)) * vm_policy.overcommit_ratio / 100;
}

// Linux's __vm_enough_memory() for overcommit_memory 2.
static bool within_limit(uint64_t pages)
{
	const struct aspace *as = thread_current()->aspace;
	uint64_t allowed = commit_limit(), keep = 0;
	struct commit_stats s;

	if (!cred_has_cap(cred_current(), CAP_SYS_ADMIN))
		keep = vm_policy.admin_reserve_kbytes / (PAGE_SIZE / 1024);
	if (as)
		keep += MIN(as->total_pages / 32,
			    vm_policy.user_reserve_kbytes / (PAGE_SIZE / 1024));
	commit_get_stats(&s, as);
	return s.committed + pages + keep < allowed;
}

void vm_set_overcommit(unsigned mode)
{
	struct pmm_stats ram;

	pmm_get_stats(&ram);
	WRITE_ONCE(vm_policy.overcommit_memory, mode);
	// What vma_may_commit lets pass without asking.
	WRITE_ONCE(vm_policy.ram_pages, mode == 2 ? 0 : mode == 1 ? UINT64_MAX : ram.total_pages);
}

bool vma_may_commit_more(uint64_t pages)
{
	if (vm_policy.overcommit_memory == 2)
		return within_limit(pages);
	if (!READ_ONCE(vm_policy.ram_pages))
		vm_set_overcommit(vm_policy.overcommit_memory);
	return pages <= READ_ONCE(vm_policy.ram_pages);
}
