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
// mmap, munmap, mprotect, brk, madvise, mlock, mincore, msync and mremap: what they refuse and in
// which order, placement, limits. Answers are those of Linux 6.18 (see also test_vm_oracle.c).
#include "tests/unit/vm_helper.h"

#include "mm/phys/pmm.h"
#include "mm/virt/lazy.h"

#include <errno.h>
#include <linux/mman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BASE 0x40000000ull
#define P    PAGE_SIZE

static void mappings_are_placed_top_down(void **state)
{
	const va_t top = vm_as->mmap_base;

	assert_int_equal(vm_map(0, P, RW, ANON), top - P);
	assert_int_equal(vm_map(0, 3 * P, PROT_READ, ANON), top - 4 * P);
	assert_int_equal(vm_map(0, P, RW, ANON), top - 5 * P);
	assert_int_equal(vm_munmap(vm_as, top - 3 * P, P), 0);
	assert_int_equal(vm_map(0, P, PROT_NONE, ANON), top - 3 * P); // the highest hole that fits
	assert_int_equal(vm_map(0, 2 * P, RW, ANON), top - 7 * P);
	// Hints are honoured when free, rounded down, and not below mmap_min_addr.
	assert_int_equal(vm_map(BASE + 5, P, RW, ANON), BASE);
	assert_int_equal(vm_map(BASE, P, RW, ANON), top - 8 * P);
	assert_int_equal(vm_map(0x1000, P, RW, ANON), 0x10000);
	assert_int_equal(vm_map(4ull << 40, P, RW, ANON), 4ull << 40);
	assert_int_equal(vm_map(USER_TOP - P, 2 * P, RW, ANON), top - 10 * P);
	// Large anonymous memory lies so that large pages fit.
	assert_true(IS_ALIGNED(vm_map(0, 4 * HUGE_SIZE, RW, ANON), HUGE_SIZE));
	assert_in_range(vm_map(0, P, RW, ANON | MAP_32BIT), 0x40000000, 0x7fffffff);
	assert_int_equal(vm_map(0x50000000, P, RW, ANON | MAP_32BIT), 0x50000000);
	assert_int_equal(vm_map(0, 0x40000000, RW, ANON | MAP_32BIT), -ENOMEM);
	assert_true(vm_map(0, P, RW, ANON | 0x80) >= 4ll << 30); // MAP_ABOVE4G
	// What does not fit below goes above.
	assert_int_equal(vm_map(0x10000 + P, 0x6fffffff0000ull, PROT_NONE, ANON | MAP_FIXED),
			 0x10000 + P);
	assert_in_range(vm_map(0, 0x1000000000ull, PROT_NONE, ANON), 0x6fffffff0000ull, USER_TOP);
	assert_int_equal(vm_map(0, 0x700000000000ull, PROT_NONE, ANON), -ENOMEM);
}

