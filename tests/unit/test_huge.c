// sources: mm/virt/resv.c mm/virt/commit.c
// sources: mm/virt/vma_tree.c mm/virt/vma.c mm/virt/aspace.c mm/virt/fault.c mm/virt/mmap.c
// sources: mm/virt/munmap.c mm/virt/mprotect.c mm/virt/mremap.c mm/virt/madvise.c mm/virt/mlock.c
// sources: mm/virt/populate.c mm/virt/brk.c mm/virt/place.c mm/virt/limits.c mm/virt/fork.c
// sources: mm/virt/memobj.c mm/virt/memobj_resize.c mm/virt/uaccess.c mm/virt/uio.c
// sources: mm/virt/memobj_huge.c mm/virt/hugetlb.c mm/virt/huge.c mm/virt/hugetlb_fault.c
// sources: mm/phys/buddy.c mm/phys/kmalloc.c mm/phys/kmap.c mm/phys/kstack.c mm/phys/kva.c
// sources: mm/phys/mapper.c mm/phys/mapper_range.c mm/phys/mapper_huge.c mm/phys/hugepool.c
// sources: mm/phys/pmm.c mm/phys/tlb.c mm/phys/virgin.c
// sources: lib/rbtree.c lib/radix.c kernel/sched/mutex.c kernel/sched/cred.c
// sources: tests/unit/host_mem.c tests/unit/shim/host_seam.c tests/unit/shim/host_waitq.c
// sources: tests/unit/vm_helper.c
// sources: mm/phys/marks.c mm/virt/guard.c mm/virt/lazy.c
// sources: mm/phys/mapper_move.c mm/virt/fault_private.c mm/virt/fault_object.c
// 2 MiB frames: made where asked for, seen as ordinary pages, cut without memory; the pool of
// MAP_HUGETLB, its promises and its frames' way back.
#include "tests/unit/vm_helper.h"

#include "mm/phys/hugepool.h"
#include "mm/phys/pmm.h"
#include "mm/virt/huge.h"
#include "mm/virt/hugetlb.h"
#include "mm/virt/resv.h"

#include <errno.h>
#include <linux/mman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BASE  0x40000000ull
#define BASE2 0x80000000ull
#define P     PAGE_SIZE
#define H     HUGE_SIZE
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define ANON_HUGE (ANON | MAP_HUGETLB)

static unsigned order_at(va_t va)
{
	return pt_query(&vm_as->pt, va).order;
}

static uint64_t free_pages(void)
{
	struct pmm_stats s;

	pmm_drain();
	pmm_get_stats(&s);
	return s.free_pages;
}

static struct hugepool_stats pool(void)
{
	struct hugepool_stats s;

	hugepool_get_stats(&s);
	return s;
}

static struct vm_file *ring(uint64_t bytes, va_t a, va_t b, unsigned more_flags)
{
	struct vm_file *f = vm_file_new(bytes);

	assert_int_equal(vm_map_file(f, a, bytes, RW, MAP_SHARED | MAP_FIXED | more_flags, 0), a);
	assert_int_equal(vm_map_file(f, b, bytes, RW, MAP_SHARED | MAP_FIXED | more_flags, 0), b);
	return f;
}

static void both_views_of_an_aligned_ring_are_large_entries(void **state)
{
	struct vm_file *f = ring(2 * H, BASE, BASE + 2 * H, MAP_POPULATE);

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(order_at(BASE + i * H), HUGE_ORDER);
	assert_int_equal(f->obj->present_pages, 1024);
	assert_int_equal(vm_as->rss_shmem, 2048);
	vm_poke(BASE + H - 1, 7);
	assert_int_equal(vm_peek(BASE + 3 * H - 1), 7);
	vm_check(vm_as);
	vm_file_put(f);
}

