// sources: mm/virt/resv.c mm/virt/commit.c
// sources: mm/virt/vma_tree.c mm/virt/vma.c mm/virt/aspace.c mm/virt/fault.c mm/virt/mmap.c
// sources: mm/virt/munmap.c mm/virt/mprotect.c mm/virt/mremap.c mm/virt/madvise.c mm/virt/mlock.c
// sources: mm/virt/populate.c mm/virt/brk.c mm/virt/place.c mm/virt/limits.c mm/virt/fork.c
// sources: mm/virt/memobj.c mm/virt/memobj_resize.c mm/virt/uaccess.c mm/virt/uio.c
// sources: mm/phys/buddy.c mm/phys/kmalloc.c mm/phys/kmap.c mm/phys/kstack.c mm/phys/kva.c
// sources: mm/phys/mapper.c mm/phys/mapper_range.c mm/phys/pmm.c mm/phys/tlb.c mm/phys/virgin.c
// sources: lib/rbtree.c lib/radix.c kernel/sched/mutex.c kernel/sched/cred.c
// sources: tests/unit/host_mem.c tests/unit/shim/host_seam.c tests/unit/shim/host_waitq.c
// sources: tests/unit/vm_helper.c
// sources: mm/phys/mapper_huge.c mm/phys/hugepool.c mm/virt/memobj_huge.c mm/virt/hugetlb.c
// sources: mm/virt/huge.c mm/virt/hugetlb_fault.c
// sources: mm/phys/marks.c mm/virt/guard.c mm/virt/lazy.c
// sources: mm/phys/mapper_move.c mm/virt/fault_private.c mm/virt/fault_object.c
// Memory objects: slots, fills that race and fail, truncation and holes against every kind of view,
// writers, accounting.
#include "tests/unit/vm_helper.h"

#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/slots.h"

#include <errno.h>
#include <linux/mman.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BASE 0x40000000ull

// An object filled from a "device": page i holds bytes of value i + 1.
struct device {
	struct memobj obj;
	int fills, mkwrites, released; // atomic
	int error;                     // of the next fill
	int delay_us;
	int64_t pages; // by account
	int64_t limit;
	struct page *own; // given instead of the fresh frame
	void (*in_fill)(struct device *d);
};

static int device_fill(struct memobj *o, uint64_t index, struct page **page)
{
	struct device *d = container_of(o, struct device, obj);
	int error = d->error;

	__atomic_fetch_add(&d->fills, 1, __ATOMIC_RELAXED);
	if (d->delay_us)
		usleep((unsigned)d->delay_us);
	if (d->in_fill)
		d->in_fill(d);
	d->error = 0;
	if (error)
		return error;
	if (d->own) {
		page_put(*page, 0);
		*page = d->own;
		d->own = NULL;
	}
	memset(phys_to_virt(page_to_pa(*page)), (int)index + 1, PAGE_SIZE);
	return 0;
}

static int device_mkwrite(struct memobj *o, uint64_t index)
{
	__atomic_fetch_add(&container_of(o, struct device, obj)->mkwrites, 1, __ATOMIC_RELAXED);
	return 0;
}

static int device_account(struct memobj *o, int64_t pages)
{
	struct device *d = container_of(o, struct device, obj);

	if (pages > 0 && d->pages + pages > d->limit)
		return -ENOSPC;
	d->pages += pages;
	return 0;
}

static void device_release(struct memobj *o)
{
	container_of(o, struct device, obj)->released++;
}

static const struct memobj_ops device_ops = { .fill = device_fill,
					      .mkwrite = device_mkwrite,
					      .account = device_account,
					      .release = device_release };
static const struct memobj_ops limited_ops = { .account = device_account,
					       .release = device_release };

static void device_init(struct device *d, const struct memobj_ops *ops, uint64_t pages)
{
	*d = (struct device){ .limit = 1000 };
	memobj_init(&d->obj, ops, pages * PAGE_SIZE);
}

static int64_t map_device(struct device *d, va_t at, unsigned pages, unsigned prot, unsigned flags)
{
	struct mmap_source src = {
		.obj = &d->obj, .may_read = true, .may_write = true, .may_exec = true
	};

	return vm_mmap(vm_as, at, pages * PAGE_SIZE, prot, flags, &src, 0);
}