static void mmap_refuses_in_linux_order(void **state)
{
	struct vm_file *f = vm_file_new(4 * P);
	struct mmap_source src = vm_file_source(f);

	assert_int_equal(vm_mmap(vm_as, 0, P, RW, ANON, NULL, 5), -EINVAL);
	assert_int_equal(vm_map(0, 0, RW, ANON), -EINVAL);
	assert_int_equal(vm_map(0, UINT64_MAX, RW, ANON), -ENOMEM);
	assert_int_equal(vm_map(0, USER_TOP + P, RW, ANON), -ENOMEM);
	assert_int_equal(vm_map(0, P, RW, MAP_ANONYMOUS), -EINVAL);
	assert_int_equal(vm_map(0, P, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE), -EINVAL);
	assert_int_equal(vm_map(0, P, RW, MAP_ANONYMOUS | MAP_SHARED | MAP_GROWSDOWN), -EINVAL);
	assert_int_equal(vm_map(BASE + 1, P, RW, ANON | MAP_FIXED), -EINVAL);
	assert_int_equal(vm_map(USER_TOP, P, RW, ANON | MAP_FIXED), -ENOMEM);
	assert_int_equal(vm_map(0, HUGE_SIZE, RW, ANON | MAP_HUGETLB), -ENOMEM);
	assert_int_equal(vm_map(0, HUGE_SIZE, RW, ANON | MAP_HUGETLB | (22 << MAP_HUGE_SHIFT)),
			 -EINVAL);
	assert_int_equal(vm_map_file(f, 0, P, RW, MAP_PRIVATE | MAP_HUGETLB, 0), -EINVAL);
	assert_int_equal(vm_map_file(f, 0, P, RW, 0, 0), -EINVAL);
	assert_int_equal(vm_map_file(f, 0, P, RW, MAP_SHARED_VALIDATE | MAP_SYNC, 0), -EOPNOTSUPP);
	assert_true(vm_map_file(f, 0, P, RW, MAP_SHARED | MAP_SYNC, 0) > 0);
	assert_true(vm_map_file(f, 0, P, RW, MAP_SHARED_VALIDATE, 0) > 0);
	assert_int_equal(vm_map_file(f, 0, P, RW, MAP_PRIVATE | MAP_GROWSDOWN, 0), -EINVAL);
	assert_int_equal(vm_map_file(f, 0, P, RW, MAP_SHARED, 0x7ffffffffffff000), -EOVERFLOW);
	src.may_write = false;
	assert_int_equal(vm_mmap(vm_as, 0, P, RW, MAP_SHARED, &src, 0), -EACCES);
	assert_int_equal(vm_mmap(vm_as, BASE, P, PROT_READ, MAP_SHARED | MAP_FIXED, &src, 0), BASE);
	assert_int_equal(vm_mprotect(vm_as, BASE, P, RW), -EACCES);
	assert_int_equal(f->obj->writers, 2); // the two above only
	src.may_exec = false;
	assert_int_equal(vm_mmap(vm_as, 0, P, PROT_EXEC, MAP_PRIVATE, &src, 0), -EPERM);
	assert_int_equal(vm_mmap(vm_as, BASE, P, PROT_READ, MAP_PRIVATE | MAP_FIXED, &src, 0),
			 BASE);
	assert_int_equal(vm_mprotect(vm_as, BASE, P, PROT_EXEC), -EACCES);
	src.may_read = false;
	assert_int_equal(vm_mmap(vm_as, 0, P, PROT_WRITE, MAP_PRIVATE, &src, 0), -EACCES);
	assert_int_equal(vm_map(BASE, P, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
	assert_int_equal(vm_map(BASE + P, P, RW, ANON | MAP_FIXED_NOREPLACE), BASE + P);
	vm_file_put(f);
}

static void low_addresses_need_a_capability(void **state)
{
	assert_int_equal(vm_map(0, P, RW, ANON | MAP_FIXED), 0);
	vm_set_caps(false);
	assert_int_equal(vm_map(0x1000, P, RW, ANON | MAP_FIXED), -EPERM);
	assert_int_equal(vm_map(0x10000, P, RW, ANON | MAP_FIXED), 0x10000);
}

static void neighbours_become_one(void **state)
{
	assert_int_equal(vm_map(BASE, P, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_map(BASE + P, P, RW, ANON | MAP_FIXED), BASE + P);
	assert_int_equal(vm_map(BASE + 3 * P, P, RW, ANON | MAP_FIXED), BASE + 3 * P);
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 8 * P), "0-2 rw-p|3-4 rw-p");
	assert_int_equal(vm_map(BASE + 2 * P, P, RW, ANON | MAP_FIXED), BASE + 2 * P);
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 8 * P), "0-4 rw-p");
	assert_int_equal(vm_as->vma_count, 1);
	assert_int_equal(vm_mprotect(vm_as, BASE + P, P, PROT_READ), 0);
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 8 * P), "0-1 rw-p|1-2 r--p|2-4 rw-p");
	assert_int_equal(vm_mprotect(vm_as, BASE + P, P, RW), 0);
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 8 * P), "0-4 rw-p");
	assert_int_equal(vm_munmap(vm_as, BASE + P, P), 0);
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 8 * P), "0-1 rw-p|2-4 rw-p");
	assert_int_equal(vm_munmap(vm_as, BASE - P, 100 * P), 0);
	assert_int_equal(vm_as->vma_count, 0);
	assert_int_equal(vm_as->total_pages, 0);
}

