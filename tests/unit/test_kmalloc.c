// sources: mm/phys/kmalloc.c mm/phys/kva.c mm/phys/kstack.c mm/phys/mapper.c mm/phys/mapper_range.c
// sources: mm/phys/tlb.c mm/phys/pmm.c mm/phys/buddy.c mm/phys/virgin.c mm/phys/kmap.c
// sources: tests/unit/host_mem.c tests/unit/shim/host_seam.c
// sources: mm/phys/mapper_huge.c mm/phys/hugepool.c
// sources: mm/phys/mapper_move.c
// The kernel heap, kvalloc and kernel stacks on simulated RAM.

#include "mm/phys/kmalloc.h"

#include "kernel/base/cpu.h"
#include "mm/phys/kmem_check.h"
#include "mm/phys/kstack.h"
#include "mm/phys/kva.h"
#include "mm/phys/mapper.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t free_pages(void)
{
	struct pmm_stats s;

	(void)kmalloc_shrink(0);
	pmm_drain();
	pmm_get_stats(&s);
	return s.free_pages;
}

static int setup(void **state)
{
	host_mem_boot_simple(32ull << 20);
	return 0;
}

static int teardown(void **state)
{
	host_mem_reset();
	return 0;
}

static void sizes(void **state)
{
	static char *objects[6000];
	uint64_t before = free_pages();
	struct kmem_stats s;

	for (unsigned n = 0; n < 6000; n++) {
		objects[n] = kmalloc(n);
		assert_non_null(objects[n]);
		assert_true(IS_ALIGNED((uintptr_t)objects[n], 16));
		if (n && !(n & (n - 1)) && n <= 4096 && n >= 16)
			assert_true(IS_ALIGNED((uintptr_t)objects[n], (uintptr_t)n));
		memset(objects[n], n & 0xff, n);
	}
	kmalloc_get_stats(&s);
	assert_int_equal(s.live_objects, 6000);
	assert_true(s.live_bytes >= 6000ull * 5999 / 2);
	assert_true(s.live_bytes <= s.backing_pages * 4096);
	for (unsigned n = 0; n < 6000; n++) {
		for (unsigned i = 0; i < n; i += 97)
			assert_int_equal((unsigned char)objects[n][i], n & 0xff);
		kfree(objects[n]);
	}
	kfree(NULL);
	assert_int_equal(free_pages(), before);
	kmalloc_get_stats(&s);
	assert_int_equal(s.live_objects, 0);
	assert_int_equal(s.backing_pages, 0);
}

static void large(void **state)
{
	uint64_t before = free_pages();
	char *p = kmalloc(100000), *q = kmalloc(2 << 20);

	assert_non_null(p);
	assert_non_null(q);
	assert_true(IS_ALIGNED((uintptr_t)p, 4096));
	memset(p, 1, 100000);
	memset(q, 1, 2 << 20);
	kfree(p);
	kfree(q);
	assert_null(kmalloc(8 << 20));
	assert_null(kmalloc(SIZE_MAX - 100));
	assert_null(kcalloc(SIZE_MAX / 2, 3));
	assert_int_equal(free_pages(), before);
}

static void zeroed_and_strings(void **state)
{
	char *p = kmalloc(200), *q;

	memset(p, 0xff, 200);
	kfree(p);
	q = kcalloc(20, 10);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(q[i], 0);
	kfree(q);
	p = kstrndup("hello", 3);
	assert_string_equal(p, "hel");
	q = kstrndup("hello", 30);
	assert_string_equal(q, "hello");
	kfree(p);
	kfree(q);
}

static void random_objects(void **state)
{
	static struct {
		unsigned char *p;
		size_t n;
		unsigned char tag;
	} slots[400];
	uint64_t before = free_pages();

	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = host_random_below(400);

		if (slots[i].p) {
			for (size_t k = 0; k < slots[i].n; k += 13)
				assert_int_equal(slots[i].p[k], slots[i].tag);
			kfree(slots[i].p);
			slots[i].p = NULL;
			continue;
		}
		slots[i].n = host_random_below(16) ? host_random_below(700) + 1
						   : host_random_below(30000) + 1;
		slots[i].tag = (unsigned char)host_random();
		slots[i].p = kmalloc(slots[i].n);
		assert_non_null(slots[i].p);
		memset(slots[i].p, slots[i].tag, slots[i].n);
		if (step % 1000 == 0)
			(void)kmalloc_shrink(1);
	}
	for (unsigned i = 0; i < 400; i++) {
		kfree(slots[i].p);
		slots[i].p = NULL;
	}
	assert_int_equal(free_pages(), before);
}

// Every allocation fails once, pages behind the heap included.
static void nth_failure(void **state)
{
	uint64_t before = free_pages();

	for (unsigned n = 1;; n++) {
		void *a, *b, *c, *s;

		host_alloc_fail_at(n);
		a = kmalloc(40);
		b = kmalloc(9000);
		c = kvalloc(100000);
		s = kstack_alloc();
		if (!host_alloc_failed())
			assert_true(a && b && c && s);
		else
			assert_true(!a || !b || !c || !s);
		host_alloc_fail_at(0);
		kfree(a);
		kfree(b);
		kvfree(c);
		if (s)
			kstack_free(s);
		if (a && b && c && s)
			break;
	}
	// What stays: tables of the mapping area, the stack bitmap, one cached stack.
	assert_true(free_pages() + 12 >= before);
}