static void pages_are_filled_once(void **state)
{
	struct device d;
	struct page *p, *q;

	device_init(&d, &device_ops, 4);
	assert_int_equal(memobj_get_page(&d.obj, 2, 0, &p), -ENOENT); // a look makes no page
	assert_int_equal(memobj_get_page(&d.obj, 2, MEMOBJ_ALLOC | MEMOBJ_NOSLEEP, &p), -EAGAIN);
	assert_int_equal(memobj_get_page(&d.obj, 2, MEMOBJ_ALLOC, &p), 0);
	assert_int_equal(*(unsigned char *)phys_to_virt(page_to_pa(p)), 3);
	assert_int_equal(memobj_get_page(&d.obj, 2, MEMOBJ_NOSLEEP, &q), 0);
	assert_ptr_equal(p, q);
	assert_int_equal(d.fills, 1);
	assert_int_equal(d.pages, 1);
	page_put(p, 0);
	page_put(q, 0);
	assert_int_equal(memobj_get_page(&d.obj, 4, MEMOBJ_ALLOC, &p), -ERANGE);
	memobj_put(&d.obj);
	assert_int_equal(d.released, 1);
	assert_int_equal(d.pages, 0);
}

static void a_failed_fill_is_tried_again(void **state)
{
	struct device d;
	struct page *p;

	device_init(&d, &device_ops, 4);
	d.error = -EIO;
	assert_int_equal(memobj_get_page(&d.obj, 0, MEMOBJ_ALLOC, &p), -EIO);
	assert_int_equal(memobj_get_page(&d.obj, 0, MEMOBJ_ALLOC, &p), 0);
	page_put(p, 0);
	assert_int_equal(d.fills, 2);
	d.error = -EIO;
	assert_int_equal(map_device(&d, BASE, 4, PROT_READ, MAP_SHARED | MAP_FIXED), BASE);
	assert_int_equal(vm_peek(BASE + PAGE_SIZE), -1);
	assert_int_equal(vm_last_fault, FAULT_IO);
	assert_int_equal(vm_peek(BASE + PAGE_SIZE), 2);
	assert_int_equal(vm_as->major_faults, 1);
	d.limit = d.pages;
	assert_int_equal(vm_peek(BASE + 2 * PAGE_SIZE), -1);
	assert_int_equal(vm_last_fault, FAULT_BUS);
	assert_int_equal(vm_munmap(vm_as, BASE, 4 * PAGE_SIZE), 0);
	memobj_put(&d.obj);
}

static void a_fill_may_give_its_own_frame(void **state)
{
	struct device d;
	struct page *p, *own = pmm_alloc(0, 0);

	device_init(&d, &device_ops, 4);
	d.own = own;
	assert_int_equal(memobj_get_page(&d.obj, 1, MEMOBJ_ALLOC, &p), 0);
	assert_ptr_equal(p, own);
	page_put(p, 0);
	memobj_put(&d.obj);
}

static void truncate_during_fill(struct device *d)
{
	d->in_fill = NULL;
	memobj_truncate(&d->obj, PAGE_SIZE);
	memobj_truncate(&d->obj, 4 * PAGE_SIZE);
}

static void a_fill_overtaken_by_truncation_starts_again(void **state)
{
	struct device d;
	struct page *p;

	device_init(&d, &device_ops, 4);
	d.in_fill = truncate_during_fill;
	assert_int_equal(memobj_get_page(&d.obj, 2, MEMOBJ_ALLOC, &p), 0);
	assert_int_equal(d.fills, 2);
	page_put(p, 0);
	d.in_fill = truncate_during_fill;
	assert_int_equal(memobj_get_page(&d.obj, 0, MEMOBJ_ALLOC, &p),
			 0); // not cut off, but not trusted
	page_put(p, 0);
	memobj_put(&d.obj);
}

struct getter {
	struct device *d;
	int result;
};

static void *get_one(void *arg)
{
	struct getter *g = arg;
	struct page *p;

	g->result = memobj_get_page(&g->d->obj, 1, MEMOBJ_ALLOC, &p);
	if (!g->result)
		page_put(p, 0);
	return NULL;
}