static void munmap_and_mprotect_refuse(void **state)
{
	assert_int_equal(vm_munmap(vm_as, BASE + 1, P), -EINVAL);
	assert_int_equal(vm_munmap(vm_as, BASE, 0), -EINVAL);
	assert_int_equal(vm_munmap(vm_as, USER_TOP + P, P), -EINVAL);
	assert_int_equal(vm_munmap(vm_as, BASE, USER_TOP), -EINVAL);
	assert_int_equal(vm_munmap(vm_as, BASE, P), 0);
	assert_int_equal(vm_mprotect(vm_as, BASE + 1, P, RW), -EINVAL);
	assert_int_equal(vm_mprotect(vm_as, BASE, P, PROT_GROWSUP | PROT_GROWSDOWN), -EINVAL);
	assert_int_equal(vm_mprotect(vm_as, BASE, 0, RW), 0);
	assert_int_equal(vm_mprotect(vm_as, BASE, UINT64_MAX, RW), -ENOMEM);
	assert_int_equal(vm_mprotect(vm_as, BASE, P, 64), -EINVAL);
	assert_int_equal(vm_mprotect(vm_as, BASE, P, RW), -ENOMEM);
	assert_int_equal(vm_map(BASE, 2 * P, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_mprotect(vm_as, BASE, 3 * P, PROT_READ),
			 -ENOMEM); // done as far as mapped
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 3 * P), "0-2 r--p");
	assert_int_equal(vm_mprotect(vm_as, BASE, P, RW | PROT_GROWSDOWN), -EINVAL);
	assert_int_equal(vm_mprotect(vm_as, BASE, P, RW | PROT_GROWSUP), -EINVAL);
	assert_int_equal(vm_mprotect(vm_as, BASE - P, P, RW | PROT_GROWSDOWN), -ENOMEM);
	assert_int_equal(vm_map(BASE, 4 * P, RW, ANON | MAP_FIXED | MAP_GROWSDOWN), BASE);
	assert_int_equal(vm_mprotect(vm_as, BASE + 2 * P, P, PROT_READ | PROT_GROWSDOWN), 0);
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 4 * P), "0-3 r--p|3-4 rw-p");
}

static void limits_hold(void **state)
{
	struct pmm_stats s;

	pmm_get_stats(&s);
	vm_as->limits.as = 4 * P;
	assert_int_equal(vm_map(BASE, 5 * P, PROT_READ, ANON | MAP_FIXED), -ENOMEM);
	assert_int_equal(vm_map(BASE, 4 * P, PROT_READ, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_map(BASE, 4 * P, RW, ANON | MAP_FIXED),
			 BASE); // in place: no more pages
	vm_as->limits.as = UINT64_MAX;
	vm_as->limits.data = 6 * P;
	assert_int_equal(vm_map(BASE + 8 * P, 3 * P, RW, ANON | MAP_FIXED), -ENOMEM);
	assert_int_equal(vm_map(BASE + 8 * P, 3 * P, PROT_READ, ANON | MAP_FIXED), BASE + 8 * P);
	assert_int_equal(vm_mprotect(vm_as, BASE + 8 * P, 3 * P, RW), -ENOMEM);
	vm_as->limits.data = UINT64_MAX;
	// One request may not be larger than memory, unless it cannot be written or says so.
	assert_int_equal(vm_map(0, (s.total_pages + 1) * P, RW, ANON), -ENOMEM);
	assert_int_equal(vm_map(0, (s.total_pages + 1) * P, RW, MAP_SHARED | MAP_ANONYMOUS),
			 -ENOMEM);
	assert_true(vm_map(0, 1ull << 44, PROT_NONE, ANON) > 0);
	assert_true(vm_map(0, 1ull << 44, RW, ANON | MAP_NORESERVE) > 0);
	vm_set_overcommit(1);
	assert_true(vm_map(0, 1ull << 44, RW, ANON) > 0);
	vm_set_overcommit(0);
	vm_policy.max_map_count = vm_as->vma_count - 1;
	assert_int_equal(vm_map(0, P, RW, ANON), -ENOMEM);
	assert_int_equal(vm_munmap(vm_as, BASE + P, P), -ENOMEM);
	assert_int_equal(vm_mprotect(vm_as, BASE + P, P, PROT_NONE), -ENOMEM);
	vm_policy.max_map_count = 65530;
}

static void the_heap_grows_and_shrinks(void **state)
{
	vm_as->brk_start = vm_as->brk = BASE + 123;
	assert_int_equal(vm_brk(vm_as, 0), BASE + 123);
	assert_int_equal(vm_brk(vm_as, BASE + 200), BASE + 200); // within a page: nothing is mapped
	assert_int_equal(vm_as->vma_count, 0);
	assert_int_equal(vm_brk(vm_as, BASE + 10 * P + 1), BASE + 10 * P + 1);
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 20 * P), "1-b rw-p");
	assert_string_equal(vma_special_name(aspace_first_vma(vm_as)), "[heap]");
	assert_int_equal(vm_poke(BASE + 10 * P, 7), 0);
	assert_int_equal(vm_brk(vm_as, BASE + 5 * P), BASE + 5 * P);
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 20 * P), "1-5 rw-p");
	assert_int_equal(vm_brk(vm_as, BASE + 11 * P), BASE + 11 * P);
	assert_int_equal(vm_peek(BASE + 10 * P), 0); // fresh again
	assert_int_equal(vm_map(BASE + 20 * P, P, RW, ANON | MAP_FIXED), BASE + 20 * P);
	assert_int_equal(vm_brk(vm_as, BASE + 20 * P), BASE + 11 * P); // a page stays free
	assert_int_equal(vm_brk(vm_as, BASE + 19 * P), BASE + 19 * P);
	vm_as->limits.data = 18 * P;
	assert_int_equal(vm_brk(vm_as, BASE + 19 * P + 1), BASE + 19 * P);
	vm_as->limits.data = UINT64_MAX;
	assert_int_equal(vm_brk(vm_as, UINT64_MAX), BASE + 19 * P);
	assert_int_equal(vm_mlockall(vm_as, MCL_FUTURE), 0);
	assert_int_equal(vm_munmap(vm_as, BASE + 20 * P, P), 0);
	assert_int_equal(vm_brk(vm_as, BASE + 22 * P), BASE + 22 * P);
	assert_int_equal(vm_resident(vm_as, BASE + 19 * P, BASE + 22 * P), 3);
}

