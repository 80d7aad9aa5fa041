// sources: mm/phys/mapper.c mm/phys/mapper_range.c mm/phys/tlb.c mm/phys/pmm.c mm/phys/buddy.c
// sources: mm/phys/virgin.c mm/phys/kmap.c tests/unit/host_mem.c tests/unit/shim/host_seam.c
// sources: mm/phys/mapper_huge.c mm/phys/hugepool.c
// sources: mm/phys/mapper_move.c
// The page-table mapper against an independent walker, a simple model and the model TLB.

#include "mm/phys/mapper.h"

#include "kernel/base/cpu.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RW   (PT_READ | PT_WRITE | PT_USER)
#define RO   (PT_READ | PT_USER)
#define BASE 0x7f0000000000ull

static struct pgtable pt;
static uint64_t free_at_start;

static uint64_t free_pages(void)
{
	struct pmm_stats s;

	pmm_drain();
	pmm_get_stats(&s);
	return s.free_pages;
}

static int setup(void **state)
{
	host_mem_boot_simple(64ull << 20);
	free_at_start = free_pages();
	assert_int_equal(pt_create(&pt), 0);
	tlb_switch(&pt);
	return 0;
}

// Everything unmapped, every table and frame back.
static int teardown(void **state)
{
	struct tlb_batch b;

	tlb_batch_begin(&b, &pt);
	pt_unmap_range(&pt, 0, 1ull << 47, &b);
	tlb_batch_end(&b);
	host_tlb_check();
	assert_int_equal(host_count_leaves(pt.root_pa), 0);
	tlb_switch(pt_kernel());
	pt_destroy(&pt);
	assert_int_equal(pt.table_pages, 0);
	assert_int_equal(free_pages(), free_at_start);
	host_mem_reset();
	return 0;
}

static struct page *frame(unsigned order)
{
	struct page *p = pmm_alloc(order, 0);

	assert_non_null(p);
	return p;
}

static void map_one(va_t va, struct page *p, unsigned order, unsigned prot)
{
	assert_int_equal(pt_map(&pt, va, page_to_pa(p), order, prot), 0);
}

static void unmap(va_t va, va_t end)
{
	struct tlb_batch b;

	tlb_batch_begin(&b, &pt);
	pt_unmap_range(&pt, va, end, &b);
	tlb_batch_end(&b);
	host_tlb_check();
}

static void expect_walk(va_t va, pa_t pa, unsigned order, unsigned prot)
{
	struct host_walk w = host_walk(pt.root_pa, va);
	struct pt_entry e = pt_query(&pt, va);

	assert_true(w.present);
	assert_int_equal(w.pa, pa);
	assert_int_equal(w.order, order);
	assert_int_equal(w.write, !!(prot & PT_WRITE));
	assert_int_equal(w.exec, !!(prot & PT_EXEC));
	assert_int_equal(w.user, !!(prot & PT_USER));
	assert_true(e.present);
	assert_int_equal(e.pa, pa);
	assert_int_equal(e.order, order);
}

static void expect_nothing(va_t va)
{
	assert_false(host_walk(pt.root_pa, va).present);
	assert_false(pt_query(&pt, va).present);
}

static void map_sizes(void **state)
{
	struct page *small = frame(0), *huge = frame(9);

	map_one(BASE, small, 0, RW);
	map_one(BASE + HUGE_SIZE, huge, 9, RO | PT_EXEC);
	expect_walk(BASE + 5, page_to_pa(small) + 5, 0, RW);
	expect_walk(BASE + HUGE_SIZE + 0x12345, page_to_pa(huge) + 0x12345, 9, RO | PT_EXEC);
	expect_nothing(BASE + PAGE_SIZE);
	expect_nothing(BASE - 1);
	expect_nothing(0);
	assert_int_equal(pt_map(&pt, BASE, 0x5000, 0, RW), -EEXIST);
	assert_int_equal(pt_map(&pt, BASE + HUGE_SIZE, 0x5000, 0, RW), -EEXIST);
	assert_int_equal(pt_map(&pt, BASE + HUGE_SIZE, 0x400000, 9, RW | PT_SPECIAL), -EEXIST);
	assert_int_equal(pt_map(&pt, BASE, 0x400000, 9, RW | PT_SPECIAL), -EEXIST);
	unmap(BASE, BASE + 2 * HUGE_SIZE);
	expect_nothing(BASE);
	expect_nothing(BASE + HUGE_SIZE);
}

