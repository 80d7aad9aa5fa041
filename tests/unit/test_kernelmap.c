// sources: mm/phys/kernelmap.c tests/unit/shim/host_seam.c
// The rights of the kernel's own image, on a make-believe image of the sections below.

#include "mm/phys/kernelmap.h"

#include "kernel/base/boottables.h"
#include "kernel/base/cpu.h"
#include "kernel/base/sections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

// 1 page of entry code, 3 of text, 2 of read-only data, 4 of data, one of them a guard.
__asm__(".data\n.balign 65536\n"
	".globl __kernel_start, __text_start, __text_end, __rodata_start, __rodata_end\n"
	".globl host_data_start, __kernel_end\n"
	"__kernel_start: .skip 4096\n__text_start: .skip 12000\n__text_end: .balign 4096\n"
	"__rodata_start: .skip 8192\n__rodata_end:\nhost_data_start: .skip 16384\n__kernel_end:\n");

uint64_t boot_pml4[512], boot_pt_kernel[512], boot_pd_physmap[512];
static unsigned flushes;

void cpu_flush_tlb_all(void)
{
	flushes++;
}

static void rights(void **state)
{
	static const char want[] = "rxxxrrww-w"; // by page
	const uint64_t nx = 1ull << 63, frame = 0x000ffffffffff000ull;
	const unsigned base = ((uintptr_t)__kernel_start >> 12) & 511;

	boot_pml4[0] = 0x1003;
	for (unsigned i = 0; i < 512; i++)
		boot_pt_kernel[(base + i) & 511] =
			(0x200000 + i * 4096ull) | 0x3; // all writable and executable
	boot_pt_kernel[(base + 8) & 511] = 0;
	assert_int_equal(kernel_map_init(), 0);
	assert_int_equal(boot_pml4[0], 0);
	assert_int_equal(flushes, 1);
	for (unsigned i = 0; i < sizeof(want) - 1; i++) {
		uint64_t e = boot_pt_kernel[(base + i) & 511];

		if (want[i] == '-') {
			assert_int_equal(e, 0);
			continue;
		}
		assert_true((e & frame) == 0x200000 + i * 4096ull);
		assert_int_equal(e & 1, 1);
		assert_int_equal(!!(e & 2), want[i] == 'w');
		assert_int_equal(!(e & nx), want[i] == 'x');
		assert_int_equal(e & 4, 0); // not the program's
	}
	assert_true(boot_pt_kernel[(base + 10) & 511] ==
		    (0x20a000ull | 0x3)); // behind the image: not ours
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rights) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