static void populated_at_once(void **state)
{
	struct vm_file *f = vm_file_new(8 * P);

	assert_int_equal(vm_map(BASE, 8 * P, RW, ANON | MAP_FIXED | MAP_POPULATE), BASE);
	assert_int_equal(vm_as->rss_anon, 8);
	assert_int_equal(vm_map(BASE, 8 * P, RW, ANON | MAP_FIXED | MAP_POPULATE | MAP_NONBLOCK),
			 BASE);
	assert_int_equal(vm_as->rss_anon, 0);
	assert_int_equal(aspace_peak_rss_pages(vm_as), 8);
	assert_int_equal(vm_map(BASE, 8 * P, PROT_READ, ANON | MAP_FIXED | MAP_LOCKED), BASE);
	assert_int_equal(vm_resident(vm_as, BASE, BASE + 8 * P), 8); // the zero page, eight times
	assert_int_equal(vm_as->locked_pages, 8);
	// Past the end of the object it stops quietly.
	assert_int_equal(vm_map_file(f, BASE, 16 * P, RW, MAP_SHARED | MAP_FIXED | MAP_POPULATE, 0),
			 BASE);
	assert_int_equal(f->obj->present_pages, 8);
	assert_int_equal(vm_resident(vm_as, BASE, BASE + 16 * P), 8);
	assert_int_equal(vm_madvise(vm_as, BASE, 16 * P, MADV_POPULATE_WRITE), -EFAULT);
	assert_int_equal(vm_mprotect(vm_as, BASE, 16 * P, PROT_NONE), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, 16 * P, MADV_POPULATE_READ), -EINVAL);
	assert_int_equal(vm_madvise(vm_as, BASE - P, 16 * P, MADV_POPULATE_READ), -ENOMEM);
	vm_file_put(f);
}