// The ring: one frame at two addresses, coherent, freed with the second entry.
static void one_frame_twice(void **state)
{
	struct page *p = frame(0);
	uint64_t before = free_pages();
	char c = 'a', got = 0;

	page_get(p, 0);
	map_one(BASE, p, 0, RW);
	map_one(BASE + 16 * PAGE_SIZE, p, 0, RW);
	assert_int_equal(host_user_write(BASE + 7, &c, 1), 1);
	assert_int_equal(host_user_read(&got, BASE + 16 * PAGE_SIZE + 7, 1), 1);
	assert_int_equal(got, 'a');
	unmap(BASE, BASE + PAGE_SIZE);
	assert_int_equal(p->count, 1);
	assert_int_equal(host_user_read(&got, BASE + 7, 1), 0);
	assert_int_equal(host_user_read(&got, BASE + 16 * PAGE_SIZE + 7, 1), 1);
	unmap(BASE, BASE + HUGE_SIZE);
	assert_true(free_pages() + 3 >= before + 1);
}

static void private_huge_split(void **state)
{
	struct page *huge = frame(9);
	uint64_t words[2] = { 1, 2 };

	map_one(BASE, huge, 9, RW | PT_EXCLUSIVE);
	assert_int_equal(host_user_write(BASE + 0x10000, words, 16), 16);
	host_alloc_fail_at(1); // splitting must not allocate
	unmap(BASE + 3 * PAGE_SIZE, BASE + 5 * PAGE_SIZE);
	assert_false(host_alloc_failed());
	host_alloc_fail_at(0);
	expect_walk(BASE + 2 * PAGE_SIZE, page_to_pa(huge) + 2 * PAGE_SIZE, 0, RW);
	expect_nothing(BASE + 3 * PAGE_SIZE);
	expect_nothing(BASE + 4 * PAGE_SIZE);
	expect_walk(BASE + 5 * PAGE_SIZE, page_to_pa(huge) + 5 * PAGE_SIZE, 0, RW);
	words[0] = 0;
	assert_int_equal(host_user_read(words, BASE + 0x10000, 8), 8);
	assert_int_equal(words[0], 1);
	assert_int_equal(huge[5].count, 1);
	assert_int_equal(huge[3].count, 0);
}

// An object's 2 MiB entry is cleared whole; its other holder keeps the frame.
static void object_huge_cleared(void **state)
{
	struct page *huge = frame(9);
	struct tlb_batch b;
	int object;

	huge->owner = &object;
	page_get(huge, 9);
	map_one(BASE, huge, 9, RW);
	tlb_batch_begin(&b, &pt);
	pt_unmap_owned(&pt, BASE, BASE + PAGE_SIZE, &b, &b); // another owner: nothing
	assert_int_equal(b.obj_pages, 0);
	pt_unmap_owned(&pt, BASE, BASE + PAGE_SIZE, &object, &b);
	assert_int_equal(b.obj_pages, 512);
	tlb_batch_end(&b);
	expect_nothing(BASE + 9 * PAGE_SIZE);
	assert_int_equal(huge->count, 1);
	page_put(huge, 9);
}

static void protect(va_t va, va_t end, unsigned prot, bool may_write)
{
	struct tlb_batch b;

	tlb_batch_begin(&b, &pt);
	pt_protect_range(&pt, va, end, prot, may_write, &b);
	tlb_batch_end(&b);
	host_tlb_check();
}

