// sources: mm/phys/mapper.c mm/phys/mapper_range.c mm/phys/tlb.c mm/phys/pmm.c mm/phys/buddy.c
// sources: mm/phys/virgin.c mm/phys/kmap.c tests/unit/host_mem.c tests/unit/shim/host_seam.c
// sources: mm/phys/mapper_huge.c mm/phys/hugepool.c
// sources: mm/phys/mapper_move.c
// The frame allocator on machines of many shapes: orders, references, demotion, pools, reserve,
// reclaim, adoption, lazily used RAM. Touching a frame or record that is not mapped fails the test.

#include "mm/phys/pmm.h"

#include "kernel/base/cpufeat.h"
#include "kernel/base/percpu.h"
#include "mm/phys/mapper.h"
#include "mm/phys/physmap.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

static uint64_t free_pages(void)
{
	struct pmm_stats s;

	pmm_drain();
	pmm_get_stats(&s);
	return s.free_pages;
}

static int teardown(void **state)
{
	cpu_features.gib_pages = false;
	host_mem_reset();
	return 0;
}

static int setup_64m(void **state)
{
	host_mem_boot_simple(MIB(64));
	return 0;
}

static void *va_of(const struct page *p)
{
	return phys_to_virt(page_to_pa(p));
}

static bool in_ram(pa_t pa, uint64_t bytes)
{
	const struct bootinfo *info = host_bootinfo();

	if (pa < HOST_KERNEL_PA + HOST_KERNEL_BYTES && pa + bytes > HOST_KERNEL_PA)
		return false;
	for (unsigned i = 0; i < info->ram_ranges; i++) {
		const struct boot_range *r = &info->ram[i];

		if (pa >= r->start_pa && pa + bytes <= r->start_pa + r->size_bytes)
			return pa >= PAGE_SIZE;
	}
	return false;
}

// Takes all memory as single pages, each checked and filled, then gives it back in random order.
static uint64_t exhaust(unsigned flags)
{
	static struct page *pages[40000];
	uint64_t n = 0;

	while (n < 40000 && (pages[n] = pmm_alloc(0, flags))) {
		assert_int_equal(pages[n]->count, 1);
		assert_null(pages[n]->owner);
		assert_true(in_ram(page_to_pa(pages[n]), PAGE_SIZE));
		*(uint64_t *)va_of(pages[n]) = n;
		n++;
	}
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(*(uint64_t *)va_of(pages[i]), i); // no frame was given twice
	for (uint64_t i = 0; i < n; i++) {
		uint64_t k = i + host_random_below(n - i);
		struct page *p = pages[k];

		pages[k] = pages[i];
		page_put(p, 0);
	}
	return n;
}

static void machine(const struct boot_range *ram, unsigned n, uint64_t at_least)
{
	uint64_t pages, again;

	host_mem_boot(ram, n);
	pages = exhaust(PMM_RESERVE);
	assert_true(pages >= at_least);
	again = exhaust(PMM_RESERVE);
	assert_int_equal(again, pages);
	assert_int_equal(free_pages(), pages);
	host_mem_reset();
}

// What is lost to page records and tables stays small on every machine.
static void machines(void **state)
{
	const struct boot_range small[] = { { 0, 0x9fc00 }, { MIB(1), MIB(2) } };
	const struct boot_range odd[] = { { 0x1234, 0x80000 },
					  { MIB(1) + 0x800, MIB(3) + 0x5000 },
					  { MIB(7) - 0x3000, 0x7000 },
					  { MIB(9) + 0x1000, MIB(5) } };
	const struct boot_range low_only[] = { { 0, 0x9fc00 }, { MIB(1), MIB(1) + 0x80000 } };
	const struct boot_range ten[] = { { 0, 0x9fc00 }, { MIB(1), MIB(9) } };
	const struct boot_range fragments[] = { { 0x1000, 0x9000 },
						{ 0x10000, 0x1000 },
						{ 0x20000, 0x8000 },
						{ 0x40000, 0x20000 },
						{ MIB(2), MIB(1) } };

	machine(small, 2, 158 + 512 - 64 - 13);
	machine(odd, 4, 127 + 768 - 65 + 5 + 1279 - 50);
	machine(low_only, 2, 158 + 256 + 64 - 20);
	machine(ten, 2, 158 + 2304 - 64 - 32);
	machine(fragments, 5, 8 + 1 + 8 + 32 + 192 - 20);
}