static void advice_is_checked(void **state)
{
	struct vm_file *f = vm_file_new(8 * P);

	assert_int_equal(vm_madvise(vm_as, BASE, P, 9999), -EINVAL);
	assert_int_equal(vm_madvise(vm_as, BASE + 1, P, MADV_NORMAL), -EINVAL);
	assert_int_equal(vm_madvise(vm_as, BASE, UINT64_MAX, MADV_NORMAL), -EINVAL);
	assert_int_equal(vm_madvise(vm_as, BASE, 0, MADV_NORMAL), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, P, MADV_NORMAL), -ENOMEM);
	assert_int_equal(vm_map(BASE, 4 * P, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_poke(BASE + P, 3), 0);
	assert_int_equal(vm_madvise(vm_as, BASE - P, 3 * P, MADV_DONTNEED), -ENOMEM); // but done
	assert_int_equal(vm_peek(BASE + P), 0);
	assert_int_equal(vm_poke(BASE, 3), 0);
	assert_int_equal(vm_poke(BASE + P, 4), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, 4 * P, MADV_FREE), 0);
	assert_int_equal(vm_peek(BASE), 3); // until memory is short
	assert_int_equal(vm_poke(BASE + P, 5), 0);
	assert_int_equal(lazy_reclaim(true), 1);
	assert_int_equal(lazy_reclaim(true), 0);
	assert_int_equal(vm_peek(BASE), 0);
	assert_int_equal(vm_peek(BASE + P), 5); // written: not given up
	assert_int_equal(vm_mlock(vm_as, BASE, 4 * P, 0), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, P, MADV_DONTNEED), -EINVAL);
	assert_int_equal(vm_madvise(vm_as, BASE, P, MADV_DONTNEED_LOCKED), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, P, MADV_REMOVE), -EINVAL);
	assert_int_equal(vm_map_file(f, BASE, 4 * P, RW, MAP_SHARED | MAP_FIXED, P), BASE);
	assert_int_equal(vm_madvise(vm_as, BASE, P, MADV_FREE), -EINVAL);
	assert_int_equal(vm_poke(BASE + P, 4), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, 4 * P, MADV_DONTNEED), 0);
	assert_int_equal(vm_peek(BASE + P), 4); // the object has it
	assert_int_equal(vm_madvise(vm_as, BASE + P, P, MADV_REMOVE), 0);
	assert_int_equal(f->punched, 1);
	assert_int_equal(vm_peek(BASE + P), 0);
	assert_int_equal(vm_map(BASE, 4 * P, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED), BASE);
	assert_int_equal(vm_poke(BASE + P, 4), 0);
	assert_int_equal(vm_madvise(vm_as, BASE, 8 * P, MADV_REMOVE), -ENOMEM);
	assert_int_equal(vm_peek(BASE + P), 0);
	vm_file_put(f);
}

