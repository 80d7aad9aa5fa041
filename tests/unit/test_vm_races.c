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
// Truncation, hole punching, seals, faults and mapping calls at the same time on several CPUs. The
// model TLB fails the test when a frame is freed while a CPU still translates to it; afterwards
// every entry must show exactly the page that the object has.
#include "tests/unit/vm_helper.h"

#include "kernel/base/panic.h"
#include "kernel/sched/thread.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "mm/virt/slots.h"
#include "mm/virt/vma.h"
#include "tests/unit/shim/host_seam.h"

#include <errno.h>
#include <linux/mman.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define BASE    0x40000000ull
#define P       PAGE_SIZE
#define PAGES   48u
#define SHARED  BASE
#define PRIVATE (BASE + 0x1000000)
#define MOVING  (BASE + 0x2000000)
#define SECONDS 1.0

static struct {
	struct vm_file *file;
	struct aspace *as;
	bool stop; // atomic
} world;

static void interrupt_others(uint64_t cpus)
{
	const unsigned me = host_cpu(); // or who it is played by: an answer may interrupt, too

	for (unsigned cpu = 0; cpus; cpu++, cpus >>= 1) {
		if (!(cpus & 1))
			continue;
		host_cpu_impersonate(cpu);
		tlb_shootdown_interrupt();
	}
	host_cpu_impersonate(me);
}

static bool stopped(void)
{
	return __atomic_load_n(&world.stop, __ATOMIC_RELAXED);
}

static uint64_t next(uint64_t *rng)
{
	*rng = *rng * 6364136223846793005ull + 1442695040888963407ull;
	return *rng >> 33;
}

static void *truncating(void *arg)
{
	uint64_t rng = (uint64_t)arg;

	vm_set_caps(true);
	while (!stopped()) {
		uint64_t start = next(&rng) % (PAGES * P);

		if (next(&rng) % 2)
			memobj_truncate(world.file->obj, start);
		else
			ASSERT(!memobj_punch(world.file->obj, start,
					     start + 1 + next(&rng) % (8 * P)));
		if (next(&rng) % 4 == 0)
			memobj_truncate(world.file->obj, PAGES * P);
		sched_yield();
	}
	return NULL;
}

static void *touching(void *arg)
{
	uint64_t rng = (uint64_t)arg;
	static const va_t views[] = { SHARED, PRIVATE, MOVING };

	vm_set_caps(true);
	vm_load(world.as);
	while (!stopped()) {
		va_t at = views[next(&rng) % 3] + next(&rng) % PAGES * P;
		int seen;

		if (next(&rng) % 2) {
			(void)vm_poke(at, 1);
		} else {
			seen = vm_peek(at);
			ASSERT(seen == -1 || seen == 0 || seen == 1);
		}
	}
	vm_load(NULL);
	return NULL;
}

static void *mapping(void *arg)
{
	struct mmap_source src = vm_file_source(world.file);
	uint64_t rng = (uint64_t)arg;

	vm_set_caps(true);
	vm_load(world.as);
	while (!stopped()) {
		uint64_t first = next(&rng) % PAGES, n = 1 + next(&rng) % 8;
		va_t at = MOVING + first * P;
		int64_t r = 0;

		switch (next(&rng) % 6) {
		case 0:
			r = vm_munmap(world.as, at, n * P);
			break;
		case 1:
			r = vm_mprotect(world.as, at, n * P, PROT_READ);
			break;
		case 2:
			r = vm_mremap(world.as, at, n * P, n * P, MREMAP_MAYMOVE | MREMAP_FIXED,
				      MOVING + next(&rng) % (PAGES - 8) * P);
			break;
		case 3:
			r = vm_madvise(world.as, at, n * P, MADV_DONTNEED);
			break;
		default:
			r = vm_mmap(world.as, at, n * P, RW,
				    MAP_FIXED | (next(&rng) % 2 ? MAP_SHARED : MAP_PRIVATE), &src,
				    first * P);
		}
		ASSERT(r != -EFAULT || first < PAGES);
	}
	vm_load(NULL);
	return NULL;
}

// What an entry shows is what the object has, and nothing lies past the end.
static int check_entry(void *arg, va_t va, const struct pt_entry *e)
{
	struct vma *v = arg;
	struct page *p = pa_to_page(e->pa), *now = NULL;
	uint64_t index = vma_index(v, va);

	ASSERT(index < memobj_end_index(v->obj));
	if (p->owner != v->obj) {
		ASSERT(!(v->flags & VMA_SHARED));
		return 0;
	}
	ASSERT(memobj_get_present(v->obj, index, 1, &now) == 1);
	ASSERT(now == p);
	page_put(now, 0);
	return 0;
}

