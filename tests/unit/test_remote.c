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
// sources: mm/virt/remote.c mm/virt/user_pages.c
// One address space's memory as others reach it (debuggers, vmsplice), and guards: what each
// refuses, and what forks and changed protections leave of guards.
#include "tests/unit/vm_helper.h"

#include "lib/uapi_new.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/guard.h"
#include "mm/virt/remote.h"
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

static void map_at(va_t va, unsigned pages, unsigned prot, unsigned flags)
{
	assert_int_equal(vm_map(va, pages * P, prot, flags | MAP_FIXED), va);
}

static void reading_stops_where_nothing_is(void **state)
{
	char buf[3 * P];

	map_at(BASE, 2, RW, ANON);
	assert_int_equal(vm_poke(BASE + P - 1, 'a'), 0);
	assert_int_equal(vm_poke(BASE + P, 'b'), 0);
	assert_int_equal(aspace_access(vm_as, BASE + P - 1, buf, 2, 0), 2);
	assert_memory_equal(buf, "ab", 2);
	assert_int_equal(aspace_access(vm_as, BASE, buf, 3 * P, 0), 2 * P);
	assert_int_equal(aspace_access(vm_as, BASE + 2 * P, buf, 1, 0), 0);
	assert_int_equal(aspace_access(vm_as, USER_TOP, buf, 1, REMOTE_FORCE), 0);
}

static void pages_that_nobody_touched_are_made(void **state)
{
	char buf[2] = { 1, 1 };

	map_at(BASE, 2, RW, ANON);
	assert_int_equal(aspace_access(vm_as, BASE, buf, 2, 0), 2);
	assert_memory_equal(buf, "\0", 2);
	assert_int_equal(aspace_access(vm_as, BASE + P, "xy", 2, REMOTE_WRITE), 2);
	assert_int_equal(vm_peek(BASE + P + 1), 'y');
	assert_int_equal(vm_peek(BASE), 0);
}

static void rights_are_the_programs_unless_forced(void **state)
{
	char c;

	map_at(BASE, 1, PROT_READ, ANON);
	map_at(BASE + P, 1, PROT_NONE, ANON);
	assert_int_equal(aspace_access(vm_as, BASE, "x", 1, REMOTE_WRITE), 0);
	assert_int_equal(aspace_access(vm_as, BASE + P, &c, 1, 0), 0);
	assert_int_equal(aspace_access(vm_as, BASE, "x", 1, REMOTE_WRITE | REMOTE_FORCE), 1);
	assert_int_equal(vm_peek(BASE), 'x');
	assert_int_equal(vm_poke(BASE, 'y'), -1); // the program itself still may not
	assert_int_equal(aspace_access(vm_as, BASE + P, &c, 1, REMOTE_FORCE), 1);
	assert_int_equal(c, 0);
	map_at(BASE, 1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS);
	assert_int_equal(aspace_access(vm_as, BASE, "x", 1, REMOTE_WRITE | REMOTE_FORCE), 0);
}

static void a_forced_write_leaves_other_processes_pages_alone(void **state)
{
	struct aspace *child = aspace_create();

	map_at(BASE, 1, RW, ANON);
	assert_int_equal(vm_poke(BASE, 'p'), 0);
	assert_non_null(child);
	assert_int_equal(vm_fork(vm_as, child), 0);
	assert_int_equal(aspace_access(child, BASE, "c", 1, REMOTE_WRITE | REMOTE_FORCE), 1);
	assert_int_equal(vm_peek(BASE), 'p');
	vm_load(child);
	assert_int_equal(vm_peek(BASE), 'c');
	vm_load(vm_as);
	aspace_put(child);
}