static void a_touch_makes_one_page(void **state)
{
	struct vm_file *f = ring(2 * H, BASE, BASE2, 0);
	uint64_t next;

	vm_poke(BASE, 1);
	assert_int_equal(f->obj->present_pages, 1);
	assert_int_equal(order_at(BASE), 0);
	// fallocate makes frames of what is empty, and the next views show them as such.
	assert_int_equal(memobj_allocate(f->obj, 0, 1023), 0);
	// Not by a touch, though: that would make data of all of it.
	assert_int_equal(vm_peek(BASE + H + P), 0);
	assert_int_equal(order_at(BASE + H + P), 0);
	assert_true(memobj_next_data(f->obj, 2, &next));
	assert_int_equal(next, 513);
	assert_int_equal(vm_madvise(vm_as, BASE2 + H, H, MADV_POPULATE_WRITE), 0);
	assert_int_equal(order_at(BASE2 + H), HUGE_ORDER);
	assert_true(memobj_next_data(f->obj, 2, &next));
	assert_int_equal(next, 512);
	assert_int_equal(vm_peek(BASE2), 1);
	assert_int_equal(order_at(BASE2), 0);
	vm_file_put(f);
}

static void advice_makes_frames_at_once(void **state)
{
	struct vm_file *f = ring(2 * H, BASE, BASE2, 0);

	assert_int_equal(vm_madvise(vm_as, BASE, 2 * H, MADV_HUGEPAGE), 0);
	vm_poke(BASE + 5 * P, 3);
	assert_int_equal(order_at(BASE), HUGE_ORDER);
	assert_int_equal(f->obj->present_pages, 512);
	assert_int_equal(vm_peek(BASE2 + 5 * P), 3);
	assert_int_equal(order_at(BASE2), HUGE_ORDER); // it is there: no advice is needed
	// A view that is not aligned the same has small entries of the same frame.
	assert_int_equal(vm_map_file(f, BASE2 + 16 * H + P, H, RW, MAP_SHARED | MAP_FIXED, 0),
			 BASE2 + 16 * H + P);
	assert_int_equal(vm_peek(BASE2 + 16 * H + 6 * P), 3);
	assert_int_equal(order_at(BASE2 + 16 * H + 6 * P), 0);
	vm_file_put(f);
}

// A view that cannot have large entries shows the frames' pages all the same, without a fault each.
static void populate_makes_frames_for_any_view(void **state)
{
	const va_t at = BASE + 3 * P; // index 5 of the object
	struct vm_file *f = vm_file_new(4 * H);
	unsigned faults = vm_fault_count;

	assert_int_equal(
		vm_map_file(f, at, 3 * H, RW, MAP_SHARED | MAP_FIXED | MAP_POPULATE, 5 * P), at);
	assert_int_equal(f->obj->present_pages, 3 * 512);
	assert_int_equal(vm_resident(vm_as, at, at + 3 * H), 3 * 512);
	vm_check(vm_as);
	for (va_t va = at; va < at + 3 * H; va += 97 * P)
		assert_int_equal(vm_poke(va, 1), 0);
	assert_int_equal(vm_fault_count, faults);
	memobj_truncate(f->obj, H + P);
	assert_int_equal(vm_resident(vm_as, at, at + 3 * H), 512 - 4);
	memobj_truncate(f->obj, 4 * H);
	assert_int_equal(vm_munmap(vm_as, at, 3 * H), 0);
	vm_file_put(f);
}

static void cutting_needs_no_memory(void **state)
{
	struct vm_file *f = ring(2 * H, BASE, BASE2, MAP_POPULATE);

	vm_poke(BASE + P, 9);
	vm_poke(BASE + H + 3 * P, 8);
	assert_int_equal(vm_mprotect(vm_as, BASE + H, P, PROT_READ), 0);
	assert_int_equal(vm_poke(BASE + H, 1), -1);
	assert_int_equal(vm_peek(BASE + H + 3 * P), 8);
	assert_int_equal(order_at(BASE + H + 3 * P), 0);
	assert_int_equal(vm_munmap(vm_as, BASE, P), 0);
	assert_int_equal(vm_peek(BASE + P), 9);
	assert_int_equal(order_at(BASE2), HUGE_ORDER); // the other view is whole
	host_alloc_fail_at(1);
	assert_int_equal(memobj_punch(f->obj, 0, P), 0);
	host_alloc_fail_at(0);
	assert_int_equal(f->obj->present_pages, 1023);
	assert_int_equal(vm_peek(BASE2 + P), 9);
	assert_int_equal(order_at(BASE2 + P), 0);
	assert_int_equal(vm_peek(BASE2), 0); // a page of its own again
	vm_poke(BASE2, 4);
	assert_int_equal(vm_peek(BASE2 + P), 9);
	memobj_truncate(f->obj, H + 4 * P);
	assert_int_equal(vm_peek(BASE2 + H + 3 * P), 8);
	assert_int_equal(vm_peek(BASE2 + H + 4 * P), -1);
	vm_check(vm_as);
	vm_file_put(f);
}

