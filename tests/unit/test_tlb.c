// sources: mm/phys/mapper.c mm/phys/mapper_range.c mm/phys/tlb.c mm/phys/pmm.c mm/phys/buddy.c
// sources: mm/phys/virgin.c mm/phys/kmap.c tests/unit/host_mem.c tests/unit/shim/host_seam.c
// sources: mm/phys/mapper_huge.c mm/phys/hugepool.c
// sources: mm/phys/mapper_move.c
// TLB batches and shootdown on model CPUs. The model TLB aborts the test when a frame or a table is
// freed while a CPU could still reach it; here other CPUs are played by the same thread.

#include "mm/phys/tlb.h"

#include "kernel/base/cpu.h"
#include "kernel/base/percpu.h"
#include "mm/phys/mapper.h"
#include "mm/phys/pmm.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define RW   (PT_READ | PT_WRITE | PT_USER)
#define BASE 0x10000000ull

static struct pgtable pt;
static uint64_t sent; // CPUs that were interrupted

static void as_cpu(unsigned cpu)
{
	host_cpu_impersonate(cpu ? cpu : ~0u);
}

// "Raises the interrupt": the handler runs at once as each CPU of the mask.
static void send(uint64_t mask)
{
	sent |= mask;
	for (unsigned cpu = 1; cpu < MAX_CPUS; cpu++) {
		if (!(mask & 1ull << cpu))
			continue;
		as_cpu(cpu);
		tlb_shootdown_interrupt();
		tlb_shootdown_interrupt(); // a late second one does nothing
	}
	as_cpu(0);
}

static int setup(void **state)
{
	host_mem_boot_simple(32ull << 20);
	host_online_cpus = 4;
	assert_int_equal(pt_create(&pt), 0);
	sent = 0;
	tlb_set_shootdown(send);
	for (unsigned cpu = 0; cpu < 3; cpu++) {
		as_cpu(cpu);
		tlb_forget_loaded();
		tlb_switch(&pt);
	}
	as_cpu(0);
	return 0;
}

static int teardown(void **state)
{
	host_online_cpus = 1;
	tlb_set_shootdown(NULL);
	host_mem_reset();
	return 0;
}

static void map(va_t va, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct page *p = pmm_alloc(0, 0);

		assert_int_equal(pt_map(&pt, va + i * PAGE_SIZE, page_to_pa(p), 0, RW), 0);
	}
}

static void touch(unsigned cpu, va_t va, unsigned n)
{
	char c = 1;

	as_cpu(cpu);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(host_user_write(va + i * PAGE_SIZE, &c, 1), 1);
	as_cpu(0);
}

static void unmap(va_t va, unsigned n)
{
	struct tlb_batch b;

	tlb_batch_begin(&b, &pt);
	pt_unmap_range(&pt, va, va + n * PAGE_SIZE, &b);
	tlb_batch_end(&b);
	host_tlb_check();
}

static void few_and_many(void **state)
{
	map(BASE, 300);
	for (unsigned cpu = 0; cpu < 3; cpu++)
		touch(cpu, BASE, 100);
	unmap(BASE + 4 * PAGE_SIZE, 2); // single invalidations
	assert_int_equal(sent, 6);
	assert_int_equal(host_tlb_entries(1), 98);
	unmap(BASE, 300); // more than a batch holds
	assert_int_equal(host_tlb_entries(0), 0);
	assert_int_equal(host_tlb_entries(2), 0);
}

// Only CPUs that have the root loaded are interrupted; loading another root leaves nothing behind.
static void only_where_loaded(void **state)
{
	map(BASE, 2);
	touch(1, BASE, 2);
	touch(2, BASE, 2);
	as_cpu(1);
	tlb_switch(pt_kernel());
	as_cpu(2);
	tlb_switch(pt_kernel());
	tlb_switch(&pt);
	as_cpu(0);
	assert_int_equal(host_tlb_entries(1), 0);
	unmap(BASE, 2);
	assert_int_equal(sent, 4);
	assert_int_equal(pt.cpus, 5);
}

// A root that no CPU has loaded needs no flush at all.
static void not_loaded(void **state)
{
	for (unsigned cpu = 0; cpu < 3; cpu++) {
		as_cpu(cpu);
		tlb_switch(pt_kernel());
	}
	as_cpu(0);
	assert_int_equal(pt.cpus, 0);
	map(BASE, 3);
	unmap(BASE, 3);
	assert_int_equal(sent, 0);
}

static void rights_and_tables(void **state)
{
	struct tlb_batch b;

	map(BASE, 1);
	touch(2, BASE, 1);
	tlb_batch_begin(&b, &pt);
	pt_protect_range(&pt, BASE, BASE + PAGE_SIZE, PT_READ, false, &b);
	tlb_batch_end(&b);
	host_tlb_check();
	assert_int_equal(sent, 6);
	unmap(BASE, 1);
	sent = 0;
	tlb_batch_begin(&b, &pt);
	pt_free_tables(&pt, 0, 1ull << 47, 0, 1ull << 47, &b);
	tlb_batch_end(&b);
	assert_int_equal(sent, 6); // caches of upper entries
	assert_int_equal(host_count_tables(pt.root_pa), 0);
}

static void kernel_range(void **state)
{
	tlb_flush_kernel(0x220000000000ull, 0x220000003000ull);
	assert_int_equal(sent, 0xe);
	tlb_flush_kernel(0x220000000000ull, 0x220000100000ull);
}

// Waiting for others with interrupts off would deadlock: it is refused loudly.
static void interrupts_must_be_on(void **state)
{
	jmp_buf out;

	map(BASE, 1);
	touch(1, BASE, 1);
	cpu_irq_disable();
	host_panic_jump = &out;
	if (!setjmp(out)) {
		unmap(BASE, 1);
		fail();
	}
	host_panic_jump = NULL;
	cpu_irq_enable();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(few_and_many, setup, teardown),
		cmocka_unit_test_setup_teardown(only_where_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(not_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(rights_and_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(kernel_range, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupts_must_be_on, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