static void orders(void **state)
{
	uint64_t before = free_pages();

	for (unsigned order = 0; order <= PMM_MAX_ORDER; order++) {
		struct page *p = pmm_alloc(order, PMM_ZERO);
		char *va = va_of(p);

		assert_non_null(p);
		assert_true(IS_ALIGNED(page_to_pa(p), PAGE_SIZE << order));
		assert_true(in_ram(page_to_pa(p), PAGE_SIZE << order));
		for (uint64_t i = 0; i < PAGE_SIZE << order; i += 509)
			assert_int_equal(va[i], 0);
		memset(va, 0xee, PAGE_SIZE << order);
		assert_int_equal(!!(p->flags & PAGE_WHOLE), order == 9);
		page_get(p, order);
		page_put(p, order);
		page_put(p, order);
	}
	assert_null(pmm_alloc(PMM_MAX_ORDER + 1, 0));
	assert_int_equal(free_pages(), before);
}

// After any history the buddies merge back: as many large blocks as at first.
static void merging(void **state)
{
	struct page *blocks[40];
	unsigned n = 0, again = 0;

	while ((blocks[n] = pmm_alloc(9, PMM_RESERVE)))
		n++;
	assert_true(n >= 30);
	for (unsigned i = 0; i < n; i++)
		page_put(blocks[i], 9);
	(void)exhaust(PMM_RESERVE);
	while (again < 40 && (blocks[again] = pmm_alloc(9, PMM_RESERVE)))
		again++;
	assert_true(again >= n);
	while (again)
		page_put(blocks[--again], 9);
}

static void random_blocks(void **state)
{
	static struct {
		struct page *p;
		unsigned order;
	} slots[300];
	uint64_t before = free_pages();

	for (unsigned step = 0; step < 10000; step++) {
		unsigned i = host_random_below(300), order = host_random_below(7);
		uint64_t *va;

		if (slots[i].p) {
			va = va_of(slots[i].p);
			assert_int_equal(va[0], i);
			assert_int_equal(va[(512ull << slots[i].order) - 1], i);
			page_put(slots[i].p, slots[i].order);
			slots[i].p = NULL;
			continue;
		}
		slots[i].p = pmm_alloc(order, 0);
		slots[i].order = order;
		if (!slots[i].p)
			continue;
		va = va_of(slots[i].p);
		va[0] = va[(512ull << order) - 1] = i;
	}
	for (unsigned i = 0; i < 300; i++) {
		if (slots[i].p)
			page_put(slots[i].p, slots[i].order);
		slots[i].p = NULL;
	}
	assert_int_equal(free_pages(), before);
}

static void demotion(void **state)
{
	uint64_t before = free_pages();
	struct page *huge = pmm_alloc(9, 0);

	page_get(huge, 9);
	page_get(huge, 9); // three holders
	page_demote(huge);
	page_demote(huge);
	for (unsigned i = 0; i < 512; i++) {
		assert_int_equal(huge[i].count, 3);
		assert_int_equal(huge[i].flags, PAGE_HUGE_MEMBER);
	}
	page_put(huge + 7, 0);
	page_put(huge + 7, 0);
	page_get(huge, 9);
	page_put(huge, 9);
	page_put(huge, 9); // page 7 goes, the others have two
	assert_int_equal(huge[7].count, 0);
	assert_int_equal(huge[8].count, 2);
	assert_int_equal(free_pages(), before - 511);
	for (unsigned i = 0; i < 512; i++) {
		while (huge[i].count)
			page_put(huge + i, 0);
	}
	assert_int_equal(free_pages(), before);
	// An owner's pages know their place.
	huge = pmm_alloc(9, 0);
	huge->owner = state;
	huge->index = 1024;
	page_demote(huge);
	assert_ptr_equal(huge[5].owner, state);
	assert_int_equal(huge[5].index, 1029);
	page_put(huge, 9);
	assert_int_equal(free_pages(), before);
}

