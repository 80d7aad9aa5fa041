// sources: mm/phys/mapper.c mm/phys/mapper_range.c mm/phys/tlb.c mm/phys/pmm.c mm/phys/buddy.c
// sources: mm/phys/virgin.c mm/phys/kmap.c tests/unit/host_mem.c tests/unit/shim/host_seam.c
// sources: mm/phys/mapper_huge.c mm/phys/hugepool.c
// sources: mm/phys/mapper_move.c
// TLB batches and shootdown on model CPUs. The model TLB aborts the test when a frame or a table is
// freed while a CPU could still reach it; here other CPUs are played by the same thread, but for
// one test in which each is a thread, and interrupts come when they come.

#include "mm/phys/tlb.h"

#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "mm/phys/mapper.h"
#include "mm/phys/pmm.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	const unsigned me = host_cpu(); // an answer may send, too

	sent |= mask;
	for (unsigned cpu = 1; cpu < MAX_CPUS; cpu++) {
		if (!(mask & 1ull << cpu))
			continue;
		as_cpu(cpu);
		tlb_shootdown_interrupt();
		tlb_shootdown_interrupt(); // a late second one does nothing
	}
	as_cpu(me);
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

static void unmap_only(va_t va, unsigned n)
{
	struct tlb_batch b;

	tlb_batch_begin(&b, &pt);
	pt_unmap_range(&pt, va, va + n * PAGE_SIZE, &b);
	tlb_batch_end(&b);
}

static void unmap(va_t va, unsigned n)
{
	unmap_only(va, n);
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

// ---- several CPUs ask each other at once ----

#define THREADS 4u
#define ROUNDS  400u
#define PAGES   12u

static struct {
	uint64_t wire[MAX_CPUS]; // atomic: an interrupt is pending
	unsigned busy;           // atomic: CPUs that may still ask
	unsigned sent, taken;    // atomic
} many;

static void raise_interrupts(uint64_t mask)
{
	for (; mask; mask &= mask - 1) {
		__atomic_store_n(&many.wire[__builtin_ctzll(mask)], 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&many.sent, 1, __ATOMIC_RELAXED);
	}
}

// Now and then a CPU has no processor for longer than others look for its answer.
static bool take_interrupts(void)
{
	static _Thread_local unsigned calls;

	if (!__atomic_exchange_n(&many.wire[host_cpu()], 0, __ATOMIC_SEQ_CST))
		return false;
	if (++calls % 16 == 0)
		usleep(300);
	__atomic_fetch_add(&many.taken, 1, __ATOMIC_RELAXED);
	tlb_shootdown_interrupt();
	return true;
}

static void *one_cpu(void *arg)
{
	va_t mine = BASE + (uintptr_t)arg * (1ull << 30);
	char c = 1;

	tlb_forget_loaded();
	tlb_switch(&pt);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = 1 + round % PAGES;

		map(mine, n);
		for (unsigned i = 0; i < n; i++)
			ASSERT(host_user_write(mine + i * PAGE_SIZE, &c, 1) == 1);
		unmap_only(mine, n);
		if (round % 64 == 0)
			tlb_flush_kernel(0x220000000000ull, 0x220000001000ull);
	}
	__atomic_fetch_sub(&many.busy, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&many.busy, __ATOMIC_SEQ_CST))
		host_yield();
	tlb_switch(pt_kernel());
	return NULL;
}

// Each must get all answers, whoever asks it meanwhile, and no wake of a CPU that halts is lost.
static void all_at_once(void **state)
{
	pthread_t t[THREADS];

	tlb_switch(pt_kernel());
	memset(&many, 0, sizeof(many));
	many.busy = THREADS;
	host_online_cpus = THREADS + 1; // this one answers, too
	tlb_set_shootdown(raise_interrupts);
	host_interrupts = take_interrupts;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, one_cpu, (void *)i), 0);
	while (__atomic_load_n(&many.busy, __ATOMIC_SEQ_CST))
		host_yield();
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	host_interrupts = NULL;
	assert_true(many.taken && many.taken <= many.sent);
	assert_int_equal(pt.cpus, 0);
	host_tlb_check();
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
		cmocka_unit_test_setup_teardown(all_at_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