static void waiters_share_a_fill_and_its_error(void **state)
{
	for (int error = 0; error >= -EIO; error -= EIO) {
		struct getter g[4];
		pthread_t t[4];
		struct device d;
		int failed = 0;

		device_init(&d, &device_ops, 4);
		d.delay_us = 50000;
		d.error = error;
		for (int i = 0; i < 4; i++) {
			g[i] = (struct getter){ .d = &d };
			pthread_create(&t[i], NULL, get_one, &g[i]);
		}
		for (int i = 0; i < 4; i++) {
			pthread_join(t[i], NULL);
			failed += g[i].result != 0;
		}
		if (!error) {
			assert_int_equal(d.fills, 1);
			assert_int_equal(failed, 0);
		} else {
			assert_true(failed >= 1);
		}
		memobj_put(&d.obj);
	}
}

static void files_are_told_before_they_are_written(void **state)
{
	struct device d;

	device_init(&d, &device_ops, 4);
	d.obj.counts_as_file = true;
	assert_int_equal(map_device(&d, BASE, 4, RW, MAP_SHARED | MAP_FIXED), BASE);
	assert_int_equal(vm_peek(BASE), 1);
	assert_int_equal(d.mkwrites, 0);
	assert_int_equal(vm_poke(BASE, 9), 0);
	assert_int_equal(d.mkwrites, 1);
	assert_int_equal(vm_poke(BASE + 1, 9), 0);
	assert_int_equal(vm_poke(BASE + PAGE_SIZE, 9), 0); // never read before
	assert_int_equal(d.mkwrites, 2);
	assert_int_equal(vm_as->rss_file, 2);
	vm_check(vm_as);
	assert_int_equal(vm_munmap(vm_as, BASE, 4 * PAGE_SIZE), 0);
	memobj_put(&d.obj);
}

static void limits_are_refused_and_given_back(void **state)
{
	struct device d;
	struct page *p;

	device_init(&d, &limited_ops, 8);
	d.limit = 2;
	assert_int_equal(memobj_allocate(&d.obj, 0, 7), -ENOSPC);
	assert_int_equal(d.pages, 0); // as Linux, undone
	assert_int_equal(memobj_get_page(&d.obj, 1, MEMOBJ_ALLOC | MEMOBJ_NOZERO, &p), 0);
	page_put(p, 0);
	assert_int_equal(memobj_allocate(&d.obj, 0, 7), -ENOSPC);
	assert_int_equal(d.pages, 1);
	assert_int_equal(memobj_get_page(&d.obj, 5, MEMOBJ_ALLOC | MEMOBJ_NOZERO, &p), 0);
	page_put(p, 0);
	assert_int_equal(d.pages, 2);
	host_alloc_fail_at(1);
	assert_int_equal(memobj_get_page(&d.obj, 6, MEMOBJ_ALLOC, &p), -ENOMEM);
	host_alloc_fail_at(0);
	memobj_truncate(&d.obj, 0);
	assert_int_equal(d.pages, 0);
	memobj_put(&d.obj);
}

static void holes_and_data_are_found(void **state)
{
	struct memobj *o = memobj_create_anon(64 * PAGE_SIZE);
	struct page *p = pmm_alloc(0, PMM_ZERO), *pages[8];
	uint64_t at;

	assert_int_equal(memobj_get_page(o, 3, 0, &pages[0]), -ENOENT);
	assert_int_equal(memobj_insert(o, 5, p), 0);
	assert_int_equal(memobj_insert(o, 5, p), -EEXIST);
	assert_int_equal(memobj_allocate(o, 7, 8), 0);
	assert_true(memobj_next_data(o, 0, &at));
	assert_int_equal(at, 5);
	assert_false(memobj_next_data(o, 6, &at)); // not written yet
	assert_int_equal(memobj_get_page(o, 7, 0, &pages[0]), -ENOENT);
	for (uint64_t i = 7; i <= 8; i++) {
		assert_int_equal(memobj_get_page(o, i, MEMOBJ_ALLOC, &pages[0]), 0);
		page_put(pages[0], 0);
	}
	assert_true(memobj_next_data(o, 6, &at));
	assert_int_equal(at, 7);
	assert_false(memobj_next_data(o, 9, &at));
	assert_true(memobj_next_hole(o, 7, &at));
	assert_int_equal(at, 9);
	assert_int_equal(memobj_get_present(o, 4, 8, pages), 3);
	assert_null(pages[0]);
	assert_ptr_equal(pages[1], p);
	for (int i = 0; i < 8; i++)
		if (pages[i])
			page_put(pages[i], 0);
	memobj_put(o);
}

