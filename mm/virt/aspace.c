// Address spaces: making, sharing, tearing down. aspace->lock guards the vma set; the page tables
// have locks of their own. A record outlives its mappings while somebody holds struct_refs.
#include "mm/virt/aspace.h"

#include <linux/errno.h>

#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/tlb.h"
#include "mm/virt/commit.h"
#include "mm/virt/lazy.h"
#include "mm/virt/vma.h"

static struct {
	uint64_t last_id; // atomic
} state;

struct aspace *aspace_create(void)
{
	struct aspace *as = kzalloc(sizeof(*as));

	if (!as)
		return NULL;
	if (pt_create(&as->pt)) {
		kfree(as);
		return NULL;
	}
	as->id = __atomic_add_fetch(&state.last_id, 1, __ATOMIC_RELAXED);
	as->refs = 1;
	as->struct_refs = 1;
	rwsem_init(&as->lock, RANK_ASPACE);
	as->mmap_base = USER_TOP;
	as->stack_guard_gap_pages = 256;
	as->limits = (struct rlimits_mm){ UINT64_MAX, UINT64_MAX, 8 << 20, 8 << 20 };
	commit_enlist(as);
	return as;
}

void aspace_get(struct aspace *as)
{
	__atomic_fetch_add(&as->refs, 1, __ATOMIC_RELAXED);
}

bool aspace_try_get(struct aspace *as)
{
	uint32_t n = __atomic_load_n(&as->refs, __ATOMIC_RELAXED);

	while (n && !__atomic_compare_exchange_n(&as->refs, &n, n + 1, false, __ATOMIC_ACQUIRE,
						 __ATOMIC_RELAXED))
		;
	return n;
}

void aspace_struct_get(struct aspace *as)
{
	__atomic_fetch_add(&as->struct_refs, 1, __ATOMIC_RELAXED);
}

void aspace_struct_put(struct aspace *as)
{
	if (__atomic_sub_fetch(&as->struct_refs, 1, __ATOMIC_ACQ_REL))
		return;
	pt_destroy(&as->pt);
	vma_free_spares(as);
	kfree(as);
}

static void unmap_everything(struct aspace *as)
{
	struct vma *dead = NULL;

	rwsem_write_lock(&as->lock);
	vma_remove_all(as, &dead);
	rwsem_write_unlock(&as->lock);
	vma_release_list(dead);
}

void aspace_put(struct aspace *as)
{
	if (__atomic_sub_fetch(&as->refs, 1, __ATOMIC_ACQ_REL))
		return;
	lazy_forget(as);
	commit_forget(as);
	unmap_everything(as);
	if (as->exe_owner)
		as->exe_ops->put(as->exe_owner);
	aspace_struct_put(as);
}

const char *vma_special_name(const struct vma *v)
{
	const struct aspace *as = v->aspace;

	if (v->name)
		return v->name;
	if (v->owner)
		return NULL;
	if (v->start < as->brk && v->end > as->brk_start)
		return "[heap]";
	if (v->start <= as->stack_top && v->end >= as->stack_top && as->stack_top)
		return "[stack]";
	return NULL;
}
