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
// 10,000 random calls against a model that knows for each page only: mapped, how, rights, contents.
// Unlike test_vm_oracle.c it needs no particular host.
#include "tests/unit/vm_helper.h"

#include "tests/unit/shim/host_seam.h"

#include <errno.h>
#include <linux/mman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BASE       0x40000000ull
#define P          PAGE_SIZE
#define PAGES      64u
#define FILE_PAGES 32u
#define STEPS      10000u

enum how { NOTHING, ANONYMOUS, SHARED, PRIVATE };

struct model_page {
	enum how how;
	unsigned prot, index; // of the file
	bool copied;
	int value; // of memory of its own
};

static struct model_page model[PAGES];
static int file_value[FILE_PAGES];
static uint64_t file_pages;
static struct vm_file *file;

static unsigned rnd(unsigned n)
{
	return (unsigned)host_random_below(n);
}

static unsigned rnd_range(unsigned *n)
{
	unsigned first = rnd(PAGES);

	*n = 1 + rnd(MIN(PAGES - first, 12u));
	return first;
}

static unsigned rnd_prot(void)
{
	static const unsigned prots[] = { PROT_NONE, PROT_READ, RW, RW };

	return prots[rnd(4)];
}

static void random_map(void)
{
	unsigned n, first = rnd_range(&n), prot = rnd_prot(), index = rnd(FILE_PAGES - 12);
	enum how how = (enum how)(1 + rnd(3));
	const unsigned type = how == SHARED ? MAP_SHARED : MAP_PRIVATE;
	va_t at = BASE + first * P;

	if (how == ANONYMOUS)
		assert_int_equal(vm_map(at, n * P, prot, ANON | MAP_FIXED), at);
	else
		assert_int_equal(vm_map_file(file, at, n * P, prot, type | MAP_FIXED, index * P),
				 at);
	for (unsigned i = 0; i < n; i++)
		model[first + i] = (struct model_page){ how, prot, index + i, false, 0 };
}

static void random_unmap(void)
{
	unsigned n, first = rnd_range(&n);

	assert_int_equal(vm_munmap(vm_as, BASE + first * P, n * P), 0);
	memset(&model[first], 0, n * sizeof(model[0]));
}

static void random_protect(void)
{
	unsigned n, first = rnd_range(&n), prot = rnd_prot(), i;

	for (i = 0; i < n && model[first + i].how; i++)
		model[first + i].prot = prot;
	assert_int_equal(vm_mprotect(vm_as, BASE + first * P, n * P, prot), i < n ? -ENOMEM : 0);
}

static void random_discard(void)
{
	unsigned n, first = rnd_range(&n);
	bool hole = false;

	for (unsigned i = first; i < first + n; i++) {
		hole |= !model[i].how;
		model[i].copied = false;
		model[i].value = 0;
	}
	assert_int_equal(vm_madvise(vm_as, BASE + first * P, n * P, MADV_DONTNEED),
			 hole ? -ENOMEM : 0);
}

static void random_move(void)
{
	unsigned n, from = rnd_range(&n), to = rnd(PAGES - n + 1), i;
	struct model_page moved[PAGES];

	for (i = from; i < from + n && model[i].how; i++)
		;
	if (i < from + n || (from < to + n && to < from + n))
		return;
	assert_int_equal(vm_mremap(vm_as, BASE + from * P, n * P, n * P,
				   MREMAP_MAYMOVE | MREMAP_FIXED, BASE + to * P),
			 BASE + to * P);
	memcpy(moved, &model[from], n * sizeof(model[0]));
	memset(&model[from], 0, n * sizeof(model[0]));
	memcpy(&model[to], moved, n * sizeof(model[0]));
}

static void random_truncate(void)
{
	file_pages = rnd(FILE_PAGES + 1);
	memobj_truncate(file->obj, file_pages * P);
	for (uint64_t i = file_pages; i < FILE_PAGES; i++)
		file_value[i] = 0;
	for (unsigned i = 0; i < PAGES; i++) {
		if (model[i].how == PRIVATE && model[i].index >= file_pages)
			model[i].copied = false;
	}
}

static int expected(const struct model_page *m, bool write)
{
	const bool of_file = m->how == SHARED || (m->how == PRIVATE && !m->copied);

	if (!m->how || !m->prot || (write && !(m->prot & PROT_WRITE)))
		return -1;
	if (of_file && m->index >= file_pages)
		return -1;
	return of_file ? file_value[m->index] : m->value;
}

static void random_poke(void)
{
	unsigned i = rnd(PAGES);
	struct model_page *m = &model[i];
	int value = 1 + (int)rnd(255);

	if (expected(m, true) < 0) {
		assert_int_equal(vm_poke(BASE + i * P, value), -1);
		return;
	}
	assert_int_equal(vm_poke(BASE + i * P, value), 0);
	m->copied = m->how == PRIVATE;
	if (m->how == SHARED)
		file_value[m->index] = value;
	else
		m->value = value;
}

static void random_peek(void)
{
	unsigned i = rnd(PAGES);

	assert_int_equal(vm_peek(BASE + i * P), expected(&model[i], false));
}

static void random_calls_match_the_model(void **state)
{
	static void (*const calls[])(void) = { random_map,     random_unmap,   random_protect,
					       random_move,    random_poke,    random_poke,
					       random_poke,    random_peek,    random_peek,
					       random_discard, random_truncate };

	memset(model, 0, sizeof(model));
	file_pages = FILE_PAGES;
	file = vm_file_new(FILE_PAGES * P);
	for (unsigned step = 0; step < STEPS; step++) {
		calls[rnd(ARRAY_SIZE(calls))]();
		if (step % 8 == 0)
			vm_check(vm_as);
		if (step % 256)
			continue;
		for (unsigned i = 0; i < PAGES; i++)
			assert_int_equal(vm_peek(BASE + i * P), expected(&model[i], false));
		host_tlb_check();
	}
	vm_file_put(file);
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(random_calls_match_the_model),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