static void runs_dry(void **state)
{
	static void *objects[20000];
	uint64_t before = free_pages();
	unsigned n = 0;

	while ((objects[n] = kmalloc(2000)))
		n++;
	assert_true(n > 10000);
	assert_null(kmalloc(2000));
	while (n)
		kfree(objects[--n]);
	assert_int_equal(free_pages(), before);
}

static void kvalloc_areas(void **state)
{
	uint64_t before;
	char *areas[10];
	char *mid;

	// The tables of the area stay, also when there is no memory for what they should map.
	assert_null(kvalloc(64 << 20));
	before = free_pages();
	for (unsigned i = 0; i < 10; i++) {
		areas[i] = kvalloc(300000 + i * 4096);
		assert_non_null(areas[i]);
		assert_true((va_t)areas[i] >= KVA_BASE);
		memset(areas[i], (int)i, 300000);
	}
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(areas[i][299999], i);
	// A hole is used again; the page behind an area is not mapped.
	kvfree(areas[4]);
	mid = kvalloc(100000);
	assert_ptr_equal(mid, areas[4]);
	assert_false(host_walk(pt_kernel()->root_pa, (va_t)mid + 25 * 4096).present);
	kvfree(mid);
	for (unsigned i = 0; i < 10; i++) {
		if (i != 4)
			kvfree(areas[i]);
	}
	assert_int_equal(free_pages(), before);
	assert_null(kvalloc(2ull << 40));
	assert_null(kvalloc(64 << 20));
	assert_int_equal(free_pages(), before);
	mid = kvalloc(20000); // small enough for the heap
	assert_true((va_t)mid < KVA_BASE);
	kvfree(mid);
	assert_int_equal(free_pages(), before);
}

static void stacks(void **state)
{
	void *s[40];
	uint64_t before;

	for (unsigned i = 0; i < 40; i++)
		s[i] = kstack_alloc();
	before = free_pages();
	for (unsigned i = 0; i < 40; i++) {
		assert_non_null(s[i]);
		memset(s[i], 0x5a, KSTACK_BYTES);
		assert_true(kstack_is_guard((uint64_t)s[i] - 1));
		assert_true(kstack_is_guard((uint64_t)s[i] - KSTACK_BYTES));
		assert_false(kstack_is_guard((uint64_t)s[i]));
		assert_false(kstack_is_guard((uint64_t)s[i] + KSTACK_BYTES - 1));
		assert_false(host_walk(pt_kernel()->root_pa, (va_t)s[i] - 1).present);
		assert_false(host_walk(pt_kernel()->root_pa, (va_t)s[i]).exec);
	}
	assert_false(kstack_is_guard(0x1000));
	cpu_irq_disable(); // as when the dead thread's successor frees it
	for (unsigned i = 0; i < 40; i++)
		kstack_free(s[i]);
	cpu_irq_enable();
	assert_int_equal(free_pages(), before);
	assert_ptr_equal(kstack_alloc(), s[39]); // the last one
	kstack_free(s[39]);
	while (kstack_trim())
		;
	assert_int_equal(free_pages(), before + 32 * KSTACK_BYTES / 4096);
	assert_ptr_equal(kstack_alloc(), s[7]); // of those kept
}

static void *hammer(void *arg)
{
	void *mine[64] = { 0 };

	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = step * 2654435761u >> 26;

		if (mine[i]) {
			kfree(mine[i]);
			mine[i] = NULL;
		} else {
			mine[i] = kmalloc(16 + (step % 60) * 16);
			if (mine[i])
				memset(mine[i], 1, 16);
		}
	}
	for (unsigned i = 0; i < 64; i++)
		kfree(mine[i]);
	(void)kmalloc_shrink(0);
	pmm_drain();
	return NULL;
}

static void threads(void **state)
{
	uint64_t before = free_pages();
	pthread_t t[4];

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, hammer, NULL), 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(free_pages(), before);
}

static void debug_checks(void **state)
{
	unsigned char slot[64];

	kmem_check_mark_allocated(slot, 64, 40);
	assert_true(kmem_check_zone(slot, 64));
	slot[39] = 1;
	assert_true(kmem_check_zone(slot, 64));
	slot[40] = 1;
	assert_false(kmem_check_zone(slot, 64));
	memset(slot, KMEM_FREED_BYTE, 64);
	assert_false(kmem_check_zone(slot, 64));
	kmem_check_mark_allocated(slot, 64, 56);
	assert_true(kmem_check_zone(slot, 64));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(large, setup, teardown),
		cmocka_unit_test_setup_teardown(zeroed_and_strings, setup, teardown),
		cmocka_unit_test_setup_teardown(random_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(nth_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(runs_dry, setup, teardown),
		cmocka_unit_test_setup_teardown(kvalloc_areas, setup, teardown),
		cmocka_unit_test_setup_teardown(stacks, setup, teardown),
		cmocka_unit_test_setup_teardown(threads, setup, teardown),
		cmocka_unit_test(debug_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
