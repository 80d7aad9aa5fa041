// 2 MiB entries in address spaces: huge.h. Owns no state. An object's frames go into page tables
// under the directory's lock after o->seq was checked there (mapper_huge.c), as small pages do.
// Nothing here is needed for a program to go on: whatever fails leaves the work to small pages.
#include "mm/virt/huge.h"

#include <linux/errno.h>

#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "mm/virt/guard.h"
#include "mm/virt/slots.h"
#include "mm/virt/vma.h"

// May the 2 MiB around |va| be one entry, as far as the bounds of |v| go?
static bool aligned_within(const struct vma *v, va_t va)
{
	va_t base = ALIGN_DOWN(va, HUGE_SIZE);

	if (base < v->start || v->end - base < HUGE_SIZE)
		return false;
	return !v->obj || IS_ALIGNED(vma_index(v, base), HUGE_PAGES);
}

static void count_rss(int64_t *counter)
{
	__atomic_fetch_add(counter, (int64_t)HUGE_PAGES, __ATOMIC_RELAXED);
}

int huge_map_object(struct aspace *as, struct vma *v, va_t va, unsigned prot, bool make)
{
	va_t base = ALIGN_DOWN(va, HUGE_SIZE);
	struct memobj *o = v->obj;
	struct page *head;
	uint32_t seq;
	int r;

	if (!aligned_within(v, va) || pt_has_table(&as->pt, base))
		return -ENOENT;
	seq = __atomic_load_n(&o->seq, __ATOMIC_ACQUIRE);
	if (seq & 1)
		return -EAGAIN;
	if (memobj_get_huge(o, vma_index(v, base), make, &head))
		return -ENOENT;
	r = pt_map_huge(&as->pt, base, head, prot, &o->seq, seq);
	if (r)
		return r == -EAGAIN ? r : -ENOENT;
	count_rss(o->counts_as_file ? &as->rss_file : &as->rss_shmem);
	return 0;
}

int huge_map_anon(struct aspace *as, struct vma *v, va_t va, unsigned prot)
{
	va_t base = ALIGN_DOWN(va, HUGE_SIZE);
	struct page *head;

	if (!aligned_within(v, va) || pt_has_table(&as->pt, base))
		return -ENOENT;
	head = pmm_alloc(HUGE_ORDER, PMM_ZERO | PMM_NOWAIT);
	if (!head)
		return -ENOENT;
	if (!READ_ONCE(v->anon_id))
		vma_set_anon_id(v);
	if (pt_map(&as->pt, base, page_to_pa(head), HUGE_ORDER, prot)) {
		page_put(head, HUGE_ORDER);
		return -ENOENT;
	}
	count_rss(&as->rss_anon);
	return 0;
}

// Taking write away from one page, which it does not have, makes the entry 512 small ones.
__stack_guarded void huge_split(struct aspace *as, struct vma *v, va_t va)
{
	struct tlb_batch batch;

	va = ALIGN_DOWN(va, PAGE_SIZE);
	tlb_batch_begin(&batch, &as->pt);
	pt_protect_range(&as->pt, va, va + PAGE_SIZE, vma_pt_prot(v), false, &batch);
	tlb_batch_end(&batch);
}

static bool populate_locked(struct aspace *as, va_t va, bool write)
{
	struct vma *v = aspace_find_vma(as, va);
	unsigned prot = PT_ACCESSED | PT_DIRTY;

	if (!v || v->start > va || v->flags & (VMA_HUGETLB | VMA_NOHUGEPAGE | VMA_SPECIAL) ||
	    !(v->flags & (write ? VMA_WRITE : VMA_PROT_FLAGS)))
		return false;
	if (!READ_ONCE(v->touched))
		WRITE_ONCE(v->touched, VMA_TOUCHED);
	prot |= vma_pt_prot(v);
	if (!v->obj)
		return write && !huge_map_anon(as, v, va, prot | PT_EXCLUSIVE);
	return (v->flags & VMA_SHARED) && !v->obj->ops->mkwrite &&
	       !huge_map_object(as, v, va, prot, true);
}

bool huge_populate(struct aspace *as, va_t va, va_t end, bool write)
{
	bool done;

	if (!IS_ALIGNED(va, HUGE_SIZE) || end - va < HUGE_SIZE)
		return false;
	rwsem_read_lock(&as->lock);
	done = populate_locked(as, va, write);
	rwsem_read_unlock(&as->lock);
	return done;
}

