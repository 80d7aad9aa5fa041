// Linux's address space layout randomisation. See aslr.h.

#include "kernel/proc/aslr.h"

#define MMAP_GAP_MIN (128ull << 20)
#define MMAP_GAP_MAX (USER_TOP / 6 * 5)

static uint64_t mmap_random_bytes(uint64_t random)
{
	return (random & ((1ull << ASLR_MMAP_BITS) - 1)) << PAGE_SHIFT;
}

va_t aslr_stack_top(uint64_t random)
{
	return USER_TOP - ((random & ASLR_STACK_PAGES) << PAGE_SHIFT);
}

va_t aslr_mmap_base(uint64_t random, uint64_t stack_limit_bytes)
{
	uint64_t gap = stack_limit_bytes;
	uint64_t pad = (ASLR_STACK_PAGES + ASLR_STACK_GAP_PAGES) << PAGE_SHIFT;

	if (gap + pad > gap) // an unlimited stack must not wrap
		gap += pad;
	gap = MIN(MAX(gap, MMAP_GAP_MIN), MMAP_GAP_MAX);
	return ALIGN_UP(USER_TOP - gap - mmap_random_bytes(random), PAGE_SIZE);
}

va_t aslr_pie_base(uint64_t random)
{
	return ALIGN_DOWN(ASLR_PIE_BASE + mmap_random_bytes(random), PAGE_SIZE);
}

va_t aslr_brk(uint64_t random, va_t end_va)
{
	va_t start = ALIGN_UP(end_va, PAGE_SIZE);

	return start + random % (ASLR_BRK_BYTES >> PAGE_SHIFT) * PAGE_SIZE;
}

unsigned aslr_stack_gap(uint64_t random)
{
	return (unsigned)(random & 8191);
}
