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
// The same random calls on the host's Linux and on mm/virt, at the same addresses: results, maps,
// mincore and contents must agree after every step. Needs a host kernel of our ABI version (6.17:
// mremap of several mappings); on an older one the test says so and does nothing.
//
// Rights and offsets must agree page by page. Where mappings begin and end must agree too, but for
// a few cases in 10,000: whether Linux joins two private mappings depends on its anon_vma chains.
#include "tests/unit/vm_helper.h"

#include "tests/unit/shim/host_seam.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/mman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#define ARENA      0x40000000ull
#define PAGES      24u
#define FILE_PAGES 12u
#define ARENA_END  (ARENA + PAGES * PAGE_SIZE)
#define STEPS      10000u

static struct {
	int fd[2];
	struct vm_file *file[2];
	char log[128][200];
	unsigned step, joined_otherwise;
} t;

static long host_call(long nr, long a, long b, long c, long d, long e, long f)
{
	long r = syscall(nr, a, b, c, d, e, f);

	return r < 0 ? -errno : r;
}

static const char *host_maps(void)
{
	static char text[65536];
	char line[512];
	size_t n = 0;
	FILE *f = fopen("/proc/self/maps", "r");

	text[0] = 0;
	while (fgets(line, sizeof(line), f)) {
		unsigned long s, e, off, inode;
		char perm[5];

		if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &s, &e, perm, &off, &inode) != 5)
			continue;
		if (e <= ARENA || s >= ARENA + PAGES * PAGE_SIZE)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%lx-%lx %s", n ? "|" : "",
				      (long)(s - ARENA) >> 12, (long)(e - ARENA) >> 12, perm);
		if (inode)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %lx", off >> 12);
	}
	fclose(f);
	return text;
}

struct page_view {
	char perm[5];
	long off; // -1: no file
};

static void parse_maps(const char *maps, struct page_view pages[PAGES])
{
	char text[4096], *save, *one;

	memset(pages, 0, PAGES * sizeof(*pages));
	snprintf(text, sizeof(text), "%s", maps);
	for (one = strtok_r(text, "|", &save); one; one = strtok_r(NULL, "|", &save)) {
		struct page_view v = { .off = -1 };
		unsigned from, to;
		int n = sscanf(one, "%x-%x %4s %lx", &from, &to, v.perm, (unsigned long *)&v.off);

		for (; n >= 3 && from < to && from < PAGES; from++) {
			pages[from] = v;
			v.off += n == 4;
		}
	}
}

static bool same_pages(const char *host, const char *ours)
{
	static struct page_view a[PAGES], b[PAGES];
	char copy[4096];

	snprintf(copy, sizeof(copy), "%s", host);
	parse_maps(copy, a);
	parse_maps(ours, b);
	return memcmp(a, b, sizeof(a)) == 0;
}

static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t.log[t.step % 128], sizeof(t.log[0]), fmt, ap);
	va_end(ap);
}

static void dump_flags(void)
{
	char line[512];
	unsigned long s = 0, a, b;
	FILE *f = fopen("/proc/self/smaps", "r");

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &a, &b) == 2)
			s = a;
		if (strncmp(line, "VmFlags", 7))
			continue;
		if (s >= ARENA && s < ARENA + PAGES * PAGE_SIZE)
			fprintf(stderr, "linux +%lx %s", (long)(s - ARENA) >> 12, line);
	}
	fclose(f);
	for (struct vma *v = aspace_find_vma(vm_as, ARENA);
	     v && v->start < ARENA + PAGES * PAGE_SIZE; v = aspace_next_vma(v))
		fprintf(stderr, "ouro  +%lx flags %x private %lu pgoff %lx\n",
			(long)(v->start - ARENA) >> 12, v->flags, v->anon_id, v->pgoff);
}