static void protections(void **state)
{
	struct page *a = frame(0), *b = frame(0), *huge = frame(9);
	char c = 1;

	map_one(BASE, a, 0, RW | PT_EXCLUSIVE);
	map_one(BASE + PAGE_SIZE, b, 0, RO);
	map_one(BASE + HUGE_SIZE, huge, 9, RW | PT_EXCLUSIVE);
	assert_int_equal(host_user_write(BASE, &c, 1), 1);
	assert_int_equal(host_user_write(BASE + HUGE_SIZE, &c, 1), 1);
	protect(BASE, BASE + 2 * HUGE_SIZE, PT_READ, false);
	assert_int_equal(host_user_write(BASE, &c, 1), 0);
	assert_int_equal(host_user_write(BASE + HUGE_SIZE, &c, 1), 0);
	protect(BASE, BASE + 2 * PAGE_SIZE, PT_READ | PT_WRITE, false);
	assert_int_equal(host_user_write(BASE, &c, 1), 1); // exclusive
	assert_int_equal(host_user_write(BASE + PAGE_SIZE, &c, 1), 0);
	protect(BASE, BASE + 2 * PAGE_SIZE, PT_READ | PT_WRITE | PT_EXEC, true);
	assert_int_equal(host_user_write(BASE + PAGE_SIZE, &c, 1), 1);
	assert_true(host_user_fetch(BASE));
	protect(BASE, BASE + PAGE_SIZE, 0, true); // PROT_NONE keeps the frame
	assert_int_equal(host_user_read(&c, BASE, 1), 0);
	assert_true(pt_query(&pt, BASE).present);
	assert_int_equal(pt_query(&pt, BASE).pa, page_to_pa(a));
	protect(BASE, BASE + PAGE_SIZE, PT_READ, true);
	assert_int_equal(host_user_read(&c, BASE, 1), 1);
	// One page of the 2 MiB entry: split, the rest keeps its rights.
	protect(BASE + HUGE_SIZE + PAGE_SIZE, BASE + HUGE_SIZE + 2 * PAGE_SIZE, PT_READ | PT_WRITE,
		false);
	expect_walk(BASE + HUGE_SIZE, page_to_pa(huge), 0, RO);
	expect_walk(BASE + HUGE_SIZE + PAGE_SIZE, page_to_pa(huge) + PAGE_SIZE, 0, RW);
}

static void batches(void **state)
{
	struct page *pages[64] = { 0 };
	uint32_t seq = 4;
	uint64_t done;

	for (unsigned i = 0; i < 64; i += 2)
		pages[i] = frame(0);
	map_one(BASE + 4 * PAGE_SIZE, frame(0), 0, RO);
	assert_int_equal(pt_map_batch(&pt, BASE, pages, 64, RW, &seq, 3, &done), -EAGAIN);
	assert_int_equal(done, 0);
	assert_int_equal(pt_map_batch(&pt, BASE, pages, 64, RW, &seq, 4, &done), 31);
	assert_true(done == (0x5555555555555555ull & ~(1ull << 4)));
	page_put(pages[4], 0);
	for (unsigned i = 0; i < 64; i += 2) {
		if (i != 4)
			expect_walk(BASE + i * PAGE_SIZE, page_to_pa(pages[i]), 0, RW);
		expect_nothing(BASE + (i + 1) * PAGE_SIZE);
	}
	unmap(BASE, BASE + 3 * PAGE_SIZE);
	expect_nothing(BASE);
	expect_nothing(BASE + 2 * PAGE_SIZE);
	expect_walk(BASE + 6 * PAGE_SIZE, page_to_pa(pages[6]), 0, RW);
}

static void replace_and_set_prot(void **state)
{
	struct page *a = frame(0), *b = frame(0), *huge = frame(9);
	struct pt_entry e;
	struct tlb_batch batch;
	char c = 'x';

	map_one(BASE, a, 0, RO);
	map_one(BASE + HUGE_SIZE, huge, 9, RW);
	assert_int_equal(host_user_read(&c, BASE, 1), 1);
	e = pt_query(&pt, BASE);
	tlb_batch_begin(&batch, &pt);
	e.pa += PAGE_SIZE;
	assert_false(pt_replace(&pt, BASE, e, page_to_pa(b), RW, &batch));
	assert_false(pt_set_prot(&pt, BASE, e, RW, &batch));
	e.pa -= PAGE_SIZE;
	assert_false(pt_replace(&pt, BASE + PAGE_SIZE, e, page_to_pa(b), RW, &batch));
	assert_true(pt_replace(&pt, BASE, e, page_to_pa(b), RW | PT_EXCLUSIVE, &batch));
	tlb_batch_end(&batch);
	expect_walk(BASE, page_to_pa(b), 0, RW);
	host_tlb_check();
	assert_int_equal(a->count, 0);
	assert_int_equal(host_user_write(BASE, &c, 1), 1);
	assert_int_equal(host_user_write(BASE + HUGE_SIZE, &c, 1), 1);
	tlb_batch_begin(&batch, &pt);
	assert_true(pt_set_prot(&pt, BASE, pt_query(&pt, BASE), RO, &batch));
	e = pt_query(&pt, BASE + HUGE_SIZE);
	assert_true(pt_set_prot(&pt, BASE + HUGE_SIZE, e, RO, &batch));
	tlb_batch_end(&batch);
	host_tlb_check();
	assert_true(pt_query(&pt, BASE).prot & PT_DIRTY);
	expect_walk(BASE + HUGE_SIZE + 1, page_to_pa(huge) + 1, 9, RO);
	assert_int_equal(host_user_write(BASE, &c, 1), 0);
}

