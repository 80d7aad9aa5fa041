// Memory policies of mappings, on a machine that has one node: kept and told, without effect. What
// a policy's number means, syscall/sys_numa.c says. Holds the address space's lock.
#include <linux/errno.h>

#include "mm/virt/mmap.h"
#include "mm/virt/vma.h"

struct policy_visit {
	vm_mempolicy_fn *fn;
	void *arg;
	struct vma *dead;
	int result;
};

static int policy_visit(struct aspace *as, struct vma **v, va_t start, va_t end, void *arg)
{
	struct policy_visit *p = arg;
	int policy = p->fn(p->arg, (*v)->policy), r;

	if (policy < 0)
		return policy == -ENOENT ? 0 : policy;
	p->result = 0;
	if (policy == (*v)->policy)
		return 0;
	if (as->vma_count >= vm_policy.max_map_count)
		return -ENOMEM;
	r = vma_isolate_one(as, *v, start, end, v);
	if (r)
		return r;
	(*v)->policy = (uint8_t)policy;
	*v = vma_merge_around(as, *v, &p->dead);
	return 0;
}

static int count_visit(struct aspace *as, struct vma **v, va_t start, va_t end, void *arg)
{
	return 0;
}

int vm_mbind(struct aspace *as, va_t start, va_t end, vm_mempolicy_fn *fn, void *arg, bool holes)
{
	struct policy_visit p = { .fn = fn, .arg = arg, .result = holes ? -ENOENT : 0 };
	int r = 0;

	rwsem_write_lock(&as->lock);
	if (!holes && vma_for_range(as, start, end, count_visit, NULL))
		r = -EFAULT; // nothing is changed
	else
		r = vma_for_range(as, start, end, policy_visit, &p);
	rwsem_write_unlock(&as->lock);
	vma_release_list(p.dead);
	// vma_for_range tells of holes after it is through.
	return r == -ENOMEM && holes ? p.result : r ? r : p.result;
}

int vm_get_policy(struct aspace *as, va_t va)
{
	struct vma *v;
	int r = -EFAULT;

	rwsem_read_lock(&as->lock);
	v = aspace_find_vma(as, va);
	if (v && v->start <= va)
		r = v->policy;
	rwsem_read_unlock(&as->lock);
	return r;
}

// As Linux's move_pages(2) sees a page: 0 (its node), or why it has none.
int vm_page_node(struct aspace *as, va_t va)
{
	struct pt_entry e;
	struct vma *v;
	int r = -EFAULT;

	rwsem_read_lock(&as->lock);
	v = aspace_find_vma(as, va);
	if (v && v->start <= va && !(v->flags & VMA_SPECIAL)) {
		e = pt_query(&as->pt, va);
		r = !e.present || pt_is_guard(&e) ? -ENOENT : e.prot & PT_SPECIAL ? -EFAULT : 0;
	}
	rwsem_read_unlock(&as->lock);
	return r;
}
