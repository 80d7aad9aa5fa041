// Steps of the page fault for pages that belong to the page tables alone: anonymous memory, private
// copies of an object's pages, and whatever is present already. See fault_impl.h.
#include <linux/errno.h>

#include "kernel/base/cpu.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "mm/virt/fault_impl.h"
#include "mm/virt/huge.h"

static struct {
	struct page *zero_page; // made on first use, permanent; set once, atomically
} state;

static struct page *zero_page(void)
{
	struct page *p = __atomic_load_n(&state.zero_page, __ATOMIC_ACQUIRE), *none = NULL;

	if (likely(p))
		return p;
	p = pmm_alloc(0, PMM_ZERO);
	if (!p)
		return NULL;
	p->flags |= PAGE_PERMANENT;
	if (__atomic_compare_exchange_n(&state.zero_page, &none, p, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return p;
	p->flags &= (uint8_t)~PAGE_PERMANENT;
	page_put(p, 0);
	return none;
}

// Anonymous memory, nothing there, read: the shared zero page.
enum step_result fault_anon_zero(struct fault *f)
{
	struct page *p = zero_page();
	int r;

	if (!p)
		return fail(f, FAULT_OOM);
	r = pt_map(&f->as->pt, f->va, page_to_pa(p), 0,
		   read_only(vma_pt_prot(f->v)) | PT_SPECIAL | PT_ACCESSED);
	if (r == -ENOMEM)
		return fail(f, FAULT_OOM);
	return r ? STEP_AGAIN : STEP_DONE;
}

// Anonymous memory, nothing there, written: a page of its own.
enum step_result fault_anon_new(struct fault *f)
{
	int r;

	if (unlikely(f->v->flags & VMA_HUGEPAGE) &&
	    !huge_map_anon(f->as, f->v, f->va, owned(vma_pt_prot(f->v))))
		return STEP_DONE;
	r = fault_make_anon(f->as, f->v, f->va);
	if (r == -ENOMEM)
		return fail(f, FAULT_OOM);
	return r ? STEP_AGAIN : STEP_DONE;
}

int fault_make_anon(struct aspace *as, struct vma *v, va_t va)
{
	struct page *p = pmm_alloc(0, PMM_ZERO);
	int r;

	if (!p)
		return -ENOMEM;
	mark_faulted(v);
	r = pt_map(&as->pt, va, page_to_pa(p), 0, owned(vma_pt_prot(v)));
	if (unlikely(r))
		page_put(p, 0);
	else
		rss_add(&as->rss_anon, 1);
	return r;
}

// The entry gives way to a copy of what it shows (or zeros, for the zero page) that may be
// written. |old| is held by the caller unless it is the zero page (NULL).
static __stack_guarded enum step_result copy_entry(struct fault *f, struct pt_entry e,
						   struct page *old)
{
	struct page *p = pmm_alloc(0, old ? 0 : PMM_ZERO);
	struct tlb_batch batch;
	bool replaced;

	if (!p)
		return fail(f, FAULT_OOM);
	if (old)
		cpu_copy_page(phys_to_virt(page_to_pa(p)), phys_to_virt(page_to_pa(old)));
	mark_faulted(f->v);
	tlb_batch_begin(&batch, &f->as->pt);
	replaced =
		pt_replace(&f->as->pt, f->va, e, page_to_pa(p), owned(vma_pt_prot(f->v)), &batch);
	tlb_batch_end(&batch);
	if (!replaced) {
		page_put(p, 0);
		return STEP_AGAIN;
	}
	if (!old || old->owner) {
		rss_add(&f->as->rss_anon, 1);
		if (old)
			rss_add(object_rss(f), -1);
	}
	return STEP_DONE;
}

__stack_guarded enum step_result fault_set_prot(struct fault *f, struct pt_entry e, unsigned prot)
{
	struct tlb_batch batch;
	bool done;

	tlb_batch_begin(&batch, &f->as->pt);
	done = pt_set_prot(&f->as->pt, f->va, e, prot, &batch);
	tlb_batch_end(&batch);
	return done ? STEP_DONE : STEP_AGAIN;
}

bool fault_entry_allows(const struct fault *f, const struct pt_entry *e)
{
	unsigned need = f->write ? PT_WRITE : PT_READ;

	if (f->v->flags & VMA_EXEC)
		need |= PT_EXEC;
	return (e->prot & need) == need;
}

// Read of a present entry: another CPU was faster, or the entry has fewer rights than the mapping.
enum step_result fault_present_read(struct fault *f)
{
	struct pt_entry e = pt_query(&f->as->pt, f->va);

	if (!e.present)
		return STEP_AGAIN;
	if (fault_entry_allows(f, &e))
		return STEP_DONE;
	return fault_set_prot(f, e, e.prot | read_only(vma_pt_prot(f->v)));
}

// Write to a present entry of private memory: in place if the frame is ours alone, else a copy.
enum step_result fault_private_write(struct fault *f)
{
	struct pt_entry e;
	struct page *old = pt_get_page(&f->as->pt, f->va, &e);
	enum step_result r;

	if (!e.present)
		r = STEP_AGAIN;
	else if (fault_entry_allows(f, &e))
		r = STEP_DONE;
	else if (e.prot & PT_EXCLUSIVE)
		r = fault_set_prot(f, e, e.prot | vma_pt_prot(f->v) | PT_DIRTY);
	else if (e.order) {
		huge_split(f->as, f->v, f->va);
		r = STEP_AGAIN;
	} else
		r = copy_entry(f, e, old);
	if (old)
		page_put(old, 0);
	return r;
}