static void frames_past_the_end_are_not_mapped_whole(void **state)
{
	struct vm_file *f = ring(H + P, BASE, BASE2, 0);

	assert_int_equal(memobj_allocate(f->obj, 0, 1023), 0); // as KEEP_SIZE
	assert_int_equal(vm_peek(BASE + H), 0);
	assert_int_equal(order_at(BASE + H), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, H + P, MADV_POPULATE_READ), 0);
	assert_int_equal(order_at(BASE), HUGE_ORDER);
	vm_file_put(f);
}

static void anonymous_memory_is_large_on_advice(void **state)
{
	uint64_t before = free_pages();

	assert_int_equal(vm_map(BASE, 4 * H, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_madvise(vm_as, BASE, 2 * H, MADV_HUGEPAGE), 0);
	vm_poke(BASE + 7 * P, 5);
	vm_poke(BASE + H, 6);
	vm_poke(BASE + 2 * H, 6);
	assert_int_equal(order_at(BASE), HUGE_ORDER);
	assert_int_equal(order_at(BASE + H), HUGE_ORDER);
	assert_int_equal(order_at(BASE + 2 * H), 0);
	assert_int_equal(vm_as->rss_anon, 1025);
	assert_int_equal(vm_munmap(vm_as, BASE, P), 0); // split
	assert_int_equal(vm_as->rss_anon, 1024);
	assert_int_equal(vm_peek(BASE + 7 * P), 5);
	assert_int_equal(order_at(BASE + 7 * P), 0);
	assert_int_equal(vm_madvise(vm_as, BASE + H, H, MADV_DONTNEED), 0);
	assert_int_equal(vm_peek(BASE + H), 0);
	vm_check(vm_as);
	assert_int_equal(vm_munmap(vm_as, BASE, 4 * H), 0);
	assert_in_range(free_pages(), before - 1, before); // the zero page
}

static void populate_uses_frames(void **state)
{
	assert_int_equal(vm_map(BASE, 2 * H, RW, ANON | MAP_FIXED | MAP_POPULATE), BASE);
	assert_int_equal(order_at(BASE), HUGE_ORDER);
	assert_int_equal(order_at(BASE + H), HUGE_ORDER);
	assert_int_equal(vm_map(BASE2 + P, H, RW, ANON | MAP_FIXED | MAP_POPULATE), BASE2 + P);
	assert_int_equal(vm_resident(vm_as, BASE2 + P, BASE2 + P + H), 512);
	assert_int_equal(order_at(BASE2 + P), 0);
	vm_check(vm_as);
}

static void collapse_makes_one_of_many(void **state)
{
	assert_int_equal(vm_map(BASE, 2 * H, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_madvise(vm_as, BASE, H, MADV_COLLAPSE), -EINVAL); // nothing there
	for (unsigned i = 0; i < 512; i += 3)
		vm_poke(BASE + i * P, (int)(i % 251));
	assert_int_equal(vm_peek(BASE + P), 0); // the shared zero page
	assert_int_equal(vm_madvise(vm_as, BASE, H, MADV_COLLAPSE), 0);
	assert_int_equal(order_at(BASE), HUGE_ORDER);
	assert_int_equal(vm_as->rss_anon, 512);
	for (unsigned i = 0; i < 512; i++)
		assert_int_equal(vm_peek(BASE + i * P), i % 3 ? 0 : i % 251);
	assert_int_equal(vm_madvise(vm_as, BASE, H, MADV_COLLAPSE), 0);
	assert_int_equal(vm_munmap(vm_as, BASE + P, P), 0); // the table serves again
	assert_int_equal(vm_peek(BASE + 3 * P), 3);
	assert_int_equal(vm_madvise(vm_as, BASE, 4 * P, MADV_NOHUGEPAGE), -ENOMEM);
	vm_check(vm_as);
}

static void collapse_maps_a_frame_that_is_there(void **state)
{
	struct vm_file *f = ring(H, BASE, BASE2, 0);

	assert_int_equal(vm_madvise(vm_as, BASE, P, MADV_POPULATE_READ), 0);
	memobj_truncate(f->obj, 0);
	memobj_truncate(f->obj, H);
	assert_int_equal(memobj_allocate(f->obj, 0, 511), 0);
	vm_poke(BASE, 2);
	assert_int_equal(order_at(BASE), 0); // the table is still there
	assert_int_equal(vm_madvise(vm_as, BASE, H, MADV_COLLAPSE), 0);
	assert_int_equal(order_at(BASE), HUGE_ORDER);
	assert_int_equal(vm_peek(BASE), 2);
	assert_int_equal(vm_as->rss_shmem, 512);
	vm_check(vm_as);
	vm_file_put(f);
}

static void no_frame_is_no_failure(void **state)
{
	struct vm_file *f = ring(H, BASE, BASE2, 0);

	assert_int_equal(vm_madvise(vm_as, BASE, H, MADV_HUGEPAGE), 0);
	for (unsigned n = 1; n < 8; n++) {
		host_alloc_fail_at(n);
		(void)vm_poke(BASE + n * P, 1);
		host_alloc_fail_at(0);
		assert_int_equal(vm_poke(BASE + n * P, 1), 0);
		memobj_truncate(f->obj, 0);
		memobj_truncate(f->obj, H);
	}
	vm_check(vm_as);
	vm_file_put(f);
}

// ---- the pool

static void the_pool_promises_and_takes_back(void **state)
{
	uint64_t before = free_pages();
	struct page *a, *b;

	assert_int_equal(hugepool_reserve(1), -ENOMEM);
	assert_null(hugepool_alloc(false));
	hugepool_resize(2);
	assert_int_equal(pool().total, 2);
	assert_int_equal(free_pages(), before - 1024);
	assert_int_equal(hugepool_reserve(3), -ENOMEM);
	assert_int_equal(hugepool_reserve(1), 0);
	a = hugepool_alloc(false);
	assert_non_null(a);
	assert_null(hugepool_alloc(false)); // the other one is promised
	b = hugepool_alloc(true);
	assert_non_null(b);
	assert_int_equal(pool().reserved, 0);
	page_get(a + 5, 0);
	page_put(a, HUGE_ORDER);
	assert_int_equal(pool().free, 0); // one page of it is held
	page_put(a + 5, 0);
	assert_int_equal(pool().free, 1);
	hugepool_resize(0);
	assert_int_equal(pool().total, 1);
	assert_int_equal(pool().surplus, 1);
	assert_true(page_put_frame(b));
	assert_int_equal(pool().total, 0);
	assert_int_equal(free_pages(), before);
}

static void the_pool_grows_on_demand_if_it_may(void **state)
{
	uint64_t before = free_pages();
	struct page *a;

	hugepool_set_overcommit(2);
	assert_int_equal(hugepool_reserve(3), -ENOMEM);
	assert_int_equal(pool().total, 0);
	assert_int_equal(hugepool_reserve(1), 0);
	a = hugepool_alloc(true);
	assert_int_equal(pool().surplus, 1);
	page_put(a, HUGE_ORDER);
	assert_int_equal(pool().total, 0);
	assert_int_equal(hugepool_reserve(2), 0);
	hugepool_unreserve(2);
	assert_int_equal(pool().total, 0);
	hugepool_set_overcommit(0);
	assert_int_equal(free_pages(), before);
}

static void map_hugetlb_takes_from_the_pool(void **state)
{
	int64_t at;

	assert_int_equal(vm_map(0, H, RW, ANON_HUGE), -ENOMEM);
	hugepool_resize(3);
	at = vm_map(0, P, RW, ANON_HUGE);
	assert_true(at > 0 && IS_ALIGNED(at, H));
	assert_int_equal(pool().reserved, 1);
	assert_int_equal(vm_poke((va_t)at + 9, 4), 0);
	assert_int_equal(pool().free, 2);
	assert_int_equal(pool().reserved, 0);
	assert_int_equal(order_at((va_t)at), HUGE_ORDER);
	assert_int_equal(vm_as->rss_anon + vm_as->rss_shmem, 0); // counted apart
	assert_int_equal(vm_munmap(vm_as, (va_t)at, P), -EINVAL);
	assert_int_equal(vm_mprotect(vm_as, (va_t)at, P, PROT_READ), -EINVAL);
	assert_int_equal(vm_munmap(vm_as, (va_t)at, H), 0);
	assert_int_equal(pool().free, 3);
	at = vm_map(0, 8 * H, RW, ANON_HUGE | MAP_NORESERVE);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(vm_poke((va_t)at + i * H, 1), 0);
	assert_int_equal(vm_poke((va_t)at + 3 * H, 1), -1);
	assert_int_equal(vm_last_fault, FAULT_BUS);
	assert_int_equal(vm_munmap(vm_as, (va_t)at, 8 * H), 0);
	hugepool_resize(0);
	assert_int_equal(pool().total, 0);
}

static void private_views_of_the_pool_copy(void **state)
{
	struct vm_file *f = vm_file_new(2 * H);
	struct mmap_source src = vm_file_source(f);

	hugepool_resize(4);
	assert_int_equal(hugetlb_obj_init(f->obj, HUGE_SHIFT), 0);
	src.extra_vma_flags = VMA_HUGETLB | VMA_DONTEXPAND;
	assert_int_equal(vm_mmap(vm_as, BASE, 2 * H, RW, MAP_SHARED | MAP_FIXED, &src, 0), BASE);
	assert_int_equal(pool().reserved, 2);
	assert_int_equal(vm_mmap(vm_as, BASE2, 2 * H, RW, MAP_PRIVATE | MAP_FIXED, &src, 0), BASE2);
	vm_poke(BASE, 3);
	assert_int_equal(vm_peek(BASE2), 3);
	vm_poke(BASE2, 4);
	assert_int_equal(vm_peek(BASE), 3);
	assert_int_equal(vm_peek(BASE2), 4);
	vm_poke(BASE2 + H, 5); // a hole of the file: no page of it is made
	assert_int_equal(f->obj->present_pages, 512);
	assert_int_equal(pool().free, 1);
	assert_int_equal(memobj_punch(f->obj, 0, H), 0);
	assert_int_equal(vm_peek(BASE2), 4);
	assert_int_equal(vm_peek(BASE), 0);
	memobj_truncate(f->obj, 0);
	hugetlb_unreserve(f->obj, 0, UINT64_MAX);
	assert_int_equal(vm_peek(BASE2), -1);
	assert_int_equal(pool().free, 4);
	assert_int_equal(pool().reserved, 0);
	assert_int_equal(vm_munmap(vm_as, BASE, 2 * H), 0);
	assert_int_equal(vm_munmap(vm_as, BASE2, 2 * H), 0);
	vm_file_put(f);
	hugepool_resize(0);
}

static void collapse_brings_an_objects_pages_together(void **state)
{
	struct vm_file *f = ring(H + 2 * P, BASE, BASE2, 0);
	struct page *held;

	assert_int_equal(vm_madvise(vm_as, BASE, H, MADV_COLLAPSE), -EINVAL); // nothing there
	for (unsigned i = 0; i < 512; i += 3)
		vm_poke(BASE + i * P, (int)(i % 251));
	vm_poke(BASE + H, 9);
	assert_int_equal(memobj_punch(f->obj, 3 * P, 4 * P), 0); // no reserved frame any more
	assert_int_equal(memobj_get_page(f->obj, 6, 0, &held), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, H, MADV_COLLAPSE), -EAGAIN);
	page_put(held, 0);
	host_alloc_fail_at(1);
	assert_int_equal(vm_madvise(vm_as, BASE, H, MADV_COLLAPSE), -ENOMEM);
	host_alloc_fail_at(0);
	assert_int_equal(vm_peek(BASE2 + 6 * P), 6);
	assert_int_equal(vm_madvise(vm_as, BASE, H, MADV_COLLAPSE), 0);
	assert_int_equal(order_at(BASE), HUGE_ORDER);
	assert_int_equal(f->obj->present_pages, 513);
	for (unsigned i = 0; i < 512; i++)
		assert_int_equal(vm_peek(BASE2 + i * P), i % 3 || i == 3 ? 0 : i % 251);
	assert_int_equal(vm_peek(BASE2 + H), 9);
	memobj_truncate(f->obj, 5 * P);
	assert_int_equal(f->obj->present_pages, 5);
	vm_check(vm_as);
	vm_file_put(f);
}

// Touched page by page, what lies in one 2 MiB comes from one frame, and is mapped as such once it
// is complete.
static void pages_of_a_reserved_frame_are_promoted(void **state)
{
	uint64_t before = free_pages();
	struct vm_file *f = ring(2 * H, BASE, BASE2, 0);

	vm_poke(BASE, 1);
	if (!resv_unused_pages())
		skip(); // too little memory
	assert_int_equal(resv_unused_pages(), 511);
	assert_int_equal(vm_peek(BASE2), 1);
	for (unsigned i = 1; i < 511; i++)
		vm_poke(BASE + i * P, (uint8_t)i);
	assert_int_equal(order_at(BASE), 0);
	assert_int_equal(f->obj->present_pages, 511);
	vm_poke(BASE + 511 * P, 9);
	assert_int_equal(resv_unused_pages(), 0);
	assert_int_equal(order_at(BASE), HUGE_ORDER);
	assert_int_equal(vm_peek(BASE2 + 3 * P), 3);
	assert_int_equal(vm_peek(BASE2 + 100 * P), 100); // had a table: promoted by a fault
	assert_int_equal(vm_peek(BASE2 + 400 * P), (uint8_t)400);
	assert_int_equal(order_at(BASE2), HUGE_ORDER);
	assert_int_equal(vm_as->rss_shmem, 1024);
	vm_check(vm_as);
	// Cutting it, then filling the hole, makes small pages.
	assert_int_equal(memobj_punch(f->obj, P, 2 * P), 0);
	assert_int_equal(vm_peek(BASE + P), 0);
	assert_int_equal(order_at(BASE), 0);
	// Memory is short: what is not used goes, what is stays.
	vm_poke(BASE + H + 5 * P, 5);
	vm_poke(BASE + H + 6 * P, 6);
	assert_int_equal(resv_unused_pages(), 510);
	assert_int_equal(resv_reclaim(), 510);
	assert_int_equal(resv_unused_pages(), 0);
	assert_int_equal(vm_peek(BASE2 + H + 6 * P), 6);
	vm_poke(BASE + H + 7 * P, 7);
	assert_int_equal(resv_unused_pages(), 0); // not empty any more
	// A truncation ends it, too.
	memobj_truncate(f->obj, H);
	memobj_truncate(f->obj, 2 * H);
	vm_poke(BASE + H, 1);
	assert_int_equal(resv_unused_pages(), 511);
	memobj_truncate(f->obj, H);
	assert_int_equal(resv_unused_pages(), 0);
	memobj_truncate(f->obj, 2 * H);
	vm_poke(BASE + H, 1);
	assert_int_equal(vm_munmap(vm_as, BASE, 2 * H), 0);
	assert_int_equal(vm_munmap(vm_as, BASE2, 2 * H), 0);
	vm_file_put(f);
	assert_int_equal(resv_unused_pages(), 0);
	assert_true(free_pages() + 16 >= before); // tables may be cached
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define VM(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)
		VM(both_views_of_an_aligned_ring_are_large_entries),
		VM(a_touch_makes_one_page),
		VM(advice_makes_frames_at_once),
		VM(populate_makes_frames_for_any_view),
		VM(cutting_needs_no_memory),
		VM(frames_past_the_end_are_not_mapped_whole),
		VM(anonymous_memory_is_large_on_advice),
		VM(populate_uses_frames),
		VM(collapse_makes_one_of_many),
		VM(collapse_maps_a_frame_that_is_there),
		VM(collapse_brings_an_objects_pages_together),
		VM(pages_of_a_reserved_frame_are_promoted),
		VM(no_frame_is_no_failure),
		VM(the_pool_promises_and_takes_back),
		VM(the_pool_grows_on_demand_if_it_may),
		VM(map_hugetlb_takes_from_the_pool),
		VM(private_views_of_the_pool_copy),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
