// sources: kernel/proc/aslr.c tests/unit/shim/host_seam.c
// Where a program's parts may go: Linux's ranges, all of them reached, none left.

#include "kernel/proc/aslr.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/shim/host_seam.h"

#define STACK_8M (8ull << 20)

static void is_fixed_without_randomness(void **state)
{
	(void)state;
	assert_int_equal(aslr_stack_top(0), 0x7ffffffff000);
	assert_int_equal(aslr_pie_base(0), 0x555555554000); // as gdb shows it on Linux
	// 8 MiB of stack, 16 GiB of its randomisation and 1 MiB of guard gap below the top.
	assert_int_equal(aslr_mmap_base(0, STACK_8M),
			 0x7ffffffff000 - (STACK_8M + (0x3fffffull << 12) + (256ull << 12)));
	assert_int_equal(aslr_brk(0, 0x601234), 0x602000);
	assert_int_equal(aslr_brk(0, 0x602000), 0x602000);
}

static void keeps_its_range(void **state)
{
	uint64_t lim[] = { 0, 4096, STACK_8M, 1ull << 40, UINT64_MAX };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t r = host_random(), l = lim[i % 5];
		va_t stack = aslr_stack_top(r), mmap = aslr_mmap_base(r, l), pie = aslr_pie_base(r);
		va_t brk = aslr_brk(r, 0x601234);

		assert_true(!(stack % PAGE_SIZE) && !(mmap % PAGE_SIZE) && !(pie % PAGE_SIZE) &&
			    !(brk % PAGE_SIZE));
		assert_in_range(stack, USER_TOP - (1ull << 34), USER_TOP);
		assert_in_range(pie, 0x555555554000, 0x555555554000 + (1ull << 40) - 1);
		assert_in_range(brk, 0x602000, 0x602000 + (1ull << 30) - 1);
		// At least the gap below the top, at most 1 TiB under it.
		assert_true(mmap <= USER_TOP - (128ull << 20));
		assert_true(mmap >= USER_TOP - USER_TOP / 6 * 5 - (1ull << 40));
		assert_in_range(aslr_stack_gap(r), 0, 8191);
	}
}

static void uses_every_bit(void **state)
{
	uint64_t pie = 0, mmap = 0, stack = 0;

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		pie |= aslr_pie_base(1ull << bit) - aslr_pie_base(0);
		mmap |= aslr_mmap_base(0, STACK_8M) - aslr_mmap_base(1ull << bit, STACK_8M);
		stack |= aslr_stack_top(0) - aslr_stack_top(1ull << bit);
	}
	assert_int_equal(pie, ((1ull << 28) - 1) << 12);
	assert_int_equal(mmap, ((1ull << 28) - 1) << 12);
	assert_int_equal(stack, ((1ull << 22) - 1) << 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_fixed_without_randomness),
		cmocka_unit_test(keeps_its_range),
		cmocka_unit_test(uses_every_bit),
	};

	return cmocka_run_group_tests_name("aslr", tests, NULL, NULL);
}