static void get_page(void **state)
{
	struct page *a = frame(0), *huge = frame(9), *got;
	struct pt_entry e;

	map_one(BASE, a, 0, RW);
	map_one(BASE + HUGE_SIZE, huge, 9, RW);
	map_one(BASE + PAGE_SIZE, pa_to_page(0x3000), 0, RO | PT_SPECIAL);
	assert_ptr_equal(pt_get_page(&pt, BASE, &e), a);
	assert_int_equal(a->count, 2);
	page_put(a, 0);
	assert_null(pt_get_page(&pt, BASE + PAGE_SIZE, &e));
	assert_true(e.present);
	assert_null(pt_get_page(&pt, BASE + 2 * PAGE_SIZE, &e));
	assert_false(e.present);
	got = pt_get_page(&pt, BASE + HUGE_SIZE + 7 * PAGE_SIZE, &e);
	assert_ptr_equal(got, huge + 7);
	unmap(BASE + HUGE_SIZE, BASE + 2 * HUGE_SIZE);
	assert_int_equal(got->count, 1);
	assert_int_equal(huge->count, 0);
	page_put(got, 0);
}

struct seen {
	unsigned n, stop_at;
	va_t last;
};

static int count_entry(void *arg, va_t va, const struct pt_entry *e)
{
	struct seen *s = arg;

	assert_true(va > s->last);
	s->last = va;
	return ++s->n == s->stop_at ? 77 : 0;
}

static void walks(void **state)
{
	struct seen s = { 0 };

	map_one(BASE, frame(0), 0, RW);
	map_one(BASE + PAGE_SIZE, frame(0), 0, RW);
	map_one(BASE + HUGE_SIZE, frame(9), 9, RW);
	map_one(BASE + (1ull << 39), frame(0), 0, 0);
	assert_int_equal(pt_walk(&pt, 0, 1ull << 47, count_entry, &s), 0);
	assert_int_equal(s.n, 4);
	s = (struct seen){ .stop_at = 2 };
	assert_int_equal(pt_walk(&pt, 0, 1ull << 47, count_entry, &s), 77);
	assert_int_equal(s.n, 2);
	s = (struct seen){ 0 };
	assert_int_equal(pt_walk(&pt, BASE + PAGE_SIZE, BASE + HUGE_SIZE, count_entry, &s), 0);
	assert_int_equal(s.n, 1);
}

static void free_tables(va_t va, va_t end, va_t floor, va_t ceiling)
{
	struct tlb_batch b;

	tlb_batch_begin(&b, &pt);
	pt_free_tables(&pt, va, end, floor, ceiling, &b);
	tlb_batch_end(&b);
	host_tlb_check();
}

static void tables_come_and_go(void **state)
{
	char c = 0;

	map_one(BASE, frame(0), 0, RW);
	assert_int_equal(host_user_write(BASE, &c, 1), 1);
	assert_int_equal(host_count_tables(pt.root_pa), 3);
	assert_int_equal(pt.table_pages, 4);
	unmap(BASE, BASE + PAGE_SIZE);
	free_tables(BASE, BASE + PAGE_SIZE, BASE - PAGE_SIZE, BASE + HUGE_SIZE);
	assert_int_equal(host_count_tables(pt.root_pa), 3 - 1);
	map_one(BASE + PAGE_SIZE, frame(0), 0, RW);
	unmap(BASE + PAGE_SIZE, BASE + 2 * PAGE_SIZE);
	// A neighbour in the same 2 MiB: nothing is freed.
	free_tables(BASE + PAGE_SIZE, BASE + 2 * PAGE_SIZE, BASE + PAGE_SIZE, 1ull << 47);
	assert_int_equal(host_count_tables(pt.root_pa), 3);
	map_one(BASE + HUGE_SIZE, frame(0), 0, RW);
	free_tables(BASE, BASE + HUGE_SIZE, 0, BASE + HUGE_SIZE);
	assert_int_equal(host_count_tables(pt.root_pa), 3);
	unmap(BASE, BASE + 2 * HUGE_SIZE);
	free_tables(0, 1ull << 47, 0, 1ull << 47);
	assert_int_equal(host_count_tables(pt.root_pa), 0);
	assert_int_equal(pt.table_pages, 1);
}

