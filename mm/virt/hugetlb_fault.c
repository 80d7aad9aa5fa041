// Faults on MFD_HUGETLB and MAP_HUGETLB mappings: hugetlb.h. A private mapping's own frames have no
// owner and an order-9 reference in their entry; what an object shows is borrowed from it, as small
// pages are. Holds the address space shared; never sleeps.
#include <linux/errno.h>

#include "kernel/base/cpu.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "mm/virt/huge.h"
#include "mm/virt/hugetlb.h"
#include "mm/virt/vma.h"

struct huge_fault {
	struct aspace *as;
	struct vma *v;
	va_t va; // multiple of 2 MiB
	uint64_t index;
	bool write;
};

// The object's frame, borrowed. Private mappings see it without the right to write.
static int map_shown(struct huge_fault *f, uint32_t seq, bool make)
{
	unsigned prot = vma_pt_prot(f->v) | PT_ACCESSED;
	struct page *head;
	int r = memobj_get_huge(f->v->obj, f->index, false, &head);

	if (r && make) {
		r = hugetlb_make_frame(f->v->obj, f->index, false);
		r = r ? r : memobj_get_huge(f->v->obj, f->index, false, &head);
	}
	if (r)
		return r;
	if (f->v->flags & VMA_SHARED)
		prot |= PT_DIRTY;
	else
		prot &= ~(unsigned)PT_WRITE;
	r = pt_map_huge(&f->as->pt, f->va, head, prot, &f->v->obj->seq, seq);
	return r == -EEXIST ? -EAGAIN : r;
}

// Promises of an object without a file are those of its one mapping.
static struct page *private_frame(struct huge_fault *f)
{
	return hugetlb_private_frame(f->v->obj, f->index, !f->v->owner);
}

static int map_private(struct huge_fault *f, struct page *head)
{
	int r = pt_map(&f->as->pt, f->va, page_to_pa(head), HUGE_ORDER,
		       vma_pt_prot(f->v) | PT_EXCLUSIVE | PT_ACCESSED | PT_DIRTY);

	if (r)
		page_put(head, HUGE_ORDER);
	else if (!READ_ONCE(f->v->anon_id))
		vma_set_anon_id(f->v);
	return r == -EEXIST ? -EAGAIN : r;
}

static int nothing_there(struct huge_fault *f)
{
	struct memobj *o = f->v->obj;
	uint32_t seq = __atomic_load_n(&o->seq, __ATOMIC_ACQUIRE);
	struct page *head;
	int r;

	if (seq & 1)
		return -EAGAIN;
	if ((f->index + HUGE_PAGES) << PAGE_SHIFT > READ_ONCE(o->size_bytes))
		return -ERANGE;
	if (f->v->flags & VMA_SHARED) {
		r = map_shown(f, seq, true);
		return r == -ENOENT ? -EAGAIN : r; // made and gone again
	}
	// A write comes again, to the entry.
	r = map_shown(f, seq, false);
	if (r != -ENOENT)
		return r;
	head = private_frame(f);
	return head ? map_private(f, head) : -ENOSPC;
}

static int set_prot(struct huge_fault *f, struct pt_entry e, unsigned prot)
{
	struct tlb_batch batch;
	bool done;

	tlb_batch_begin(&batch, &f->as->pt);
	done = pt_set_prot(&f->as->pt, f->va, e, prot, &batch);
	tlb_batch_end(&batch);
	return done ? 0 : -EAGAIN;
}

// A private mapping writes to what it shares: a frame of its own. |first| is page 0 of the old one,
// held: that keeps the whole frame from being used for something else.
static int copy_frame(struct huge_fault *f, struct page *first)
{
	struct page *head = private_frame(f);
	struct tlb_batch batch;

	if (!head)
		return -ENOSPC;
	for (uint64_t i = 0; i < HUGE_PAGES; i++)
		cpu_copy_page(phys_to_virt(page_to_pa(head + i)),
			      phys_to_virt(page_to_pa(first + i)));
	tlb_batch_begin(&batch, &f->as->pt);
	pt_unmap_range(&f->as->pt, f->va, f->va + HUGE_SIZE, &batch);
	tlb_batch_end(&batch);
	return map_private(f, head);
}

static int something_there(struct huge_fault *f)
{
	const bool shared = f->v->flags & VMA_SHARED;
	unsigned rights = vma_pt_prot(f->v);
	struct pt_entry e;
	struct page *first = pt_get_page(&f->as->pt, f->va, &e);
	int r;

	if (!first)
		return -EAGAIN;
	if (f->write && !(shared || e.prot & PT_EXCLUSIVE))
		r = copy_frame(f, first);
	else if (shared || e.prot & PT_EXCLUSIVE)
		r = set_prot(f, e, e.prot | rights);
	else
		r = set_prot(f, e, e.prot | (rights & ~(unsigned)PT_WRITE));
	page_put(first, 0);
	return r;
}

__stack_guarded int hugetlb_fault(struct aspace *as, struct vma *v, va_t va, bool write)
{
	struct huge_fault f = { .as = as, .v = v, .va = ALIGN_DOWN(va, HUGE_SIZE), .write = write };

	f.index = vma_index(v, f.va);
	return pt_query(&as->pt, f.va).present ? something_there(&f) : nothing_there(&f);
}