static void guards_stop_everyone(void **state)
{
	struct page *pages[4];
	char c;

	map_at(BASE, 4, RW, ANON);
	assert_int_equal(vm_poke(BASE, 1), 0);
	assert_int_equal(vm_poke(BASE + P, 2), 0);
	assert_int_equal(vm_madvise(vm_as, BASE + P, 2 * P, MADV_GUARD_INSTALL), 0);
	vm_check(vm_as);
	assert_true(guard_in_range(aspace_find_vma(vm_as, BASE), BASE, BASE + 4 * P));
	assert_false(guard_in_range(aspace_find_vma(vm_as, BASE), BASE, BASE + P));
	assert_int_equal(vm_peek(BASE + P), -1);
	assert_int_equal(vm_poke(BASE + 2 * P, 1), -1);
	assert_int_equal(aspace_access(vm_as, BASE + P, &c, 1, REMOTE_FORCE), 0);
	assert_int_equal(vm_user_pages(vm_as, BASE, 4, pages), 1);
	page_put(pages[0], 0);
	assert_int_equal(vm_user_pages(vm_as, BASE + P, 1, pages), -EFAULT);
	assert_int_equal(vm_madvise(vm_as, BASE, 4 * P, MADV_GUARD_REMOVE), 0);
	assert_int_equal(vm_peek(BASE), 1);     // was not guarded
	assert_int_equal(vm_peek(BASE + P), 0); // what lay there is gone
}

static void guards_outlive_advice_and_protection(void **state)
{
	map_at(BASE, 3, RW, ANON);
	assert_int_equal(vm_poke(BASE, 1), 0);
	assert_int_equal(vm_madvise(vm_as, BASE + P, P, MADV_GUARD_INSTALL), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, 3 * P, MADV_DONTNEED), 0);
	assert_int_equal(vm_peek(BASE), 0);
	assert_int_equal(vm_mprotect(vm_as, BASE, 3 * P, PROT_READ), 0);
	assert_int_equal(vm_peek(BASE), 0);
	assert_int_equal(vm_peek(BASE + P), -1);
	assert_int_equal(vm_mprotect(vm_as, BASE, 3 * P, RW), 0);
	assert_int_equal(vm_peek(BASE + P), -1);
	vm_check(vm_as);
}

static void guards_follow_a_fork(void **state)
{
	struct aspace *child = aspace_create();

	map_at(BASE, 2, RW, ANON);
	assert_int_equal(vm_madvise(vm_as, BASE, P, MADV_GUARD_INSTALL), 0);
	assert_non_null(child);
	assert_int_equal(vm_fork(vm_as, child), 0);
	vm_load(child);
	assert_int_equal(vm_peek(BASE), -1);
	assert_int_equal(vm_peek(BASE + P), 0);
	vm_check(child);
	vm_load(vm_as);
	aspace_put(child);
}

static void guards_are_refused_where_linux_refuses(void **state)
{
	map_at(BASE, 1, RW, ANON | MAP_LOCKED);
	assert_int_equal(vm_madvise(vm_as, BASE, P, MADV_GUARD_INSTALL), -EINVAL);
	assert_int_equal(vm_madvise(vm_as, BASE, P, MADV_GUARD_REMOVE), 0);
	assert_int_equal(vm_madvise(vm_as, BASE + P, P, MADV_GUARD_INSTALL), -ENOMEM);
}

static void pages_for_a_pipe(void **state)
{
	struct page *pages[3];

	map_at(BASE, 3, RW, ANON);
	assert_int_equal(vm_poke(BASE, 'a'), 0);
	assert_int_equal(vm_peek(BASE + P), 0); // the page of zeros: a copy is given
	assert_int_equal(vm_user_pages(vm_as, BASE, 3, pages), 3);
	assert_int_equal(*(char *)phys_to_virt(page_to_pa(pages[0])), 'a');
	for (int i = 0; i < 3; i++)
		page_put(pages[i], 0);
	assert_int_equal(vm_mprotect(vm_as, BASE, P, PROT_NONE), 0);
	assert_int_equal(vm_user_pages(vm_as, BASE, 1, pages), -EFAULT);
	assert_int_equal(vm_user_pages(vm_as, BASE + 3 * P, 1, pages), -EFAULT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reading_stops_where_nothing_is),
		T(pages_that_nobody_touched_are_made),
		T(rights_are_the_programs_unless_forced),
		T(a_forced_write_leaves_other_processes_pages_alone),
		T(guards_stop_everyone),
		T(guards_outlive_advice_and_protection),
		T(guards_follow_a_fork),
		T(guards_are_refused_where_linux_refuses),
		T(pages_for_a_pipe),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