static void pages_past_the_end_appear_when_it_grows(void **state)
{
	struct vm_file *f = vm_file_new(PAGE_SIZE);

	assert_int_equal(memobj_allocate(f->obj, 0, 3), 0); // fallocate KEEP_SIZE
	assert_int_equal(vm_map_file(f, BASE, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 0), BASE);
	assert_int_equal(vm_peek(BASE + PAGE_SIZE), -1);
	assert_int_equal(vm_last_fault, FAULT_BUS);
	assert_int_equal(vm_peek(BASE), 0); // fault-around stops at the end
	assert_int_equal(vm_resident(vm_as, BASE, BASE + 4 * PAGE_SIZE), 1);
	memobj_truncate(f->obj, 2 * PAGE_SIZE);
	assert_int_equal(vm_peek(BASE + PAGE_SIZE), 0);
	memobj_truncate(f->obj, PAGE_SIZE + 8);
	assert_int_equal(f->obj->present_pages, 2); // a shrink frees what lay past the end too
	vm_file_put(f);
}

static void every_view_loses_what_is_cut_off(void **state)
{
	struct vm_file *f = vm_file_new(8 * PAGE_SIZE);
	struct aspace *other = aspace_create(), *first = vm_as;
	const va_t views[4] = { BASE, BASE + 0x100000, BASE + 0x200000, BASE + 0x300000 };

	other->mmap_base = first->mmap_base;
	for (int i = 0; i < 4; i++) {
		vm_as = i == 3 ? other : first;
		vm_load(vm_as);
		assert_int_equal(vm_map_file(f, views[i], 8 * PAGE_SIZE, RW,
					     (i == 2 ? MAP_PRIVATE : MAP_SHARED) | MAP_FIXED, 0),
				 views[i]);
		for (int k = 0; k < 8; k++)
			assert_int_equal(vm_poke(views[i] + (unsigned)k * PAGE_SIZE, 1), 0);
	}
	memobj_truncate(f->obj, 3 * PAGE_SIZE + 1);
	assert_int_equal(vm_resident(other, views[3], views[3] + 8 * PAGE_SIZE), 4);
	for (int i = 0; i < 3; i++)
		assert_int_equal(vm_resident(first, views[i], views[i] + 8 * PAGE_SIZE), 4);
	assert_int_equal(f->obj->present_pages, 4);
	vm_check(other);
	vm_as = first;
	vm_load(first);
	aspace_put(other);
	assert_int_equal(vm_peek(views[2] + 3 * PAGE_SIZE), 1);
	assert_int_equal(vm_peek(views[2] + 4 * PAGE_SIZE), -1); // private copies too
	assert_int_equal(vm_last_fault, FAULT_BUS);
	vm_file_put(f);
}

static void a_hole_keeps_private_copies(void **state)
{
	struct vm_file *f = vm_file_new(8 * PAGE_SIZE);
	const va_t shared = BASE, private = BASE + 0x100000;

	assert_int_equal(memobj_allocate(f->obj, 0, 7), 0);
	assert_int_equal(vm_map_file(f, shared, 8 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 0),
			 shared);
	assert_int_equal(vm_map_file(f, private, 8 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, 0),
			 private);
	for (unsigned k = 0; k < 8; k++)
		assert_int_equal(vm_poke(shared + k * PAGE_SIZE + 100, 5), 0);
	assert_int_equal(vm_poke(private + 2 * PAGE_SIZE, 6), 0);
	assert_int_equal(vm_peek(private + 3 * PAGE_SIZE + 100), 5);
	assert_int_equal(memobj_punch(f->obj, PAGE_SIZE + 100, 5 * PAGE_SIZE + 101), 0);
	assert_int_equal(f->obj->present_pages, 5);
	assert_int_equal(vm_peek(private + 2 * PAGE_SIZE), 6);
	assert_int_equal(vm_peek(private + 3 * PAGE_SIZE + 100), 0);
	assert_int_equal(vm_peek(shared + PAGE_SIZE + 100), 0); // edges are zeroed
	assert_int_equal(vm_peek(shared + 5 * PAGE_SIZE + 100), 0);
	assert_int_equal(vm_peek(shared + 6 * PAGE_SIZE + 100), 5);
	assert_int_equal(memobj_punch(f->obj, 6 * PAGE_SIZE + 99, 6 * PAGE_SIZE + 101), 0);
	assert_int_equal(vm_peek(shared + 6 * PAGE_SIZE + 100), 0); // within one page
	assert_int_equal(memobj_punch(f->obj, 5, 5), -EINVAL);
	vm_file_put(f);
}

