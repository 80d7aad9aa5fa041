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
// Faults on every kind of mapping, seen through the model CPU's accesses.
#include "tests/unit/vm_helper.h"

#include <errno.h>
#include <linux/mman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BASE 0x40000000ull

static void anonymous_reads_zero_then_keeps_writes(void **state)
{
	assert_int_equal(vm_map(BASE, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_peek(BASE), 0);
	assert_int_equal(vm_as->rss_anon, 0); // the shared zero page
	assert_int_equal(vm_poke(BASE, 7), 0);
	assert_int_equal(vm_as->rss_anon, 1);
	assert_int_equal(vm_peek(BASE), 7);
	assert_int_equal(vm_peek(BASE + 1), 0);
	assert_int_equal(vm_poke(BASE + PAGE_SIZE, 9), 0);
	assert_int_equal(vm_as->rss_anon, 2);
	assert_int_equal(vm_resident(vm_as, BASE, BASE + 4 * PAGE_SIZE), 2);
	vm_check(vm_as);
}

static void a_ring_shows_each_byte_twice(void **state)
{
	const uint64_t bytes = 8 * PAGE_SIZE;
	struct vm_file *f = vm_file_new(bytes);
	int64_t at = vm_map(0, 2 * bytes, PROT_NONE, ANON);
	va_t ring = (va_t)at;

	assert_true(at > 0);
	assert_int_equal(vm_map_file(f, ring, bytes, RW, MAP_SHARED | MAP_FIXED, 0), ring);
	assert_int_equal(vm_map_file(f, ring + bytes, bytes, RW, MAP_SHARED | MAP_FIXED, 0),
			 ring + bytes);
	vm_file_put(f); // the mappings keep the object
	for (unsigned i = 0; i < bytes; i += 511)
		assert_int_equal(vm_poke(ring + i, (int)(i & 255)), 0);
	vm_fault_count = 0;
	for (unsigned i = 0; i < bytes; i += 511)
		assert_int_equal(vm_peek(ring + bytes + i), i & 255);
	assert_true(vm_fault_count <= 1); // the neighbours came with the first
	assert_int_equal(vm_poke(ring + 2 * bytes - 1, 99), 0);
	assert_int_equal(vm_peek(ring + bytes - 1), 99);
	assert_string_equal(vm_maps(vm_as, ring, ring + 2 * bytes), "0-8 rw-s 0|8-10 rw-s 0");
	vm_check(vm_as);
}

static void fault_around_grows_while_sequential(void **state)
{
	const unsigned pages = 2048;
	struct vm_file *f = vm_file_new(pages * PAGE_SIZE);

	vm_file_fill(f, 0, pages - 1);
	assert_int_equal(vm_map_file(f, BASE, pages * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 0),
			 BASE);
	vm_fault_count = 0;
	for (unsigned i = 0; i < pages; i++)
		assert_int_equal(vm_peek(BASE + i * PAGE_SIZE), 0);
	assert_true(vm_fault_count <= 10); // 16 32 64 128 256 512 512 ...
	assert_int_equal(vm_as->rss_shmem, pages);
	vm_file_put(f);
}

static void fault_around_never_allocates(void **state)
{
	struct vm_file *f = vm_file_new(64 * PAGE_SIZE);

	assert_int_equal(vm_map_file(f, BASE, 64 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 0), BASE);
	assert_int_equal(vm_peek(BASE + 5 * PAGE_SIZE), 0);
	assert_int_equal(f->obj->present_pages, 1); // a read of a hole allocates that page only
	assert_int_equal(vm_poke(BASE + 7 * PAGE_SIZE, 1), 0);
	assert_int_equal(f->obj->present_pages, 2);
	assert_int_equal(vm_resident(vm_as, BASE, BASE + 64 * PAGE_SIZE), 2);
	vm_file_put(f);
}

static void private_view_copies_on_write(void **state)
{
	struct vm_file *f = vm_file_new(4 * PAGE_SIZE);
	const va_t shared = BASE, private = BASE + 0x100000;

	assert_int_equal(vm_map_file(f, shared, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 0),
			 shared);
	assert_int_equal(vm_map_file(f, private, 4 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, 0),
			 private);
	assert_int_equal(vm_poke(shared, 1), 0);
	assert_int_equal(vm_peek(private), 1);
	assert_int_equal(vm_poke(private, 2), 0);
	assert_int_equal(vm_peek(shared), 1);
	assert_int_equal(vm_poke(shared, 3), 0);
	assert_int_equal(vm_peek(private), 2);
	// A page not yet copied follows the object; written first, it is a copy at once.
	assert_int_equal(vm_peek(private + PAGE_SIZE), 0);
	assert_int_equal(vm_poke(shared + PAGE_SIZE, 4), 0);
	assert_int_equal(vm_peek(private + PAGE_SIZE), 4);
	assert_int_equal(vm_poke(private + 2 * PAGE_SIZE, 5), 0);
	assert_int_equal(vm_peek(shared + 2 * PAGE_SIZE), 0);
	assert_int_equal(vm_as->rss_anon, 2);
	vm_check(vm_as);
	vm_file_put(f);
}

static void past_the_end_is_a_bus_error(void **state)
{
	struct vm_file *f = vm_file_new(PAGE_SIZE + 1);

	assert_int_equal(vm_map_file(f, BASE, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 0), BASE);
	assert_int_equal(vm_poke(BASE + 2 * PAGE_SIZE - 1, 1), 0);
	assert_int_equal(vm_peek(BASE + 2 * PAGE_SIZE), -1);
	assert_int_equal(vm_last_fault, FAULT_BUS);
	memobj_truncate(f->obj, 3 * PAGE_SIZE);
	assert_int_equal(vm_peek(BASE + 2 * PAGE_SIZE), 0);
	assert_int_equal(vm_peek(BASE + 2 * PAGE_SIZE - 1),
			 1); // bytes past the end survive growing
	memobj_truncate(f->obj, PAGE_SIZE);
	assert_int_equal(vm_peek(BASE + PAGE_SIZE), -1);
	assert_int_equal(vm_last_fault, FAULT_BUS);
	assert_int_equal(vm_resident(vm_as, BASE, BASE + 4 * PAGE_SIZE), 0);
	vm_file_put(f);
}

static void wrong_accesses_are_told_apart(void **state)
{
	assert_int_equal(vm_map(BASE, PAGE_SIZE, PROT_READ, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_map(BASE + PAGE_SIZE, PAGE_SIZE, PROT_NONE, ANON | MAP_FIXED),
			 BASE + PAGE_SIZE);
	assert_int_equal(vm_poke(BASE, 1), -1);
	assert_int_equal(vm_last_fault, FAULT_ACCERR);
	assert_int_equal(vm_peek(BASE), 0);
	assert_int_equal(vm_poke(BASE, 1), -1); // also once the zero page is there
	assert_int_equal(vm_last_fault, FAULT_ACCERR);
	assert_false(host_user_fetch(BASE));
	assert_int_equal(vm_last_fault, FAULT_ACCERR);
	assert_int_equal(vm_peek(BASE + PAGE_SIZE), -1);
	assert_int_equal(vm_last_fault, FAULT_ACCERR);
	assert_int_equal(vm_peek(BASE + 2 * PAGE_SIZE), -1);
	assert_int_equal(vm_last_fault, FAULT_MAPERR);
	assert_int_equal(aspace_fault(vm_as, USER_TOP, FAULT_ERR_USER), FAULT_MAPERR);
	assert_int_equal(aspace_fault(vm_as, ~0ull, FAULT_ERR_USER), FAULT_MAPERR);
}

static void a_spurious_fault_changes_nothing(void **state)
{
	const uint32_t present = FAULT_ERR_USER | FAULT_ERR_PRESENT;

	assert_int_equal(vm_map(BASE, PAGE_SIZE, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_poke(BASE, 5), 0);
	assert_int_equal(aspace_fault(vm_as, BASE, present | FAULT_ERR_WRITE), FAULT_OK);
	assert_int_equal(aspace_fault(vm_as, BASE, FAULT_ERR_USER | FAULT_ERR_WRITE), FAULT_OK);
	assert_int_equal(aspace_fault(vm_as, BASE, FAULT_ERR_USER), FAULT_OK);
	assert_int_equal(aspace_fault(vm_as, BASE, present), FAULT_OK);
	assert_int_equal(vm_peek(BASE), 5);
	assert_int_equal(vm_as->rss_anon, 1);
}

static void a_stack_grows_to_its_limit(void **state)
{
	const va_t top = 0x7ffff0000000ull;
	const va_t start = top - 2 * PAGE_SIZE;

	vm_as->limits.stack = 16 * PAGE_SIZE;
	assert_int_equal(vm_map(start, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN), start);
	assert_int_equal(vm_poke(start - PAGE_SIZE, 1), 0);
	assert_int_equal(vm_poke(top - 16 * PAGE_SIZE, 1), 0);
	assert_int_equal(vm_poke(top - 16 * PAGE_SIZE - 1, 1), -1);
	assert_int_equal(vm_last_fault, FAULT_MAPERR);
	assert_string_equal(vm_maps(vm_as, top - 16 * PAGE_SIZE, top), "0-10 rw-p");
	vm_check(vm_as);
}

static void a_stack_keeps_its_distance(void **state)
{
	const va_t top = 0x7ffff0000000ull;
	const va_t below = top - 300 * PAGE_SIZE;

	vm_as->limits.stack = 8 << 20;
	assert_int_equal(vm_map(top - PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN),
			 top - PAGE_SIZE);
	assert_int_equal(vm_map(below, PAGE_SIZE, RW, ANON | MAP_FIXED), below);
	assert_int_equal(vm_poke(below + PAGE_SIZE + 256 * PAGE_SIZE, 1), 0);
	assert_int_equal(vm_poke(below + 256 * PAGE_SIZE, 1), -1);
	assert_int_equal(vm_last_fault, FAULT_MAPERR);
	assert_int_equal(vm_mprotect(vm_as, below, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(vm_poke(below + 256 * PAGE_SIZE, 1), 0); // not accessible: no danger
}

static void zero_page_gives_way(void **state)
{
	assert_int_equal(vm_map(BASE, PAGE_SIZE, PROT_READ, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_peek(BASE), 0);
	assert_int_equal(vm_mprotect(vm_as, BASE, PAGE_SIZE, RW), 0);
	assert_int_equal(vm_poke(BASE, 6), 0);
	assert_int_equal(vm_peek(BASE), 6);
	assert_int_equal(vm_mprotect(vm_as, BASE, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(vm_peek(BASE), -1);
	assert_int_equal(vm_mprotect(vm_as, BASE, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vm_peek(BASE), 6);
	assert_int_equal(vm_mprotect(vm_as, BASE, PAGE_SIZE, RW), 0);
	assert_int_equal(vm_poke(BASE, 7), 0);
	assert_int_equal(vm_peek(BASE), 7);
}

static unsigned oom_calls;

static bool count_oom(struct aspace *as)
{
	oom_calls++;
	return false;
}

static void no_memory_is_reported(void **state)
{
	aspace_set_oom_handler(count_oom);
	assert_int_equal(vm_map(BASE, PAGE_SIZE, RW, ANON | MAP_FIXED), BASE);
	oom_calls = 0;
	host_alloc_fail_at(1);
	assert_int_equal(vm_poke(BASE, 1), -1);
	assert_int_equal(vm_last_fault, FAULT_OOM);
	assert_int_equal(oom_calls, 1);
	host_alloc_fail_at(0);
	assert_int_equal(vm_poke(BASE, 1), 0);
	aspace_set_oom_handler(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(anonymous_reads_zero_then_keeps_writes),
		T(a_ring_shows_each_byte_twice),
		T(fault_around_grows_while_sequential),
		T(fault_around_never_allocates),
		T(private_view_copies_on_write),
		T(past_the_end_is_a_bus_error),
		T(wrong_accesses_are_told_apart),
		T(a_spurious_fault_changes_nothing),
		T(a_stack_grows_to_its_limit),
		T(a_stack_keeps_its_distance),
		T(zero_page_gives_way),
		T(no_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
