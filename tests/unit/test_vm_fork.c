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
// fork: what the child sees, what stays shared, what is copied when, and whole program lives.
#include "tests/unit/vm_helper.h"

#include "mm/virt/vma.h"

#include <errno.h>
#include <linux/mman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BASE 0x40000000ull
#define P    PAGE_SIZE

static struct aspace *fork_it(void)
{
	struct aspace *child = aspace_create();

	assert_non_null(child);
	assert_int_equal(vm_fork(vm_as, child), 0);
	vm_check(vm_as);
	vm_check(child);
	return child;
}

static void expect(struct aspace *as, va_t va, int value)
{
	vm_load(as);
	assert_int_equal(vm_peek(va), value);
}

static void put(struct aspace *as, va_t va, int value)
{
	vm_load(as);
	assert_int_equal(vm_poke(va, value), 0);
}

static void private_memory_is_copied_on_write(void **state)
{
	struct aspace *child;

	assert_int_equal(vm_map(BASE, 4 * P, RW, ANON | MAP_FIXED), BASE);
	put(vm_as, BASE, 1);
	put(vm_as, BASE + P, 2);
	assert_int_equal(vm_peek(BASE + 2 * P), 0);
	child = fork_it();
	assert_int_equal(child->rss_anon, 2);
	expect(child, BASE, 1);
	put(child, BASE, 7);
	expect(vm_as, BASE, 1);
	put(vm_as, BASE + P, 8);
	expect(child, BASE + P, 2);
	put(vm_as, BASE + 2 * P, 9);
	expect(child, BASE + 2 * P, 0);
	put(vm_as, BASE, 3); // the last holder still copies once, and then writes in place
	put(vm_as, BASE, 4);
	expect(child, BASE, 7);
	vm_check(child);
	vm_load(vm_as);
	aspace_put(child);
	expect(vm_as, BASE, 4);
}

static void shared_memory_stays_shared(void **state)
{
	struct vm_file *f = vm_file_new(4 * P);
	struct aspace *child;

	assert_int_equal(vm_map_file(f, BASE, 4 * P, RW, MAP_SHARED | MAP_FIXED, 0), BASE);
	assert_int_equal(vm_map_file(f, BASE + 8 * P, 4 * P, RW, MAP_PRIVATE | MAP_FIXED, 0),
			 BASE + 8 * P);
	put(vm_as, BASE, 1);
	put(vm_as, BASE + 9 * P, 2);
	child = fork_it();
	assert_int_equal(f->obj->writers, 2);
	put(child, BASE, 5);
	expect(vm_as, BASE, 5);
	expect(child, BASE + 8 * P, 5); // not copied: it follows the object
	expect(child, BASE + 9 * P, 2);
	put(child, BASE + 9 * P, 3);
	expect(vm_as, BASE + 9 * P, 2);
	memobj_truncate(f->obj, 0);
	vm_check(child);
	vm_load(vm_as);
	assert_int_equal(vm_peek(BASE + 9 * P), -1);
	assert_int_equal(child->rss_anon, 0);
	aspace_put(child);
	assert_int_equal(f->obj->writers, 1);
	vm_file_put(f);
}

static void advice_for_fork_is_followed(void **state)
{
	struct aspace *child;

	assert_int_equal(vm_map(BASE, 6 * P, RW, ANON | MAP_FIXED), BASE);
	for (unsigned i = 0; i < 6; i++)
		put(vm_as, BASE + i * P, 1);
	assert_int_equal(vm_madvise(vm_as, BASE, 2 * P, MADV_DONTFORK), 0);
	assert_int_equal(vm_madvise(vm_as, BASE + 2 * P, 2 * P, MADV_WIPEONFORK), 0);
	assert_int_equal(vm_mlock(vm_as, BASE + 4 * P, 2 * P, 0), 0);
	vm_as->brk_start = vm_as->brk = BASE + 0x100000;
	child = fork_it();
	assert_string_equal(vm_maps(child, BASE, BASE + 6 * P), "2-4 rw-p|4-6 rw-p");
	assert_int_equal(child->locked_pages, 0);
	assert_int_equal(child->brk, vm_as->brk);
	expect(child, BASE + 2 * P, 0);
	expect(child, BASE + 4 * P, 1);
	// What came from the parent does not join what is new.
	assert_int_equal(vm_mmap(child, BASE + 6 * P, P, RW, ANON | MAP_FIXED, NULL, 0),
			 BASE + 6 * P);
	assert_string_equal(vm_maps(child, BASE + 4 * P, BASE + 8 * P), "0-2 rw-p|2-3 rw-p");
	vm_load(vm_as);
	aspace_put(child);
}

static void grandchildren_share_until_they_write(void **state)
{
	struct aspace *child, *grandchild = aspace_create();

	assert_int_equal(vm_map(BASE, P, RW, ANON | MAP_FIXED), BASE);
	put(vm_as, BASE, 1);
	child = fork_it();
	assert_int_equal(vm_fork(child, grandchild), 0);
	put(child, BASE, 2);
	expect(grandchild, BASE, 1);
	expect(vm_as, BASE, 1);
	vm_load(vm_as);
	aspace_put(child);
	put(grandchild, BASE, 3);
	expect(vm_as, BASE, 1);
	aspace_get(grandchild);
	aspace_put(grandchild);
	expect(grandchild, BASE, 3);
	vm_load(vm_as);
	aspace_put(grandchild);
}

static int exe_refs;

static void exe_get(void *owner)
{
	exe_refs++;
}

static void exe_put(void *owner)
{
	exe_refs--;
}

static void names_and_owners_follow(void **state)
{
	static const struct vm_owner_ops ops = { .get = exe_get, .put = exe_put };
	struct aspace *child;
	struct vma *v;

	exe_refs = 1;
	vm_as->exe_owner = &exe_refs;
	vm_as->exe_ops = &ops;
	vm_as->stack_top = BASE + 2 * P;
	assert_int_equal(vm_map(BASE, 2 * P, RW, ANON | MAP_FIXED | MAP_GROWSDOWN), BASE);
	v = aspace_first_vma(vm_as);
	assert_string_equal(vma_special_name(v), "[stack]");
	v->anon_name = vma_name_new("mine");
	assert_int_equal(vm_mprotect(vm_as, BASE, P, PROT_READ), 0); // both halves keep the name
	assert_string_equal(aspace_next_vma(v)->anon_name, "mine");
	child = fork_it();
	assert_int_equal(exe_refs, 2);
	assert_int_equal(vm_mprotect(vm_as, BASE, P, RW), 0);
	assert_string_equal(aspace_first_vma(child)->anon_name, "mine");
	aspace_put(child);
	assert_int_equal(exe_refs, 1);
	assert_int_equal(vm_map(BASE + 8 * P, P, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED),
			 BASE + 8 * P);
	assert_string_equal(vma_special_name(aspace_find_vma(vm_as, BASE + 8 * P)),
			    "/dev/zero (deleted)");
	vm_as->stack_top = 0;
	vm_as->brk = 0;
	assert_null(vma_special_name(aspace_first_vma(vm_as)));
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(private_memory_is_copied_on_write), T(shared_memory_stays_shared),
		T(advice_for_fork_is_followed),       T(grandchildren_share_until_they_write),
		T(names_and_owners_follow),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