static void check_entries(void)
{
	vm_check(world.as);
	for (struct vma *v = aspace_first_vma(world.as); v; v = aspace_next_vma(v))
		ASSERT(!pt_walk(&world.as->pt, v->start, v->end, check_entry, v));
}

static void sleep_seconds(double s)
{
	struct timespec t = { (time_t)s, (long)((s - (double)(time_t)s) * 1e9) };

	nanosleep(&t, NULL);
}

static void truncation_faults_and_mapping_at_once(void **state)
{
	void *(*const jobs[])(void *) = { truncating, touching, touching, mapping };
	const unsigned n = sizeof(jobs) / sizeof(jobs[0]);
	pthread_t t[4];

	tlb_set_shootdown(interrupt_others);
	world.as = vm_as;
	world.file = vm_file_new(PAGES * P);
	world.stop = false;
	assert_int_equal(vm_map_file(world.file, SHARED, PAGES * P, RW, MAP_SHARED | MAP_FIXED, 0),
			 SHARED);
	assert_int_equal(
		vm_map_file(world.file, PRIVATE, PAGES * P, RW, MAP_PRIVATE | MAP_FIXED, 0),
		PRIVATE);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&t[i], NULL, jobs[i], (void *)host_random()), 0);
	sleep_seconds(SECONDS);
	__atomic_store_n(&world.stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	check_entries();
	host_tlb_check();
	vm_file_put(world.file);
	tlb_set_shootdown(NULL);
}

struct sealer {
	struct vm_file *f;
	int result;
	pthread_barrier_t *start;
};

static void *deny(void *arg)
{
	struct sealer *s = arg;

	pthread_barrier_wait(s->start);
	s->result = memobj_deny_writers(s->f->obj);
	return NULL;
}

static void a_seal_and_a_mapping_exclude_each_other(void **state)
{
	unsigned denied = 0, mapped = 0;

	for (unsigned i = 0; i < 300; i++) {
		struct vm_file *f = vm_file_new(P);
		pthread_barrier_t start;
		struct sealer s = { .f = f, .start = &start };
		pthread_t t;
		int64_t r;

		pthread_barrier_init(&start, NULL, 2);
		pthread_create(&t, NULL, deny, &s);
		pthread_barrier_wait(&start);
		if (i % 3 == 0)
			sched_yield();
		r = vm_map_file(f, BASE, P, RW, MAP_SHARED | MAP_FIXED, 0);
		pthread_join(t, NULL);
		pthread_barrier_destroy(&start);
		assert_true((r == BASE && s.result == -EBUSY) || (r == -EPERM && s.result == 0));
		denied += r < 0;
		mapped += r >= 0;
		if (r >= 0)
			assert_int_equal(vm_munmap(vm_as, BASE, P), 0);
		assert_int_equal(f->obj->writers, r < 0 ? -1 : 0);
		vm_file_put(f);
	}
	print_message("denied %u, mapped %u\n", denied, mapped);
}

static void *fault_pages(void *arg)
{
	vm_load(world.as);
	for (unsigned i = 0; i < PAGES; i++)
		ASSERT(vm_poke(BASE + i * P, 1) == 0);
	vm_load(NULL);
	return NULL;
}

static void faults_on_one_page_meet(void **state)
{
	tlb_set_shootdown(interrupt_others);
	world.as = vm_as;
	for (unsigned round = 0; round < 30; round++) {
		const unsigned kind = round % 3;
		struct vm_file *f = vm_file_new(PAGES * P);
		pthread_t t[3];

		if (kind == 0)
			assert_int_equal(vm_map(BASE, PAGES * P, RW, ANON | MAP_FIXED), BASE);
		else
			assert_int_equal(
				vm_map_file(f, BASE, PAGES * P, RW,
					    (kind == 1 ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED, 0),
				BASE);
		for (unsigned i = 0; i < 3; i++)
			pthread_create(&t[i], NULL, fault_pages, NULL);
		for (unsigned i = 0; i < 3; i++)
			pthread_join(t[i], NULL);
		vm_check(vm_as);
		assert_int_equal(vm_as->rss_anon + vm_as->rss_shmem, PAGES);
		assert_int_equal(vm_munmap(vm_as, BASE, PAGES * P), 0);
		vm_file_put(f);
	}
	tlb_set_shootdown(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(truncation_faults_and_mapping_at_once),
		T(a_seal_and_a_mapping_exclude_each_other),
		T(faults_on_one_page_meet),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