static void locking_has_its_limit(void **state)
{
	assert_int_equal(vm_map(BASE, 8 * P, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_mlock(vm_as, BASE, P, 64), -EINVAL);
	assert_int_equal(vm_mlock(vm_as, UINT64_MAX - 5, P, 0), -EINVAL);
	assert_int_equal(vm_mlock(vm_as, BASE, 0, 0), 0);
	vm_as->limits.memlock = 4 * P;
	vm_set_caps(false);
	assert_int_equal(vm_mlock(vm_as, BASE, 5 * P, 0), -ENOMEM);
	assert_int_equal(vm_mlock(vm_as, BASE, 4 * P, 0), 0);
	assert_int_equal(vm_as->rss_anon, 4);
	assert_int_equal(vm_mlock(vm_as, BASE + P, 3 * P, 0), 0); // locked already
	assert_int_equal(vm_mlock(vm_as, BASE + P, 4 * P, 0), -ENOMEM);
	assert_int_equal(vm_map(0, P, RW, ANON | MAP_LOCKED), -EAGAIN);
	assert_int_equal(vm_mlockall(vm_as, MCL_CURRENT), -ENOMEM);
	assert_int_equal(vm_mremap(vm_as, BASE, 4 * P, 5 * P, MREMAP_MAYMOVE, 0), -EAGAIN);
	vm_as->limits.memlock = 0;
	assert_int_equal(vm_mlock(vm_as, BASE, P, 0), -EPERM);
	assert_int_equal(vm_mlockall(vm_as, MCL_CURRENT), -EPERM);
	assert_int_equal(vm_map(0, P, RW, ANON | MAP_LOCKED), -EPERM);
	vm_set_caps(true);
	assert_int_equal(vm_mlockall(vm_as, 0), -EINVAL);
	assert_int_equal(vm_mlockall(vm_as, MCL_ONFAULT), -EINVAL);
	assert_int_equal(vm_mlockall(vm_as, MCL_CURRENT | MCL_FUTURE), 0);
	assert_int_equal(vm_as->locked_pages, 8);
	assert_int_equal(vm_as->rss_anon, 8);
	assert_true(vm_map(0, 2 * P, RW, ANON) > 0);
	assert_int_equal(vm_as->rss_anon, 10);
	assert_int_equal(vm_munlock(vm_as, BASE, 100 * P), -ENOMEM);
	assert_int_equal(vm_munlockall(vm_as), 0);
	assert_int_equal(vm_as->locked_pages, 0);
}

static void mincore_tells_what_is_there(void **state)
{
	struct vm_file *f = vm_file_new(8 * P);
	unsigned char vec[600];

	assert_int_equal(vm_map(BASE, 600 * P, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_map(BASE + 0x1000000, P, RW, ANON | MAP_FIXED), BASE + 0x1000000);
	assert_int_equal(vm_map_file(f, BASE + 2 * P, 4 * P, RW, MAP_SHARED | MAP_FIXED, 0),
			 BASE + 2 * P);
	vm_file_fill(f, 1, 1);
	assert_int_equal(vm_poke(BASE + 599 * P, 1), 0);
	assert_int_equal(vm_mincore(vm_as, BASE, 600 * P - 5, UPTR(BASE + 0x1000000)), 0);
	assert_int_equal(host_user_read(vec, BASE + 0x1000000, 600), 600);
	for (unsigned i = 0; i < 600; i++)
		assert_int_equal(vec[i], i == 3 || i == 599);
	assert_int_equal(vm_mincore(vm_as, BASE + 1, P, UPTR(BASE)), -EINVAL);
	assert_int_equal(vm_mincore(vm_as, BASE, USER_TOP, UPTR(BASE)), -ENOMEM);
	assert_int_equal(vm_mincore(vm_as, BASE, P, UPTR(USER_TOP)), -EFAULT);
	assert_int_equal(vm_mincore(vm_as, BASE, P, UPTR(0x1000)), -EFAULT);
	assert_int_equal(vm_mincore(vm_as, BASE, 601 * P, UPTR(BASE)), -ENOMEM);
	vm_file_put(f);
}

static void msync_reaches_the_file(void **state)
{
	struct vm_file *f = vm_file_new(8 * P);

	assert_int_equal(vm_map_file(f, BASE, 4 * P, RW, MAP_SHARED | MAP_FIXED, 0), BASE);
	assert_int_equal(vm_map_file(f, BASE + 5 * P, P, RW, MAP_PRIVATE | MAP_FIXED, 0),
			 BASE + 5 * P);
	assert_int_equal(vm_msync(vm_as, BASE, P, MS_SYNC), 0);
	assert_int_equal(f->synced, 1);
	assert_int_equal(vm_msync(vm_as, BASE, P, MS_ASYNC), 0);
	assert_int_equal(f->synced, 1);
	assert_int_equal(vm_msync(vm_as, BASE, 6 * P, MS_SYNC),
			 -ENOMEM); // the hole, but all is synced
	assert_int_equal(f->synced, 2);
	f->sync_result = -EIO;
	assert_int_equal(vm_msync(vm_as, BASE, P, MS_SYNC), -EIO);
	assert_int_equal(vm_msync(vm_as, BASE, 6 * P, MS_ASYNC), -ENOMEM);
	assert_int_equal(vm_msync(vm_as, BASE, P, MS_SYNC | MS_ASYNC), -EINVAL);
	assert_int_equal(vm_msync(vm_as, BASE + 1, P, MS_SYNC), -EINVAL);
	assert_int_equal(vm_msync(vm_as, BASE, UINT64_MAX - P, MS_SYNC), -ENOMEM);
	assert_int_equal(vm_msync(vm_as, BASE, 0, MS_SYNC), 0);
	assert_int_equal(vm_mlock(vm_as, BASE, P, 0), 0);
	assert_int_equal(vm_msync(vm_as, BASE, P, MS_INVALIDATE), -EBUSY);
	assert_int_equal(vm_msync(vm_as, BASE + 100 * P, P, MS_SYNC), -ENOMEM);
	vm_file_put(f);
}

static void mremap_moves_pages_not_bytes(void **state)
{
	va_t moved;

	assert_int_equal(vm_map(BASE, 4 * P, RW, ANON | MAP_FIXED), BASE);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(vm_poke(BASE + i * P, (int)i + 1), 0);
	assert_int_equal(vm_mremap(vm_as, BASE, 4 * P, 6 * P, 0, 0), BASE); // there is room
	assert_int_equal(vm_map(BASE + 6 * P, P, PROT_NONE, ANON | MAP_FIXED), BASE + 6 * P);
	assert_int_equal(vm_mremap(vm_as, BASE, 6 * P, 8 * P, 0, 0), -ENOMEM);
	moved = (va_t)vm_mremap(vm_as, BASE, 6 * P, 8 * P, MREMAP_MAYMOVE, 0);
	assert_int_equal(moved, vm_as->mmap_base - 8 * P);
	assert_int_equal(vm_peek(BASE), -1);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(vm_peek(moved + i * P), i < 4 ? i + 1 : 0);
	assert_int_equal(vm_as->rss_anon, 4);
	assert_int_equal(vm_mremap(vm_as, moved, 8 * P, 2 * P, 0, 0), moved);
	assert_int_equal(vm_as->rss_anon, 2);
	assert_int_equal(vm_mremap(vm_as, moved, 2 * P, 2 * P, 16, 0), -EINVAL);
	assert_int_equal(vm_mremap(vm_as, moved + 1, 2 * P, 2 * P, 0, 0), -EINVAL);
	assert_int_equal(vm_mremap(vm_as, moved, 2 * P, 0, 0, 0), -EINVAL);
	assert_int_equal(vm_mremap(vm_as, 0x5000, P, 2 * P, 0, 0), -EFAULT);
	assert_int_equal(vm_mremap(vm_as, moved, 3 * P, 4 * P, MREMAP_MAYMOVE, 0), -EFAULT);
	assert_int_equal(vm_mremap(vm_as, moved, 0, 4 * P, MREMAP_MAYMOVE, 0), -EINVAL); // private
	assert_int_equal(vm_mremap(vm_as, moved, 2 * P, 2 * P, MREMAP_FIXED, BASE), -EINVAL);
	assert_int_equal(
		vm_mremap(vm_as, moved, 2 * P, 2 * P, MREMAP_FIXED | MREMAP_MAYMOVE, moved + P),
		-EINVAL);
}

static void old_size_zero_makes_another_view(void **state)
{
	struct vm_file *f = vm_file_new(4 * P);
	va_t second;

	assert_int_equal(vm_map_file(f, BASE, 4 * P, RW, MAP_SHARED | MAP_FIXED, 0), BASE);
	assert_int_equal(vm_poke(BASE + P, 8), 0);
	second = (va_t)vm_mremap(vm_as, BASE, 0, 4 * P, MREMAP_MAYMOVE, 0);
	assert_int_equal(vm_peek(second + P), 8);
	assert_int_equal(vm_poke(second, 9), 0);
	assert_int_equal(vm_peek(BASE), 9);
	assert_int_equal(f->obj->writers, 2);
	assert_int_equal(f->refs, 3);
	vm_file_put(f);
}

static void dontunmap_leaves_empty_memory(void **state)
{
	va_t to;

	assert_int_equal(vm_map(BASE, 2 * P, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_poke(BASE, 5), 0);
	to = (va_t)vm_mremap(vm_as, BASE, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
	assert_int_equal(vm_peek(to), 5);
	assert_int_equal(vm_peek(BASE), 0);
	assert_int_equal(vm_mremap(vm_as, BASE, 2 * P, P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
			 -EINVAL);
}

// mprotect of one end of a mapping after the other moves the border to its neighbour.
static void borders_move_without_memory(void **state)
{
	struct vm_file *f = vm_file_new(4 * P);

	assert_int_equal(vm_map(BASE, 4 * P, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_map_file(f, BASE + 4 * P, 4 * P, RW, MAP_SHARED | MAP_FIXED, 0),
			 BASE + 4 * P);
	for (va_t va = BASE; va < BASE + 8 * P; va += P)
		assert_int_equal(vm_poke(va, 1), 0);
	for (va_t part = BASE; part < BASE + 8 * P; part += 4 * P) {
		assert_int_equal(vm_mprotect(vm_as, part, P, PROT_READ), 0);
		host_alloc_fail_at(1);
		assert_int_equal(vm_mprotect(vm_as, part + P, P, PROT_READ), 0);
		assert_int_equal(vm_mprotect(vm_as, part + 2 * P, P, PROT_READ), 0);
		assert_int_equal(vm_poke(part + 2 * P, 2), -1);
		assert_int_equal(vm_mprotect(vm_as, part + P, 2 * P, RW), 0);
		assert_int_equal(vm_poke(part + P, 2), 0);
		assert_int_equal(vm_mprotect(vm_as, part + P, P, PROT_READ), 0);
		host_alloc_fail_at(0);
		vm_check(vm_as);
	}
	assert_string_equal(vm_maps(vm_as, BASE, BASE + 8 * P),
			    "0-2 r--p|2-4 rw-p|4-6 r--s 0|6-8 rw-s 2");
	// Truncation finds the pages where they are now.
	memobj_truncate(f->obj, P);
	assert_int_equal(vm_peek(BASE + 5 * P), -1);
	assert_int_equal(vm_resident(vm_as, BASE + 4 * P, BASE + 8 * P), 1);
	vm_file_put(f);
}

// A page table that a neighbour without pages keeps goes with that neighbour.
static void tables_go_with_the_last_neighbour(void **state)
{
	const uint64_t before = vm_as->pt.table_pages;

	assert_int_equal(vm_map(BASE, P, RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_map(BASE + P, P, PROT_READ, ANON | MAP_FIXED), BASE + P);
	assert_int_equal(vm_map(BASE + 2 * P, P, RW, ANON | MAP_FIXED), BASE + 2 * P);
	assert_int_equal(vm_poke(BASE, 1), 0);
	assert_int_equal(vm_munmap(vm_as, BASE, P), 0);
	assert_true(vm_as->pt.table_pages > before);
	assert_int_equal(vm_munmap(vm_as, BASE + P, P), 0);
	assert_true(vm_as->pt.table_pages > before);
	assert_int_equal(vm_munmap(vm_as, BASE + 2 * P, P), 0);
	assert_int_equal(vm_as->pt.table_pages, before);
}

// The latest mappings are not in the tree yet: they are found, and their gaps are used, all the
// same.
static void the_latest_mappings_are_found(void **state)
{
	static const unsigned order[] = { 7, 2, 9, 4, 0, 5, 1, 8, 3, 6 };

	for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
		va_t at = BASE + order[i] * 2 * P;

		assert_int_equal(vm_map(at, P, PROT_READ, ANON | MAP_FIXED), at);
		for (unsigned k = 0; k <= i; k++) {
			struct vma *v = aspace_find_vma(vm_as, BASE + order[k] * 2 * P);

			assert_int_equal(v->start, BASE + order[k] * 2 * P);
			v = aspace_find_vma(vm_as, BASE + order[k] * 2 * P - 1);
			assert_int_equal(v->start, BASE + order[k] * 2 * P);
		}
		vm_check(vm_as);
	}
	assert_int_equal(vm_munmap(vm_as, BASE + 8 * P, P), 0);
	assert_int_equal(vm_map(BASE + P, 0x3ffff000 - 20 * P, PROT_NONE, ANON | MAP_32BIT),
			 BASE + 19 * P);
	assert_int_equal(vm_map(0, 3 * P, PROT_READ, ANON | MAP_32BIT), BASE + 7 * P);
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(mappings_are_placed_top_down),
		T(mmap_refuses_in_linux_order),
		T(low_addresses_need_a_capability),
		T(neighbours_become_one),
		T(munmap_and_mprotect_refuse),
		T(limits_hold),
		T(the_heap_grows_and_shrinks),
		T(populated_at_once),
		T(advice_is_checked),
		T(locking_has_its_limit),
		T(mincore_tells_what_is_there),
		T(msync_reaches_the_file),
		T(mremap_moves_pages_not_bytes),
		T(old_size_zero_makes_another_view),
		T(dontunmap_leaves_empty_memory),
		T(borders_move_without_memory),
		T(tables_go_with_the_last_neighbour),
		T(the_latest_mappings_are_found),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