static void zero_ahead(void **state)
{
	struct page *pages[200];

	assert_false(pmm_zero_ahead(10)); // nothing was used yet
	for (unsigned i = 0; i < 200; i++) {
		pages[i] = pmm_alloc(0, 0);
		memset(va_of(pages[i]), 0xaa, 4096);
	}
	for (unsigned i = 0; i < 200; i++)
		page_put(pages[i], 0);
	assert_true(pmm_zero_ahead(10));
	assert_false(pmm_zero_ahead(1000));
	for (unsigned i = 0; i < 200; i++) {
		char *va;

		pages[i] = pmm_alloc(0, PMM_ZERO);
		va = va_of(pages[i]);
		for (unsigned k = 0; k < 4096; k += 64)
			assert_int_equal(va[k], 0);
	}
	for (unsigned i = 0; i < 200; i++) {
		memset(va_of(pages[i]), 0, 4096);
		page_free_zeroed(pages[i]);
	}
	pages[0] = pmm_alloc(0, PMM_ZERO);
	assert_int_equal(*(char *)va_of(pages[0]), 0);
	page_put(pages[0], 0);
}

static void pools_overflow(void **state)
{
	static struct page *pages[700];
	uint64_t before = free_pages();

	for (unsigned i = 0; i < 700; i++)
		pages[i] = pmm_alloc(0, PMM_ZERO);
	for (unsigned i = 0; i < 350; i++)
		page_free_zeroed(pages[i]);
	for (unsigned i = 350; i < 700; i++)
		page_put(pages[i], 0);
	assert_int_equal(free_pages(), before);
}

static struct {
	struct page *pages[512];
	unsigned n, calls;
} hoard;

static uint64_t give_some(uint64_t want)
{
	unsigned n = MIN(hoard.n, 10u);

	hoard.calls++;
	for (unsigned i = 0; i < n; i++)
		page_put(hoard.pages[--hoard.n], 0);
	return n;
}

static uint64_t give_none(uint64_t want)
{
	return 0;
}

static void reserve_and_reclaim(void **state)
{
	static struct page *pages[20000];
	unsigned n = 0, extra = 0;

	pmm_add_reclaim(give_none);
	pmm_add_reclaim(give_some);
	for (; hoard.n < 100; hoard.n++)
		hoard.pages[hoard.n] = pmm_alloc(0, 0);
	while ((pages[n] = pmm_alloc(0, PMM_NOWAIT)))
		n++;
	assert_int_equal(hoard.calls, 0);
	while ((pages[n] = pmm_alloc(0, PMM_NOWAIT | PMM_RESERVE))) {
		n++;
		extra++;
	}
	assert_true(extra >= 8);
	assert_null(pmm_alloc(3, PMM_NOWAIT));
	for (unsigned i = 0; i < extra; i++)
		page_put(pages[--n], 0);
	// Ordinary callers go on until the hoard is spent.
	while ((pages[n] = pmm_alloc(0, 0)))
		n++;
	assert_int_equal(hoard.n, 0);
	assert_true(hoard.calls >= 10);
	while (n)
		page_put(pages[--n], 0);
}