// ---- MADV_COLLAPSE

// The pages of [va, va + 2 MiB) with a reference each, where all are ours alone.
static bool take_pages(struct aspace *as, va_t va, struct page **pages)
{
	bool ours = true;

	for (uint64_t i = 0; i < HUGE_PAGES; i++) {
		struct pt_entry e;

		pages[i] = pt_get_page(&as->pt, va + i * PAGE_SIZE, &e);
		if (pages[i] && (READ_ONCE(pages[i]->count) != 2 || READ_ONCE(pages[i]->pins)))
			ours = false;
	}
	return ours;
}

static void fill_frame(struct page *head, struct page **pages)
{
	for (uint64_t i = 0; i < HUGE_PAGES; i++) {
		void *to = phys_to_virt(page_to_pa(head + i));

		if (pages[i])
			memcpy(to, phys_to_virt(page_to_pa(pages[i])), PAGE_SIZE);
		else
			memset(to, 0, PAGE_SIZE);
	}
}

// The entries give way to one; their table becomes the one set aside for splitting that. Nothing
// can fail once they are out.
static __stack_guarded int replace_small(struct aspace *as, struct vma *v, va_t va,
					 struct page *head, struct page **pages)
{
	struct tlb_batch batch;

	if (!take_pages(as, va, pages))
		return -EAGAIN;
	tlb_batch_begin(&batch, &as->pt);
	pt_unmap_range(&as->pt, va, va + HUGE_SIZE, &batch);
	tlb_batch_end(&batch);
	vma_uncount_rss(as, NULL, &batch);
	fill_frame(head, pages);
	tlb_batch_begin(&batch, &as->pt);
	pt_collapse(&as->pt, va, page_to_pa(head),
		    vma_pt_prot(v) | PT_EXCLUSIVE | PT_ACCESSED | PT_DIRTY, &batch);
	tlb_batch_end(&batch);
	count_rss(&as->rss_anon);
	return 0;
}

static int collapse_anon(struct aspace *as, struct vma *v, va_t va)
{
	struct page *head, **pages;
	int r;

	if (pt_query(&as->pt, va).order == HUGE_ORDER)
		return 0;
	if (!pt_has_table(&as->pt, va) || guard_in_range(v, va, va + HUGE_SIZE))
		return -EINVAL; // nothing there at all
	pages = kzalloc(HUGE_PAGES * sizeof(*pages));
	head = pages ? pmm_alloc(HUGE_ORDER, 0) : NULL;
	r = head ? replace_small(as, v, va, head, pages) : -ENOMEM;
	for (uint64_t i = 0; pages && i < HUGE_PAGES; i++) {
		if (pages[i])
			page_put(pages[i], 0);
	}
	if (r && head)
		page_put(head, HUGE_ORDER);
	kfree(pages);
	return r;
}

static bool may_collapse_view(const struct vma *v, va_t va)
{
	return (v->flags & VMA_SHARED) && !v->obj->ops->mkwrite && v->touched != VMA_GUARDED &&
	       IS_ALIGNED(vma_index(v, va), HUGE_PAGES);
}

// A view whose object has a frame there loses its small entries and their table. Truncation looks
// at tables under views_lock only.
static __stack_guarded int collapse_view(struct aspace *as, struct vma *v, va_t va)
{
	struct memobj *o = v->obj;
	struct tlb_batch batch;
	struct page *head;

	if (pt_query(&as->pt, va).order == HUGE_ORDER)
		return 0;
	if (!may_collapse_view(v, va))
		return -EINVAL;
	if (memobj_get_huge(o, vma_index(v, va), false, &head))
		return -EAGAIN;
	tlb_batch_begin(&batch, &as->pt);
	spin_lock(&o->views_lock);
	pt_unmap_range(&as->pt, va, va + HUGE_SIZE, &batch);
	pt_free_tables(&as->pt, va, va + HUGE_SIZE, va, va + HUGE_SIZE, &batch);
	spin_unlock(&o->views_lock);
	tlb_batch_end(&batch);
	vma_uncount_rss(as, o, &batch);
	return huge_map_object(as, v, va, vma_pt_prot(v) | PT_ACCESSED | PT_DIRTY, true) ? -EAGAIN
											 : 0;
}

