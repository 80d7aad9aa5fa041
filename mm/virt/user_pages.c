// A program's own pages, by the rules of Linux's get_user_pages. Owns no state; takes the address
// space's lock shared, and the locks of faults.
#include <linux/errno.h>

#include "mm/phys/pmm.h"
#include "mm/virt/mmap.h"
#include "mm/virt/vma.h"

// May the mapping at |va| be read? Stacks do not grow for this.
static bool may_read_at(struct aspace *as, va_t va)
{
	const struct vma *v;
	bool ok;

	rwsem_read_lock(&as->lock);
	v = aspace_find_vma(as, va);
	ok = v && va >= v->start && v->flags & VMA_READ;
	rwsem_read_unlock(&as->lock);
	return ok;
}

// The page that an entry shows, or NULL: nothing there, or the page of zeros.
static struct page *page_shown(struct aspace *as, va_t va, bool *zeros)
{
	struct pt_entry e;
	struct page *p = pt_get_page(&as->pt, va, &e);

	*zeros = !p && e.present && e.prot & PT_SPECIAL && !pt_is_guard(&e);
	if (!p || e.prot & PT_READ)
		return p;
	page_put(p, 0);
	return NULL;
}

// The same with a fault where there is none. 0, -EFAULT, -ENOMEM.
static int page_faulted_in(struct aspace *as, va_t va, struct page **out)
{
	bool zeros;

	if (!may_read_at(as, va))
		return -EFAULT;
	for (;;) {
		*out = page_shown(as, va, &zeros);
		if (zeros)
			*out = pmm_alloc(0, PMM_ZERO);
		if (*out || zeros)
			return *out ? 0 : -ENOMEM;
		switch (aspace_fault(as, va, FAULT_ERR_USER)) {
		case FAULT_OK:
			break;
		case FAULT_OOM:
			return -ENOMEM;
		default:
			return -EFAULT;
		}
	}
}

int64_t vm_user_pages(struct aspace *as, va_t va, unsigned n, struct page **out)
{
	unsigned got = 0;
	bool zeros;
	int err = 0;

	while (got < n && (out[got] = page_shown(as, va + got * PAGE_SIZE, &zeros)))
		got++;
	for (; got < n; got++) {
		err = page_faulted_in(as, va + got * PAGE_SIZE, &out[got]);
		if (err)
			break;
	}
	return got ? (int64_t)got : err;
}