static void adopted_image(void **state)
{
	struct boot_range ram[2] = { { 0x10000, 0x90000 }, { MIB(1), MIB(15) } };
	struct boot_range reserved[2] = { { HOST_KERNEL_PA, HOST_KERNEL_BYTES },
					  { MIB(10), MIB(3) + 0x2000 } };
	struct pmm_stats s, t;
	struct page *p;
	uint64_t before;

	host_mem_init(ram, 2);
	pmm_init(host_bootinfo(), reserved, 2);
	before = free_pages();
	strcpy(host_ram(MIB(11)), "text");
	assert_int_equal(pmm_adopt_range(MIB(10), MIB(3) + 0x1800), 0);
	p = pa_to_page(MIB(11));
	assert_int_equal(p->flags, PAGE_IMAGE);
	assert_int_equal(p->count, 0);
	assert_string_equal(va_of(p), "text");
	pmm_get_stats(&s);
	assert_int_equal(s.image_pages, 770);
	page_get(p, 0);
	page_get(p, 0);
	page_put(p, 0);
	assert_int_equal(p->flags, PAGE_IMAGE);
	page_put(p, 0);
	pmm_get_stats(&t);
	assert_int_equal(t.image_pages, 769);
	assert_int_equal(t.total_pages, s.total_pages + 1);
	assert_true(free_pages() <= before + 1);
	for (pa_t pa = MIB(10); pa < MIB(13) + 0x2000; pa += PAGE_SIZE) {
		if (pa == MIB(11))
			continue;
		page_get(pa_to_page(pa), 0);
		page_put(pa_to_page(pa), 0);
	}
	pmm_get_stats(&t);
	assert_int_equal(t.image_pages, 0);
	assert_true(exhaust(PMM_RESERVE) >= 3860);
	// With no virgin RAM left the records come from RAM in use.
	assert_int_equal(pmm_adopt_range(GIB(2), 0x3000), 0);
	assert_int_equal(pa_to_page(GIB(2) + 0x2000)->flags, PAGE_IMAGE);
}

static void permanent(void **state)
{
	struct page *p = pmm_alloc(0, 0);

	p->flags |= PAGE_PERMANENT;
	page_put(p, 0);
	assert_int_equal(p->count, 1);
	p->flags = 0;
	page_put(p, 0);
}

// 64 GiB of address space: start-up and the first allocations touch next to nothing.
static void lazy(void **state)
{
	struct boot_range ram[3] = { { 0x1000, 0x9e000 },
				     { MIB(1), GIB(3) - MIB(1) },
				     { GIB(4), GIB(61) } };
	struct page *p[64];
	struct pmm_stats s;

	cpu_features.gib_pages = true;
	host_mem_boot(ram, 3);
	pmm_get_stats(&s);
	assert_int_equal(s.total_pages,
			 (0x9e000 + GIB(64) - MIB(1) - HOST_KERNEL_BYTES) / PAGE_SIZE);
	for (unsigned i = 0; i < 64; i++)
		p[i] = pmm_alloc(0, 0);
	assert_true(page_to_pa(p[63]) < MIB(4));
	assert_false(pt_query(pt_kernel(), (va_t)pa_to_page(GIB(1))).present);
	assert_false(pt_query(pt_kernel(), (va_t)phys_to_virt(GIB(5))).present);
	for (unsigned i = 0; i < 64; i++)
		page_put(p[i], 0);
}