static void move(va_t from, va_t to, uint64_t bytes)
{
	struct tlb_batch b;

	tlb_batch_begin(&b, &pt);
	assert_int_equal(pt_move_range(&pt, from, to, bytes, &b), 0);
	tlb_batch_end(&b);
	host_tlb_check();
}

static void moves(void **state)
{
	struct page *pages[8], *huge = frame(9), *huge2 = frame(9);
	va_t to = BASE + 8 * HUGE_SIZE - 3 * PAGE_SIZE; // crosses a table
	char c = 3;

	for (unsigned i = 0; i < 8; i++) {
		pages[i] = frame(0);
		map_one(BASE + i * PAGE_SIZE, pages[i], 0, RW);
		assert_int_equal(host_user_write(BASE + i * PAGE_SIZE, &c, 1), 1);
	}
	move(BASE, to, 8 * PAGE_SIZE);
	for (unsigned i = 0; i < 8; i++) {
		expect_nothing(BASE + i * PAGE_SIZE);
		expect_walk(to + i * PAGE_SIZE, page_to_pa(pages[i]), 0, RW);
	}
	map_one(BASE + HUGE_SIZE, huge, 9, RW);
	assert_int_equal(host_user_write(BASE + HUGE_SIZE, &c, 1), 1);
	move(BASE + HUGE_SIZE, BASE + 20 * HUGE_SIZE, HUGE_SIZE);
	expect_walk(BASE + 20 * HUGE_SIZE, page_to_pa(huge), 9, RW);
	move(BASE + 20 * HUGE_SIZE, BASE + 30 * HUGE_SIZE + PAGE_SIZE, HUGE_SIZE);
	expect_walk(BASE + 30 * HUGE_SIZE + 2 * PAGE_SIZE, page_to_pa(huge) + PAGE_SIZE, 0, RW);
	expect_walk(BASE + 31 * HUGE_SIZE, page_to_pa(huge) + HUGE_SIZE - PAGE_SIZE, 0, RW);
	// An object's 2 MiB entry that cannot move whole is dropped.
	huge2->owner = huge2;
	map_one(BASE + 40 * HUGE_SIZE, huge2, 9, RW);
	move(BASE + 40 * HUGE_SIZE, BASE + 50 * HUGE_SIZE + PAGE_SIZE, HUGE_SIZE);
	expect_nothing(BASE + 50 * HUGE_SIZE + PAGE_SIZE);
	expect_nothing(BASE + 40 * HUGE_SIZE);
}

static void forks(void **state)
{
	struct page *a = frame(0), *shared = frame(0), *pinned = frame(0), *huge = frame(9);
	struct pgtable child;
	struct tlb_batch b;
	uint64_t copied;
	char c = 'p', got = 0;

	assert_int_equal(pt_create(&child), 0);
	map_one(BASE, a, 0, RW | PT_EXCLUSIVE);
	shared->owner = &child;
	map_one(BASE + PAGE_SIZE, shared, 0, RW);
	map_one(BASE + 2 * PAGE_SIZE, pinned, 0, RW | PT_EXCLUSIVE);
	map_one(BASE + 3 * PAGE_SIZE, pa_to_page(0x3000), 0, RO | PT_SPECIAL);
	map_one(BASE + HUGE_SIZE, huge, 9, RW | PT_EXCLUSIVE);
	assert_int_equal(host_user_write(BASE, &c, 1), 1);
	assert_int_equal(host_user_write(BASE + 2 * PAGE_SIZE, &c, 1), 1);
	assert_int_equal(host_user_write(BASE + HUGE_SIZE, &c, 1), 1);
	pinned->pins = 1;
	tlb_batch_begin(&b, &pt);
	assert_int_equal(pt_fork_range(&pt, &child, 0, 1ull << 47, &child, &b, &copied), 0);
	tlb_batch_end(&b);
	host_tlb_check();
	assert_int_equal(copied, 512 + 2);
	expect_walk(BASE, page_to_pa(a), 0, RO);
	expect_walk(BASE + PAGE_SIZE, page_to_pa(shared), 0, RW);
	expect_walk(BASE + 2 * PAGE_SIZE, page_to_pa(pinned), 0, RW);
	expect_walk(BASE + HUGE_SIZE, page_to_pa(huge), 9, RO);
	assert_int_equal(a->count, 2);
	assert_int_equal(huge->count, 2);
	tlb_switch(&child);
	assert_int_equal(host_user_read(&got, BASE + 2 * PAGE_SIZE, 1), 1);
	assert_int_equal(got, 'p');
	assert_int_equal(host_user_write(BASE, &c, 1), 0);
	assert_int_equal(host_user_read(&got, BASE + PAGE_SIZE, 1), 0);
	assert_int_equal(host_user_read(&got, BASE + 3 * PAGE_SIZE, 1), 1);
	tlb_batch_begin(&b, &child);
	pt_unmap_range(&child, 0, 1ull << 47, &b);
	assert_int_equal(b.anon_pages, 2 + 512);
	tlb_batch_end(&b);
	pt_destroy(&child); // while loaded here
	assert_int_equal(cpu_read_cr3(), pt_kernel()->root_pa);
	tlb_switch(&pt);
	pinned->pins = 0;
	assert_int_equal(a->count, 1);
}

