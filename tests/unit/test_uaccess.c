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
// Copies between kernel and program, transfers over buffer lists, and the retry without faults that
// a write from one's own mapping needs.
#include "tests/unit/vm_helper.h"

#include "kernel/sched/thread.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"

#include <errno.h>
#include <linux/mman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BASE 0x40000000ull
#define P    PAGE_SIZE

// Two pages that may be written, then nothing.
static void map_two(void)
{
	assert_int_equal(vm_map(BASE, 2 * P, RW, ANON | MAP_FIXED), BASE);
}

static void copies_fault_in_and_stop_at_bad_addresses(void **state)
{
	char out[32], in[] = "sixteen letters!";
	uint32_t word = 0;

	map_two();
	assert_int_equal(copy_to_user(UPTR(BASE + P - 8), in, 16), 0);
	assert_int_equal(copy_from_user(out, UPTR(BASE + P - 8), 16), 0);
	assert_memory_equal(in, out, 16);
	assert_int_equal(clear_user(UPTR(BASE + P - 4), 8), 0);
	assert_int_equal(vm_peek(BASE + P - 4), 0);
	assert_int_equal(copy_to_user(UPTR(BASE + 2 * P - 4), in, 16), -EFAULT);
	assert_int_equal(copy_from_user(out, UPTR(BASE + 2 * P - 4), 16), -EFAULT);
	assert_int_equal(clear_user(UPTR(BASE + 2 * P), 1), -EFAULT);
	assert_int_equal(user_write_partial(UPTR(BASE + 2 * P - 4), in, 16), 4);
	assert_int_equal(user_read_partial(out, UPTR(BASE + 2 * P - 4), 16), 4);
	assert_int_equal(user_clear_partial(UPTR(BASE + 2 * P - 4), 16), 4);
	// Kernel addresses are refused before they are touched.
	assert_int_equal(copy_from_user(out, UPTR(0xffffffff80000000), 1), -EFAULT);
	assert_int_equal(copy_to_user(UPTR(USER_TOP - 4), in, 16), -EFAULT);
	assert_int_equal(copy_to_user(UPTR(UINT64_MAX), in, 16), -EFAULT);
	assert_int_equal(clear_user(UPTR(USER_TOP), 1), -EFAULT);
	assert_int_equal(user_read_partial(out, UPTR(USER_TOP), 16), 0);
	assert_int_equal(vm_mprotect(vm_as, BASE, P, PROT_READ), 0);
	assert_int_equal(copy_to_user(UPTR(BASE), in, 1), -EFAULT);
	assert_int_equal(put_user(5u, UPTR(BASE + P)), 0);
	assert_int_equal(get_user(word, UPTR(BASE + P)), 0);
	assert_int_equal(word, 5);
}

static void nofault_copies_take_what_is_there(void **state)
{
	uint32_t word = 0, expected = 9;
	char buf[16] = "x";

	map_two();
	assert_int_equal(user_write_nofault(UPTR(BASE), buf, 16), 0);
	assert_int_equal(user_cmpxchg32_nofault(UPTR(BASE), &expected, 1), -EFAULT);
	assert_int_equal(user_fault_in(UPTR(BASE), 1, true), 0);
	assert_int_equal(user_write_nofault(UPTR(BASE), buf, 16), 16);
	assert_int_equal(user_read_nofault(buf, UPTR(BASE + P - 4), 16), 4);
	assert_int_equal(user_clear_nofault(UPTR(BASE), 16), 16);
	assert_int_equal(user_cmpxchg32_nofault(UPTR(BASE), &expected, 1), 0);
	assert_int_equal(expected, 0); // it was not 9
	assert_int_equal(user_cmpxchg32_nofault(UPTR(BASE), &expected, 7), 0);
	assert_int_equal(user_read32_nofault(UPTR(BASE), &word), 0);
	assert_int_equal(word, 7);
	assert_int_equal(user_read32_nofault(UPTR(BASE + 2), &word), -EFAULT);
	assert_int_equal(user_read32_nofault(UPTR(USER_TOP), &word), -EFAULT);
	assert_int_equal(user_cmpxchg32_nofault(UPTR(BASE + 1), &expected, 7), -EFAULT);
	assert_int_equal(user_fault_in(UPTR(BASE + 2 * P), 1, false), -EFAULT);
	assert_int_equal(user_fault_in(UPTR(USER_TOP), 1, false), -EFAULT);
	assert_int_equal(thread_current()->no_fault_depth, 0);
}

static void strings_end_at_their_zero(void **state)
{
	char buf[400], text[300];

	map_two();
	memset(text, 'a', sizeof(text));
	text[299] = 0;
	assert_int_equal(copy_to_user(UPTR(BASE + P - 100), text, 300), 0);
	assert_int_equal(strncpy_from_user(buf, UPTR(BASE + P - 100), sizeof(buf)), 299);
	assert_string_equal(buf, text);
	assert_int_equal(strncpy_from_user(buf, UPTR(BASE + P - 100), 300), 299);
	assert_int_equal(strncpy_from_user(buf, UPTR(BASE + P - 100), 299), -ENAMETOOLONG);
	assert_int_equal(strnlen_user(UPTR(BASE + P - 100), 1000), 299);
	assert_int_equal(strnlen_user(UPTR(BASE + P - 100), 10), 11);
	assert_int_equal(copy_to_user(UPTR(BASE + 2 * P - 4), text, 4), 0);
	assert_int_equal(strncpy_from_user(buf, UPTR(BASE + 2 * P - 4), sizeof(buf)), -EFAULT);
	assert_int_equal(strnlen_user(UPTR(BASE + 2 * P - 4), 100), -EFAULT);
	assert_int_equal(strncpy_from_user(buf, UPTR(USER_TOP), sizeof(buf)), -EFAULT);
}

