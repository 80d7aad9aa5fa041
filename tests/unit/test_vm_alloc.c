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
// Every operation with the first, second, third ... allocation failing until it succeeds: each
// failure is -ENOMEM (or the documented answer), leaves maps and contents as they were, and leaks
// nothing (teardown counts pages and objects).
#include "tests/unit/vm_helper.h"

#include "kernel/base/panic.h"

#include <errno.h>
#include <linux/mman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BASE  0x40000000ull
#define P     PAGE_SIZE
#define PAGES 16u
#define MANY  60u // no operation here allocates that often

static struct vm_file *file;

// Anonymous, shared and private file pages next to each other; what page i holds is i + 1.
static void make_world(void)
{
	file = vm_file_new(8 * P);
	assert_int_equal(vm_map(BASE, 6 * P, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_map_file(file, BASE + 6 * P, 4 * P, RW, MAP_SHARED | MAP_FIXED, 0),
			 BASE + 6 * P);
	assert_int_equal(
		vm_map_file(file, BASE + 10 * P, 4 * P, RW, MAP_PRIVATE | MAP_FIXED, 4 * P),
		BASE + 10 * P);
	for (unsigned i = 0; i < 14; i += 2)
		assert_int_equal(vm_poke(BASE + i * P, (int)i + 1), 0);
}

static void check_world(const char *maps)
{
	assert_string_equal(vm_maps(vm_as, BASE, BASE + PAGES * P), maps);
	for (unsigned i = 0; i < 14; i += 2)
		assert_int_equal(vm_peek(BASE + i * P), i + 1);
	vm_check(vm_as);
}

static int64_t do_mmap_anon(void)
{
	return vm_map(BASE + 0x10000000, P, RW, ANON | MAP_FIXED);
}

static int64_t do_mmap_middle(void)
{
	return vm_map(BASE + P, P, PROT_READ, ANON | MAP_FIXED);
}

static int64_t do_mmap_shared_anon(void)
{
	return vm_map(BASE + P, P, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
}

static int64_t do_mmap_file(void)
{
	return vm_map_file(file, BASE + 7 * P, P, RW, MAP_SHARED | MAP_FIXED, 5 * P);
}

static int64_t do_munmap(void)
{
	return vm_munmap(vm_as, BASE + P, P);
}

static int64_t do_munmap_across(void)
{
	return vm_munmap(vm_as, BASE + 5 * P, 3 * P);
}

static int64_t do_mprotect(void)
{
	return vm_mprotect(vm_as, BASE + P, P, PROT_READ);
}

static int64_t do_mprotect_file(void)
{
	return vm_mprotect(vm_as, BASE + 7 * P, P, PROT_READ);
}

static int64_t do_mremap(void)
{
	return vm_mremap(vm_as, BASE + 2 * P, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED,
			 BASE + 0x20000000);
}

static int64_t do_mremap_file(void)
{
	return vm_mremap(vm_as, BASE + 6 * P, 3 * P, 5 * P, MREMAP_MAYMOVE, 0);
}

static int64_t do_mremap_copy(void)
{
	return vm_mremap(vm_as, BASE + 6 * P, 0, 2 * P, MREMAP_MAYMOVE, 0);
}

static int64_t do_madvise(void)
{
	return vm_madvise(vm_as, BASE + P, P, MADV_DONTDUMP);
}

static int64_t do_mlock(void)
{
	int r = vm_mlock(vm_as, BASE + P, P, MLOCK_ONFAULT);

	return r == -EAGAIN ? -ENOMEM : r;
}

static int64_t do_brk(void)
{
	vm_as->brk_start = vm_as->brk = BASE + 0x8000000;
	return vm_brk(vm_as, vm_as->brk + 4 * P) == (int64_t)vm_as->brk_start ? -ENOMEM : 0;
}

static int64_t do_create(void)
{
	struct aspace *as = aspace_create();

	if (!as)
		return -ENOMEM;
	aspace_put(as);
	return 0;
}

static int64_t do_fork(void)
{
	struct aspace *child = aspace_create();
	int r;

	if (!child)
		return -ENOMEM;
	r = vm_fork(vm_as, child);
	aspace_put(child);
	return r;
}

static int64_t fault_at(va_t va)
{
	if (vm_poke(va, (int)((va - BASE) / P) + 1) == 0)
		return 0;
	assert_int_equal(vm_last_fault, FAULT_OOM);
	return -ENOMEM;
}

static int64_t do_fault_anon(void)
{
	return fault_at(BASE + P);
}

static int64_t do_fault_file(void)
{
	return fault_at(BASE + 7 * P);
}

static int64_t do_fault_private(void)
{
	return fault_at(BASE + 11 * P);
}

static int64_t do_allocate(void)
{
	return memobj_allocate(file->obj, 200, 200);
}

static const struct {
	const char *name;
	int64_t (*run)(void);
} operations[] = {
	{ "mmap anonymous", do_mmap_anon },
	{ "mmap over the middle", do_mmap_middle },
	{ "mmap shared anonymous", do_mmap_shared_anon },
	{ "mmap file", do_mmap_file },
	{ "munmap", do_munmap },
	{ "munmap across", do_munmap_across },
	{ "mprotect", do_mprotect },
	{ "mprotect file", do_mprotect_file },
	{ "mremap", do_mremap },
	{ "mremap file", do_mremap_file },
	{ "mremap old size 0", do_mremap_copy },
	{ "madvise", do_madvise },
	{ "mlock", do_mlock },
	{ "brk", do_brk },
	{ "aspace", do_create },
	{ "fork", do_fork },
	{ "fault anonymous", do_fault_anon },
	{ "fault shared", do_fault_file },
	{ "fault private", do_fault_private },
	{ "allocate", do_allocate },
};

static void one_operation(unsigned which)
{
	char maps[4096];
	unsigned n;

	make_world();
	snprintf(maps, sizeof(maps), "%s", vm_maps(vm_as, BASE, BASE + PAGES * P));
	for (n = 1; n < MANY; n++) {
		int64_t r;

		host_alloc_fail_at(n);
		r = operations[which].run();
		if (!host_alloc_failed()) {
			host_alloc_fail_at(0);
			if (r < 0)
				print_error("%s: %ld\n", operations[which].name, (long)r);
			assert_true(r >= 0);
			break;
		}
		host_alloc_fail_at(0);
		if (r >= 0)
			break; // it could do without
		if (r != -ENOMEM)
			print_error("%s, allocation %u: %ld\n", operations[which].name, n, (long)r);
		assert_int_equal(r, -ENOMEM);
		check_world(maps);
	}
	assert_true(n < MANY);
	vm_check(vm_as);
	vm_file_put(file);
}

static void failures_leave_no_trace(void **state)
{
	for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		one_operation(i);
		ASSERT(vm_teardown(state) == 0);
		ASSERT(vm_setup(state) == 0);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(failures_leave_no_trace),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