static void a_large_object_is_zapped_in_steps(void **state)
{
	const unsigned pages = 1500;
	struct vm_file *f = vm_file_new(pages * PAGE_SIZE);

	assert_int_equal(memobj_allocate(f->obj, 0, pages - 1), 0);
	for (unsigned i = 0; i < 3; i++) {
		va_t at = BASE + i * 0x10000000ull;

		assert_int_equal(vm_map_file(f, at, pages * PAGE_SIZE, RW,
					     MAP_SHARED | MAP_FIXED | MAP_POPULATE, 0),
				 at);
	}
	assert_int_equal(vm_as->rss_shmem, 3 * pages);
	memobj_truncate(f->obj, PAGE_SIZE);
	// An entry of 2 MiB that is cut goes, and comes again by a fault.
	assert_int_equal(vm_as->rss_shmem, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(vm_peek(BASE + i * 0x10000000ull), 0);
		assert_int_equal(vm_peek(BASE + i * 0x10000000ull + PAGE_SIZE), -1);
	}
	assert_int_equal(vm_as->rss_shmem, 3);
	assert_int_equal(f->obj->present_pages, 1);
	vm_file_put(f);
}

static void writers_are_counted_or_denied(void **state)
{
	struct vm_file *f = vm_file_new(4 * PAGE_SIZE);
	struct mmap_source src = vm_file_source(f);

	// A read-only view of a writable descriptor counts.
	assert_int_equal(vm_map_file(f, BASE, 4 * PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, 0),
			 BASE);
	assert_int_equal(f->obj->writers, 1);
	assert_int_equal(vm_mprotect(vm_as, BASE + PAGE_SIZE, PAGE_SIZE, RW), 0); // three mappings
	assert_int_equal(f->obj->writers, 3);
	assert_int_equal(memobj_deny_writers(f->obj), -EBUSY);
	assert_int_equal(vm_mprotect(vm_as, BASE + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(f->obj->writers, 1);
	assert_int_equal(vm_map_file(f, BASE, 4 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, 0), BASE);
	assert_int_equal(memobj_deny_writers(f->obj), 0);
	assert_int_equal(memobj_deny_writers(f->obj), 0);
	assert_int_equal(memobj_writer_add(f->obj), -EPERM);
	assert_int_equal(vm_map_file(f, BASE, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 0), -EPERM);
	// As the fs layer maps a sealed file.
	src.deny_write_view = true;
	assert_int_equal(vm_mmap(vm_as, BASE, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, &src, 0),
			 -EPERM);
	assert_int_equal(
		vm_mmap(vm_as, BASE, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, &src, 0), BASE);
	assert_int_equal(vm_mprotect(vm_as, BASE, PAGE_SIZE, RW), -EACCES);
	assert_int_equal(f->obj->writers, -1);
	vm_file_put(f);
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pages_are_filled_once),
		T(a_failed_fill_is_tried_again),
		T(a_fill_may_give_its_own_frame),
		T(a_fill_overtaken_by_truncation_starts_again),
		T(waiters_share_a_fill_and_its_error),
		T(files_are_told_before_they_are_written),
		T(limits_are_refused_and_given_back),
		T(holes_and_data_are_found),
		T(pages_past_the_end_appear_when_it_grows),
		T(every_view_loses_what_is_cut_off),
		T(a_hole_keeps_private_copies),
		T(a_large_object_is_zapped_in_steps),
		T(writers_are_counted_or_denied),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