// Runs through all of 6 GiB in 2 MiB frames: metadata is refilled, 1 GiB entries are used where the
// whole GiB is RAM, and nothing large is lost.
static void lazy_to_the_end(void **state)
{
	static struct page *p[4000];
	struct boot_range ram[3] = { { 0x1000, 0x9e000 },
				     { MIB(1), GIB(3) - MIB(1) },
				     { GIB(4), GIB(3) + MIB(300) } };
	unsigned n = 0;

	cpu_features.gib_pages = true;
	host_mem_boot(ram, 3);
	while ((p[n] = pmm_alloc(9, PMM_RESERVE))) {
		assert_true(in_ram(page_to_pa(p[n]), HUGE_SIZE));
		*(int *)va_of(p[n]) = 1;
		n++;
	}
	// The records take 1/128.
	assert_true(n >= (GIB(6) + MIB(300)) / HUGE_SIZE * 127 / 128 - 4);
	assert_int_equal(pt_query(pt_kernel(), (va_t)phys_to_virt(GIB(2))).order, 18);
	assert_int_equal(pt_query(pt_kernel(), (va_t)phys_to_virt(GIB(7))).order, 9);
	assert_int_equal(pt_query(pt_kernel(), (va_t)phys_to_virt(MIB(8))).order, 9);
	while (n)
		page_put(p[--n], 9);
}

static void device_memory(void **state)
{
	struct host_walk w;

	assert_int_equal(physmap_ensure(0xfee00000, 0x1000, true), 0);
	assert_int_equal(physmap_ensure(0xfee00000, 0x1000, true), 0);
	w = host_walk(pt_kernel()->root_pa, (va_t)phys_to_virt(0xfee00123));
	assert_true(w.present && w.write && !w.exec && !w.user);
	assert_int_equal(w.pa, 0xfee00123);
	assert_true(w.raw & (1 << 4));
	assert_int_equal(physmap_ensure(GIB(600) + 1, MIB(5), false), 0);
	assert_true(host_walk(pt_kernel()->root_pa, (va_t)phys_to_virt(GIB(600) + MIB(5))).present);
	for (unsigned n = 1; n < 4; n++) {
		uint64_t before = free_pages();

		host_alloc_fail_at(n);
		assert_int_not_equal(physmap_ensure(GIB(900), 1, false), 0);
		host_alloc_fail_at(0);
		assert_int_equal(free_pages(), before);
	}
}

static void *hammer(void *arg)
{
	struct page *mine[100] = { NULL };

	for (unsigned step = 0; step < 30000; step++) {
		unsigned i = (step * 2654435761u >> 16) % 100;

		if (mine[i]) {
			page_put(mine[i], 0);
			mine[i] = NULL;
		} else {
			mine[i] = pmm_alloc(0, step % 5 ? 0 : PMM_ZERO);
		}
		if (step % 64 == 0)
			(void)pmm_zero_ahead(2);
	}
	for (unsigned i = 0; i < 100; i++) {
		if (mine[i])
			page_put(mine[i], 0);
	}
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

static void no_memory_at_all(void **state)
{
	struct boot_range ram = { 0, 0x1000 };
	jmp_buf out;

	host_mem_init(&ram, 1);
	host_panic_jump = &out;
	if (!setjmp(out)) {
		pmm_init(host_bootinfo(), NULL, 0);
		fail();
	}
	host_panic_jump = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(machines, teardown),
		cmocka_unit_test_setup_teardown(orders, setup_64m, teardown),
		cmocka_unit_test_setup_teardown(merging, setup_64m, teardown),
		cmocka_unit_test_setup_teardown(random_blocks, setup_64m, teardown),
		cmocka_unit_test_setup_teardown(demotion, setup_64m, teardown),
		cmocka_unit_test_setup_teardown(zero_ahead, setup_64m, teardown),
		cmocka_unit_test_setup_teardown(pools_overflow, setup_64m, teardown),
		cmocka_unit_test_setup_teardown(reserve_and_reclaim, setup_64m, teardown),
		cmocka_unit_test_teardown(adopted_image, teardown),
		cmocka_unit_test_setup_teardown(permanent, setup_64m, teardown),
		cmocka_unit_test_teardown(lazy, teardown),
		cmocka_unit_test_teardown(lazy_to_the_end, teardown),
		cmocka_unit_test_setup_teardown(device_memory, setup_64m, teardown),
		cmocka_unit_test_setup_teardown(threads, setup_64m, teardown),
		cmocka_unit_test_teardown(no_memory_at_all, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