// Each allocation of each operation fails once; nothing leaks (teardown counts).
static void nth_failure(void **state)
{
	for (uint64_t n = 1;; n++) {
		struct page *p = frame(0), *huge = frame(9);
		struct pgtable child;
		struct tlb_batch b;
		uint64_t copied, done;
		bool failed = false;
		int err;

		host_alloc_fail_at(n);
		err = pt_map(&pt, BASE, page_to_pa(p), 0, RW);
		if (err)
			page_put(p, 0);
		failed |= err == -ENOMEM;
		assert_true(!err || pt_query(&pt, BASE).present == false);
		err = pt_map(&pt, BASE + GIGA_SIZE, page_to_pa(huge), 9, RW);
		if (err)
			page_put(huge, 9);
		failed |= err == -ENOMEM;
		tlb_batch_begin(&b, &pt);
		failed |= pt_move_range(&pt, BASE, BASE + 512 * GIGA_SIZE, PAGE_SIZE, &b) != 0;
		failed |= pt_map_batch(&pt, BASE + 3 * GIGA_SIZE, &p, 0, RW, NULL, 0, &done) != 0;
		err = pt_create(&child);
		failed |= err != 0;
		if (!err) {
			err = pt_fork_range(&pt, &child, 0, 1ull << 47, NULL, &b, &copied);
			failed |= err != 0;
			tlb_batch_end(&b);
			tlb_batch_begin(&b, &child);
			pt_unmap_range(&child, 0, 1ull << 47, &b);
			tlb_batch_end(&b);
			pt_destroy(&child);
			assert_int_equal(child.table_pages, 0);
		}
		assert_int_equal(failed, host_alloc_failed());
		host_alloc_fail_at(0);
		unmap(0, 1ull << 47);
		free_tables(0, 1ull << 47, 0, 1ull << 47);
		assert_int_equal(pt.table_pages, 1);
		assert_int_equal(free_pages(), free_at_start - 1);
		if (!failed)
			break;
	}
}

// ---- random sequences against a model: 3 tables' worth of pages, some of them 2 MiB

#define MODEL_PAGES 1536

static struct model {
	pa_t pa;
	unsigned prot;
	bool private;
} model[MODEL_PAGES];
static int fake_object;

static void model_check(void)
{
	for (unsigned i = 0; i < MODEL_PAGES; i++) {
		struct host_walk w = host_walk(pt.root_pa, BASE + i * PAGE_SIZE);
		struct pt_entry e = pt_query(&pt, BASE + i * PAGE_SIZE);

		assert_int_equal(e.present, model[i].pa != 0);
		if (!model[i].pa)
			continue;
		assert_int_equal(e.pa, model[i].pa);
		assert_int_equal(w.present, !!(model[i].prot & PT_READ));
		if (!w.present)
			continue;
		assert_int_equal(w.pa, model[i].pa);
		assert_int_equal(w.write, !!(model[i].prot & PT_WRITE));
		assert_int_equal(w.exec, !!(model[i].prot & PT_EXEC));
	}
}