static void dump(void)
{
	unsigned from = t.step >= 120 ? t.step - 120 : 0;

	for (unsigned i = from; i <= t.step; i++)
		fprintf(stderr, "%u: %s\n", i, t.log[i % 128]);
	dump_flags();
	fprintf(stderr, "linux: %s\n", host_maps());
	fprintf(stderr, "ouro:  %s\n", vm_maps(vm_as, ARENA, ARENA_END));
}

static void same(long host, long ours)
{
	if (host == ours)
		return;
	fprintf(stderr, "linux says %ld, ouro %ld\n", host, ours);
	dump();
	fail();
}

static unsigned rnd(unsigned n)
{
	return (unsigned)host_random_below(n);
}

static va_t rnd_page(unsigned *pages)
{
	unsigned first = rnd(PAGES), most = PAGES - first;

	*pages = 1 + rnd(MIN(most, 8u));
	return ARENA + first * PAGE_SIZE;
}

static unsigned rnd_prot(void)
{
	static const unsigned prots[] = { PROT_NONE, PROT_READ, RW, RW, RW, PROT_READ | PROT_EXEC };

	return prots[rnd(ARRAY_SIZE(prots))];
}

static void op_mmap(void)
{
	static const unsigned extra[] = { 0,          0,        0, MAP_NORESERVE, MAP_POPULATE,
					  MAP_LOCKED, MAP_STACK };
	unsigned pages, prot = rnd_prot(), which = rnd(6);
	unsigned flags = extra[rnd(ARRAY_SIZE(extra))] |
			 (rnd(8) ? MAP_FIXED : MAP_FIXED_NOREPLACE) |
			 (rnd(3) ? MAP_PRIVATE : MAP_SHARED);
	va_t at = rnd_page(&pages);
	uint64_t off = rnd(FILE_PAGES) * PAGE_SIZE;
	long host, ours;

	if (which >= 2) {
		flags |= MAP_ANONYMOUS;
		off = 0;
	}
	say("mmap +%lx %u prot %u flags %x file %d off %lx", (at - ARENA) >> 12, pages, prot, flags,
	    which < 2 ? (int)which : -1, off >> 12);
	host = host_call(SYS_mmap, (long)at, pages * PAGE_SIZE, prot, flags,
			 which < 2 ? t.fd[which] : -1, (long)off);
	ours = which < 2 ? vm_map_file(t.file[which], at, pages * PAGE_SIZE, prot, flags, off)
			 : vm_map(at, pages * PAGE_SIZE, prot, flags);
	same(host, ours);
}

static void op_munmap(void)
{
	unsigned pages;
	va_t at = rnd_page(&pages);

	say("munmap +%lx %u", (at - ARENA) >> 12, pages);
	same(host_call(SYS_munmap, (long)at, pages * PAGE_SIZE, 0, 0, 0, 0),
	     vm_munmap(vm_as, at, pages * PAGE_SIZE));
}

static void op_mprotect(void)
{
	unsigned pages, prot = rnd_prot() | (rnd(20) ? 0 : PROT_GROWSDOWN);
	va_t at = rnd_page(&pages);

	say("mprotect +%lx %u %x", (at - ARENA) >> 12, pages, prot);
	same(host_call(SYS_mprotect, (long)at, pages * PAGE_SIZE, prot, 0, 0, 0),
	     vm_mprotect(vm_as, at, pages * PAGE_SIZE, prot));
}

static void op_mremap(void)
{
	static const unsigned flag_sets[] = {
		0,
		MREMAP_MAYMOVE | MREMAP_FIXED,
		MREMAP_MAYMOVE | MREMAP_FIXED,
		MREMAP_FIXED,
		MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
	};
	unsigned old, new, ignore, flags = flag_sets[rnd(ARRAY_SIZE(flag_sets))];
	va_t at = rnd_page(&old), to = rnd_page(&new);

	if (rnd(2))
		new = old;
	if (to + new *PAGE_SIZE > ARENA + PAGES * PAGE_SIZE)
		to = ARENA + PAGES * PAGE_SIZE - new *PAGE_SIZE;
	if (!(flags & MREMAP_FIXED) && at + new *PAGE_SIZE > ARENA + PAGES * PAGE_SIZE)
		return; // would grow out of the arena
	if (!rnd(10))
		old = 0;
	(void)ignore;
	say("mremap +%lx %u -> %u flags %x to +%lx", (at - ARENA) >> 12, old, new, flags,
	    (to - ARENA) >> 12);
	same(host_call(SYS_mremap, (long)at, old * PAGE_SIZE, new *PAGE_SIZE, flags, (long)to, 0),
	     vm_mremap(vm_as, at, old * PAGE_SIZE, new *PAGE_SIZE, flags, to));
}