static void buffers_are_used_in_order(void **state)
{
	struct uio_seg fast[UIO_FAST_SEGS];
	struct uio_seg iov[12] = { { BASE, 3 }, { BASE + 100, 0 }, { BASE + 200, 5 } };
	struct uio u;
	char out[8];

	map_two();
	assert_int_equal(copy_to_user(UPTR(BASE + P), iov, sizeof(iov)), 0);
	assert_int_equal(uio_init_user_iov(&u, UPTR(BASE + P), 3, fast), 0);
	assert_int_equal(u.resid, 8);
	assert_int_equal(uio_copy_out(&u, "abcdefghij", 4), 4);
	assert_int_equal(uio_copy_out(&u, "efghijklmn", 10), 4);
	assert_int_equal(u.resid, 0);
	uio_release(&u, fast);
	assert_int_equal(uio_init_user_iov(&u, UPTR(BASE + P), 12, fast), 0);
	uio_skip(&u, 1);
	assert_int_equal(uio_copy_in(&u, out, 8), 7);
	assert_memory_equal(out, "bcdefgh", 7);
	uio_release(&u, fast);
	uio_init_user(&u, UPTR(BASE), 4);
	assert_int_equal(uio_zero_out(&u, 10), 4);
	assert_int_equal(vm_peek(BASE + 2), 0);
	uio_init_kernel(&u, out, 8);
	assert_int_equal(uio_copy_out(&u, "12345678", 4), 4);
	assert_int_equal(uio_zero_out(&u, 4), 4);
	assert_memory_equal(out, "1234\0\0\0\0", 8);
	uio_init_kernel(&u, out, 8);
	assert_int_equal(uio_copy_in(&u, fast, 8), 8);
	assert_int_equal(uio_fault_in(&u, 8, true), 0);
}

static void bad_lists_are_refused(void **state)
{
	struct uio_seg fast[UIO_FAST_SEGS];
	struct uio_seg iov[2] = { { BASE, 3 }, { BASE, (uint64_t)-1 } };
	struct uio u;

	map_two();
	assert_int_equal(copy_to_user(UPTR(BASE), iov, sizeof(iov)), 0);
	assert_int_equal(uio_init_user_iov(&u, UPTR(BASE), 2, fast), -EINVAL);
	assert_int_equal(uio_init_user_iov(&u, UPTR(BASE), 1025, fast), -EINVAL);
	assert_int_equal(uio_init_user_iov(&u, UPTR(BASE + 4 * P), 2, fast), -EFAULT);
	iov[1] = (struct uio_seg){ USER_TOP, 5 };
	assert_int_equal(copy_to_user(UPTR(BASE), iov, sizeof(iov)), 0);
	assert_int_equal(uio_init_user_iov(&u, UPTR(BASE), 2, fast), -EFAULT);
	iov[0] = (struct uio_seg){ BASE, 0x7fffff00 }; // together more than MAX_RW_COUNT
	iov[1] = iov[0];
	assert_int_equal(copy_to_user(UPTR(BASE), iov, sizeof(iov)), 0);
	assert_int_equal(uio_init_user_iov(&u, UPTR(BASE), 2, fast), 0);
	assert_int_equal(u.resid, UIO_MAX_BYTES);
	host_alloc_fail_at(1);
	assert_int_equal(uio_init_user_iov(&u, UPTR(BASE), 600, fast), -ENOMEM);
	host_alloc_fail_at(0);
}

static void short_copies_are_retried_after_a_fault(void **state)
{
	char buf[64] = "", zeros[64] = "";
	struct uio u;

	map_two();
	uio_init_user(&u, UPTR(BASE + P - 10), 64);
	u.nofault = true;
	assert_int_equal(uio_copy_in(&u, buf, 64), 0); // nothing is there yet
	assert_int_equal(uio_fault_in(&u, 64, false), 0);
	assert_int_equal(uio_copy_in(&u, buf, 64), 64);
	assert_memory_equal(buf, zeros, 64);
	uio_init_user(&u, UPTR(BASE + 2 * P - 10), 64);
	u.nofault = true;
	assert_int_equal(uio_fault_in(&u, 64, true), 0); // the first page can be
	assert_int_equal(uio_copy_out(&u, buf, 64), 10);
	assert_int_equal(uio_zero_out(&u, 10), 0);
	assert_int_equal(uio_fault_in(&u, 54, true), -EFAULT);
	assert_int_equal(uio_fault_in(&u, 0, true), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(copies_fault_in_and_stop_at_bad_addresses),
		T(nofault_copies_take_what_is_there),
		T(strings_end_at_their_zero),
		T(buffers_are_used_in_order),
		T(bad_lists_are_refused),
		T(short_copies_are_retried_after_a_fault),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