// An object's 2 MiB entry touched in part goes away whole.
static void model_break_huge(unsigned from, unsigned to)
{
	for (unsigned t = from / 512; t <= (to - 1) / 512; t++) {
		unsigned a = MAX(from, t * 512), b = MIN(to, t * 512 + 512);

		if (pt_query(&pt, BASE + t * HUGE_SIZE).order != 9 || b - a == 512)
			continue;
		if (!model[t * 512].private)
			memset(&model[t * 512], 0, 512 * sizeof(model[0]));
	}
}

static void random_map(unsigned i)
{
	bool private = host_random_below(2);
	unsigned prot = host_random_below(2) ? RW : RO | PT_EXEC;
	bool huge = host_random_below(8) == 0;
	struct page *p = pmm_alloc(huge ? 9 : 0, 0);
	int err;

	if (!p)
		return;
	if (huge)
		i &= ~511u;
	p->owner = private ? NULL : &fake_object;
	prot |= private ? PT_EXCLUSIVE : 0;
	err = pt_map(&pt, BASE + i * PAGE_SIZE, page_to_pa(p), huge ? 9 : 0, prot);
	if (err) {
		assert_int_equal(err, -EEXIST);
		page_put(p, huge ? 9 : 0);
		return;
	}
	for (unsigned k = 0; k < (huge ? 512 : 1); k++)
		model[i + k] = (struct model){ page_to_pa(p) + k * PAGE_SIZE, prot, private };
}

static void random_touch(unsigned i)
{
	char c = 1;
	bool write = host_random_below(2);
	unsigned prot = model[i].pa ? model[i].prot : 0;

	if (write)
		assert_int_equal(host_user_write(BASE + i * PAGE_SIZE, &c, 1), !!(prot & PT_WRITE));
	else
		assert_int_equal(host_user_read(&c, BASE + i * PAGE_SIZE, 1), !!(prot & PT_READ));
}

static void random_step(void)
{
	unsigned i = host_random_below(MODEL_PAGES);
	unsigned n = host_random_below(4) ? host_random_below(12) + 1 : host_random_below(700) + 1;
	unsigned end = MIN(i + n, (unsigned)MODEL_PAGES);
	va_t va = BASE + i * PAGE_SIZE, stop = BASE + end * PAGE_SIZE;
	unsigned kinds[] = { 0, PT_READ, PT_READ | PT_WRITE, PT_READ | PT_EXEC };
	unsigned prot = kinds[host_random_below(4)];

	switch (host_random_below(16)) {
	case 0 ... 6:
		random_map(i);
		break;
	case 7 ... 10:
		random_touch(i);
		break;
	case 11:
		model_break_huge(i, end);
		unmap(va, stop);
		memset(&model[i], 0, (end - i) * sizeof(model[0]));
		break;
	case 12 ... 13:
		model_break_huge(i, end);
		protect(va, stop, prot, false);
		for (; i < end; i++) {
			unsigned w = model[i].private ? PT_WRITE : 0;

			model[i].prot = (model[i].prot & ~7u & ~(unsigned)PT_EXEC) | PT_USER |
					(prot & (PT_READ | PT_EXEC | w));
		}
		break;
	case 14:
		free_tables(BASE, BASE + 3 * HUGE_SIZE, 0, 1ull << 47);
		break;
	default:
		pmm_zero_ahead(4);
	}
}

static void random_sequence(void **state)
{
	memset(model, 0, sizeof(model));
	(void)host_seed();
	for (unsigned step = 0; step < 10000; step++) {
		random_step();
		if (step % 100 == 0) {
			model_check();
			host_tlb_check();
		}
	}
	model_check();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(map_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(one_frame_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(private_huge_split, setup, teardown),
		cmocka_unit_test_setup_teardown(object_huge_cleared, setup, teardown),
		cmocka_unit_test_setup_teardown(protections, setup, teardown),
		cmocka_unit_test_setup_teardown(batches, setup, teardown),
		cmocka_unit_test_setup_teardown(replace_and_set_prot, setup, teardown),
		cmocka_unit_test_setup_teardown(get_page, setup, teardown),
		cmocka_unit_test_setup_teardown(walks, setup, teardown),
		cmocka_unit_test_setup_teardown(tables_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(moves, setup, teardown),
		cmocka_unit_test_setup_teardown(forks, setup, teardown),
		cmocka_unit_test_setup_teardown(nth_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(random_sequence, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