static void op_madvise(void)
{
	static const int advices[] = {
		MADV_NORMAL,
		MADV_RANDOM,
		MADV_SEQUENTIAL,
		MADV_WILLNEED,
		MADV_DONTNEED,
		MADV_DONTNEED,
		MADV_COLD,
		MADV_DONTFORK,
		MADV_DOFORK,
		MADV_WIPEONFORK,
		MADV_KEEPONFORK,
		MADV_DONTDUMP,
		MADV_DODUMP,
		MADV_REMOVE,
		MADV_POPULATE_READ,
		MADV_POPULATE_WRITE,
		MADV_NOHUGEPAGE,
		MADV_DONTNEED_LOCKED,
		77,
		MADV_MERGEABLE,
		MADV_UNMERGEABLE,
	};
	unsigned pages;
	va_t at = rnd_page(&pages);
	int advice = advices[rnd(ARRAY_SIZE(advices))];

	say("madvise +%lx %u %d", (at - ARENA) >> 12, pages, advice);
	same(host_call(SYS_madvise, (long)at, pages * PAGE_SIZE, advice, 0, 0, 0),
	     vm_madvise(vm_as, at, pages * PAGE_SIZE, advice));
}

static void op_lock(void)
{
	unsigned pages, flags = rnd(3) ? 0 : MLOCK_ONFAULT;
	va_t at = rnd_page(&pages);

	if (rnd(2)) {
		say("mlock2 +%lx %u %u", (at - ARENA) >> 12, pages, flags);
		same(host_call(SYS_mlock2, (long)at, pages * PAGE_SIZE, flags, 0, 0, 0),
		     vm_mlock(vm_as, at, pages * PAGE_SIZE, flags));
	} else {
		say("munlock +%lx %u", (at - ARENA) >> 12, pages);
		same(host_call(SYS_munlock, (long)at, pages * PAGE_SIZE, 0, 0, 0, 0),
		     vm_munlock(vm_as, at, pages * PAGE_SIZE));
	}
}

static void op_msync(void)
{
	unsigned pages, flags = rnd(8);
	va_t at = rnd_page(&pages);

	say("msync +%lx %u %u", (at - ARENA) >> 12, pages, flags);
	same(host_call(SYS_msync, (long)at, pages * PAGE_SIZE, flags, 0, 0, 0),
	     vm_msync(vm_as, at, pages * PAGE_SIZE, flags));
}

static void op_poke(void)
{
	unsigned char c = (unsigned char)(1 + rnd(255));
	va_t at = ARENA + rnd(PAGES * 2) * (PAGE_SIZE / 2) + rnd(8);
	struct iovec from = { &c, 1 }, to = { (void *)at, 1 };
	long host;

	say("poke +%lx.%lx %u", (at - ARENA) >> 12, at & 4095, c);
	host = process_vm_writev(getpid(), &from, 1, &to, 1, 0) == 1 ? 0 : -1;
	same(host, vm_poke(at, c));
}

static long host_peek(va_t at)
{
	unsigned char c = 0;
	struct iovec to = { &c, 1 }, from = { (void *)at, 1 };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1 ? c : -1;
}