bool huge_could_promote(struct aspace *as, struct vma *v, va_t va)
{
	va_t base = ALIGN_DOWN(va, HUGE_SIZE);
	struct page *head;

	return (v->flags & (VMA_SHARED | VMA_NOHUGEPAGE)) == VMA_SHARED && !v->obj->ops->mkwrite &&
	       v->touched != VMA_GUARDED && aligned_within(v, va) && pt_has_table(&as->pt, base) &&
	       !memobj_get_huge(v->obj, vma_index(v, base), false, &head);
}

void huge_promote(struct aspace *as, va_t va)
{
	struct vma *v;

	rwsem_write_lock(&as->lock);
	v = aspace_find_vma(as, va);
	if (v && v->start <= va && v->obj && !v->obj->huge && huge_could_promote(as, v, va))
		(void)collapse_view(as, v, ALIGN_DOWN(va, HUGE_SIZE));
	rwsem_write_unlock(&as->lock);
}

// Pages of an object that come together with no lock of the address space held.
struct block {
	va_t va;
	struct memobj *obj; // referenced; NULL: none
	uint64_t index;
	void *owner;
	const struct vm_owner_ops *owner_ops;
};

static void get_block(struct block *b, const struct vma *v, va_t va)
{
	*b = (struct block){ va, v->obj, vma_index(v, va), v->owner, v->owner_ops };
	memobj_get(b->obj);
	if (b->owner)
		b->owner_ops->get(b->owner);
}

static bool may_be_huge(const struct vma *v)
{
	return !(v->flags & (VMA_NOHUGEPAGE | VMA_HUGETLB | VMA_SPECIAL)) &&
	       ALIGN_UP(v->start, HUGE_SIZE) + HUGE_SIZE <= v->end;
}

// The next 2 MiB of [*start, end), in the order and with the errors of Linux's madvise_collapse():
// those of |soft|, the last of them, let the rest of the mapping be tried; the result ends it all.
static int collapse_next(struct aspace *as, va_t *start, va_t end, int *soft, int *hole,
			 struct block *b)
{
	struct vma *v = aspace_find_vma(as, *start);
	va_t va;
	int r;

	if (!v || v->start > *start) {
		*hole = -ENOMEM;
		*start = v ? MIN(v->start, end) : end;
		return 0;
	}
	if (!may_be_huge(v))
		return -EINVAL;
	va = ALIGN_UP(*start, HUGE_SIZE);
	*start = va + HUGE_SIZE;
	if (va + HUGE_SIZE > MIN(v->end, end)) {
		*start = v->end;
		return *soft;
	}
	if (v->obj) {
		if (!may_collapse_view(v, va))
			return -EINVAL;
		get_block(b, v, va);
		return 0;
	}
	r = collapse_anon(as, v, va);
	*soft = r ? r : *soft;
	return r == -ENOMEM ? r : 0;
}

// One entry for what is one frame now, unless it reaches past the end of the object.
static int show_block(struct aspace *as, const struct block *b)
{
	struct vma *v;
	int r = 0;

	rwsem_write_lock(&as->lock);
	v = aspace_find_vma(as, b->va);
	if (v && v->start <= b->va && v->end - b->va >= HUGE_SIZE && v->obj == b->obj &&
	    vma_index(v, b->va) == b->index && b->index + HUGE_PAGES <= memobj_end_index(b->obj))
		r = collapse_view(as, v, b->va);
	rwsem_write_unlock(&as->lock);
	return r;
}

static int collapse_block(struct aspace *as, const struct block *b)
{
	int r;

	if (!b->owner)
		r = memobj_collapse_anon(b->obj, b->index);
	else
		r = b->owner_ops->collapse ? b->owner_ops->collapse(b->owner, b->obj, b->index)
					   : -EINVAL;
	if (!r)
		r = show_block(as, b);
	if (b->owner)
		b->owner_ops->put(b->owner);
	memobj_put(b->obj);
	return r;
}

int huge_collapse(struct aspace *as, va_t start, va_t end)
{
	int r = 0, soft = 0, hole = 0;

	while (!r && start < end) {
		struct block b = { 0 };

		rwsem_write_lock(&as->lock);
		r = collapse_next(as, &start, end, &soft, &hole, &b);
		rwsem_write_unlock(&as->lock);
		if (b.obj) {
			r = collapse_block(as, &b);
			soft = r ? r : soft;
			r = r == -EAGAIN ? 0 : r;
		}
		if (sched_killed())
			break;
	}
	return r ? r : soft ? soft : hole;
}