static void op_peek(void)
{
	va_t at = ARENA + rnd(PAGES * 2) * (PAGE_SIZE / 2) + rnd(8);

	say("peek +%lx.%lx", (at - ARENA) >> 12, at & 4095);
	same(host_peek(at), vm_peek(at));
}

static void op_truncate(void)
{
	unsigned which = rnd(2);
	uint64_t bytes = rnd(FILE_PAGES * 2 + 1) * (PAGE_SIZE / 2);

	say("truncate %u %lx", which, bytes);
	same(ftruncate(t.fd[which], (off_t)bytes), 0);
	memobj_truncate(t.file[which]->obj, bytes);
}

static void op_punch(void)
{
	unsigned which = rnd(2);
	uint64_t start = rnd(FILE_PAGES * 2) * (PAGE_SIZE / 2);
	uint64_t bytes = (1 + rnd(8)) * (PAGE_SIZE / 2);

	say("punch %u %lx %lx", which, start, bytes);
	same(fallocate(t.fd[which], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start,
		       (off_t)bytes),
	     memobj_punch(t.file[which]->obj, start, start + bytes));
}

static void compare_contents(void)
{
	for (unsigned i = 0; i < PAGES; i++) {
		va_t at = ARENA + i * PAGE_SIZE;
		long host = host_peek(at);
		long ours = vm_peek(at);

		if (host != ours)
			say("final peek +%x", i);
		same(host, ours);
	}
}

static void (*const ops[])(void) = {
	op_mmap,   op_mmap,   op_mmap,    op_munmap,   op_mprotect, op_mprotect,
	op_mremap, op_mremap, op_madvise, op_lock,     op_msync,    op_poke,
	op_poke,   op_poke,   op_peek,    op_truncate, op_punch,
};

static void open_files(void)
{
	for (unsigned i = 0; i < 2; i++) {
		t.fd[i] = (int)syscall(SYS_memfd_create, "oracle", 0u);
		assert_true(t.fd[i] >= 0);
		assert_int_equal(ftruncate(t.fd[i], FILE_PAGES * PAGE_SIZE), 0);
		t.file[i] = vm_file_new(FILE_PAGES * PAGE_SIZE);
	}
}

static void close_files(void)
{
	for (unsigned i = 0; i < 2; i++) {
		close(t.fd[i]);
		vm_file_put(t.file[i]);
	}
	syscall(SYS_munmap, ARENA, PAGES * PAGE_SIZE);
}

static bool host_is_new_enough(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	uname(&u);
	if (sscanf(u.release, "%d.%d", &major, &minor) != 2 || major * 100 + minor < 617) {
		print_message("host kernel %s is older than 6.17: not compared\n", u.release);
		return false;
	}
	return geteuid() == 0;
}

static void the_same_calls_do_the_same(void **state)
{
	if (!host_is_new_enough())
		return;
	vm_as->limits.memlock = UINT64_MAX;
	open_files();
	for (t.step = 0; t.step < STEPS; t.step++) {
		say("-");
		ops[rnd(ARRAY_SIZE(ops))]();
		if (strcmp(host_maps(), vm_maps(vm_as, ARENA, ARENA_END))) {
			if (!same_pages(host_maps(), vm_maps(vm_as, ARENA, ARENA_END))) {
				fprintf(stderr, "maps differ\n");
				dump();
				fail();
			}
			if (getenv("OURO_TEST_VERBOSE"))
				dump();
			// Begin again with an empty arena.
			assert_true(++t.joined_otherwise <= STEPS / 1000);
			syscall(SYS_munmap, ARENA, ARENA_END - ARENA);
			assert_int_equal(vm_munmap(vm_as, ARENA, ARENA_END - ARENA), 0);
		}
		vm_check(vm_as);
		if (t.step % 16 == 0)
			compare_contents();
	}
	close_files();
}

#define T(f) cmocka_unit_test_setup_teardown(f, vm_setup, vm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_same_calls_do_the_same),
	};

	return cmocka_run_group_tests(tests, vm_group_setup, vm_group_teardown);
}
