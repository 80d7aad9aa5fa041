// Operations on mappings.
#include <fcntl.h>
#include <linux/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

static const int prots[] = { 3, 3, 3, 3, 3, 1, 1, 0, 5, 7, 2, 4, 11, 0x20 };

static int pick_prot(void)
{
	return PICK(prots);
}

static unsigned pick_map_flags(int anonymous)
{
	static const unsigned extra[] = { MAP_POPULATE,
					  MAP_NORESERVE,
					  MAP_STACK,
					  MAP_LOCKED,
					  MAP_SYNC,
					  MAP_NONBLOCK,
					  0x800 /* DENYWRITE */,
					  0x1000 /* EXECUTABLE */,
					  0x8000000,
					  MAP_POPULATE | MAP_NONBLOCK,
					  MAP_POPULATE };
	uint64_t k = below(100);
	unsigned f = k < 55 ? MAP_SHARED : k < 92 ? MAP_PRIVATE : k < 98 ? 3u : 0u;

	if (anonymous)
		f |= MAP_ANONYMOUS;
	if (chance(15))
		f |= PICK(extra);
	return f;
}

// Free places hang on the other threads.
static int is_private_place(uint64_t addr, unsigned flags)
{
	return !world.threads ||
	       (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) && addr - ARENA <= ARENA_PAGES * PG);
}

static void do_mmap(uint64_t addr, uint64_t bytes, int prot, unsigned flags, int fd, uint64_t off)
{
	long ret;

	if (!is_private_place(addr, flags))
		return;
	ret = SYS(SYS_mmap, addr, bytes, prot, flags, fd, off);

	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_kx("prot=", (unsigned)prot);
	put_kx("f=", flags);
	put_kd("fd=", fd);
	put_kx("off=", off);
	if (ret >= 0 && ret < 1l << 32) { // each of these is at a random place, maybe near the heap
		put_s(" = low");
		put_ret(SYS(SYS_munmap, ret, bytes) &&
			SYS(SYS_munmap, ret, (bytes | 0x1fffff) + 1));
		return;
	}
	put_ret_addr(ret);
	if (ret >= 0)
		world_add_map((uint64_t)ret, bytes);
}

static void op_mmap(void)
{
	int anonymous = chance(35), fd = anonymous && chance(80) ? -1 : pick_fd();
	unsigned flags = pick_map_flags(anonymous);
	uint64_t addr = pick_arena(), bytes = pick_pages(), off = below(16) * PG, k = below(100);

	if (k < 65)
		flags |= MAP_FIXED;
	else if (k < 75)
		flags |= MAP_FIXED_NOREPLACE;
	else if (k < 85)
		addr = 0;
	else if (k < 88)
		flags |= MAP_32BIT, addr = 0;
	if (chance(8))
		off = pick_offset();
	if (chance(4))
		addr += 1 + below(4095);
	if (chance(2) && !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		addr = below(2) ? 4096 : 0x7ffffffff000;
	do_mmap(addr, bytes, pick_prot(), flags, fd, off);
}

// Two views of the same bytes, side by side: the ring.
static void op_ring(void)
{
	int fd = world.file[below(FILES)];
	uint64_t addr = pick_arena(), bytes = (1 + below(8)) * PG, off = below(4) * PG;

	do_mmap(addr, bytes, 3, MAP_SHARED | MAP_FIXED, fd, off);
	do_mmap(addr + bytes, bytes, 3, MAP_SHARED | MAP_FIXED, fd, off);
}

static void op_munmap(void)
{
	uint64_t addr = pick_mapped() + (chance(4) ? 8 : 0), bytes = pick_pages();

	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_ret(SYS(SYS_munmap, addr, bytes));
}

static void op_mprotect(void)
{
	static const int more[] = { 0x01000000, 0x02000000, 0x03000000, 0x40 };
	uint64_t addr = pick_mapped() + (chance(3) ? 8 : 0), bytes = pick_pages();
	int prot = pick_prot() | (chance(3) ? PICK(more) : 0);

	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_kx("prot=", (unsigned)prot);
	put_ret(SYS(SYS_mprotect, addr, bytes, prot));
}

static void op_mremap(void)
{
	static const unsigned kinds[] = { 1, 1, 1, 0, 3, 3, 3, 5, 5, 7, 2, 4, 8 };
	struct map_slot *m = &world.map[below(MAPS)];
	uint64_t from = chance(60) ? m->addr : pick_mapped(), to = pick_arena();
	uint64_t old = chance(50) ? (m->bytes + PG - 1) / PG * PG : pick_pages();
	uint64_t new = chance(40) ? old : pick_pages();
	unsigned flags = PICK(kinds);
	long ret;

	if (chance(8))
		old = 0;
	if (chance(3))
		from += 8;
	if (chance(3))
		to += 8;
	put_addr("a=", from);
	put_kx("old=", old);
	put_kx("new=", new);
	put_kx("f=", flags);
	put_addr("to=", to);
	if (world.threads && (flags & (MREMAP_MAYMOVE | MREMAP_FIXED)) == MREMAP_MAYMOVE)
		return;
	ret = SYS(SYS_mremap, from, old, new, flags, to);
	put_ret_addr(ret);
	if (ret >= 0)
		world_add_map((uint64_t)ret, new);
}

static void op_madvise(void)
{
	// Not MADV_HWPOISON and SOFT_OFFLINE (100, 101): they take frames away from the machine;
	// and not MADV_PAGEOUT: docs/differences.md.
	static const int advice[] = { 0,  1,  2,  3,  3,  4,  4,  4,  4,  4,   8,   9,   9,  9,
				      9,  10, 11, 12, 13, 14, 15, 16, 17, 18,  19,  20,  22, 22,
				      22, 23, 23, 23, 24, 26, 5,  -1, 25, 102, 102, 103, 103 };
	uint64_t addr = pick_mapped() + (chance(3) ? 8 : 0), bytes = pick_pages();
	int a = PICK(advice);

	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_kd("advice=", a);
	put_ret(SYS(SYS_madvise, addr, bytes, a));
	if (a == MADV_FREE) // when the bytes go is the kernel's choice: now, for both
		put_ret(SYS(SYS_madvise, addr, bytes, MADV_DONTNEED));
}

static void op_msync(void)
{
	uint64_t addr = pick_mapped() + (chance(3) ? 8 : 0), bytes = pick_pages();
	unsigned flags = (unsigned)below(9);

	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_kx("f=", flags);
	put_ret(SYS(SYS_msync, addr, bytes, flags));
}

static void op_mincore(void)
{
	static __thread unsigned char vec[64];
	uint64_t addr = pick_mapped() + (chance(3) ? 8 : 0), bytes = pick_pages();
	long ret = SYS(SYS_mincore, addr, bytes, chance(98) ? vec : (unsigned char *)8);

	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_ret(ret);
	put_s(" ");
	for (uint64_t i = 0; !ret && i < (bytes + PG - 1) / PG && i < sizeof vec; i++)
		put_s(vec[i] & 1 ? "1" : "0");
}

static void op_mlock(void)
{
	uint64_t addr = pick_mapped() + (chance(3) ? 8 : 0), bytes = pick_pages(), kind = below(10);
	static const unsigned all[] = { 1, 2, 3, 4, 5, 6, 7, 0, 8 };

	put_kd("kind=", (long)kind);
	put_addr("a=", addr);
	put_kx("n=", bytes);
	if (kind >= 8 && world.threads) // of the whole process
		return;
	if (kind < 3)
		put_ret(SYS(SYS_mlock, addr, bytes));
	else if (kind < 5)
		put_ret(SYS(SYS_mlock2, addr, bytes, below(3)));
	else if (kind < 8)
		put_ret(SYS(SYS_munlock, addr, bytes));
	else if (kind < 9 && chance(50))
		put_ret(SYS(SYS_mlockall, PICK(all)));
	else
		put_ret(SYS(SYS_munlockall));
}

static void op_brk(void)
{
	uint64_t to = world.brk + below(40 * PG);

	if (chance(10))
		to = below(2) ? world.brk - PG : (uint64_t)-1;
	put_addr("to=", to);
	put_addr("= ", (uint64_t)SYS(SYS_brk, to));
	world_add_map(world.brk, 40 * PG);
}

static void op_growsdown(void)
{
	uint64_t addr = pick_arena();

	do_mmap(addr, (1 + below(3)) * PG, 3,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
}

static void op_pkey(void)
{
	uint64_t addr = pick_mapped(), bytes = pick_pages();
	int key = (int)below(3) - 1, prot = pick_prot();

	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_kd("key=", key);
	put_kx("prot=", (unsigned)prot);
	if (key == 0) // a CPU without keys has no key 0 to name, one with keys has
		key = -1;
	put_ret(SYS(SYS_pkey_mprotect, addr, bytes, prot, key));
}

static void op_remap_file(void)
{
	uint64_t addr = pick_mapped(), bytes = pick_pages(), page = below(20);
	unsigned prot = chance(90) ? 0 : 1, flags = chance(90) ? 0 : 0x10000;

	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_kx("page=", page);
	put_ret(SYS(SYS_remap_file_pages, addr, bytes, prot, page, flags));
}

const struct op ops_map[] = {
	{ "mmap", 110, op_mmap },          { "ring", 20, op_ring },
	{ "munmap", 30, op_munmap },       { "mprotect", 50, op_mprotect },
	{ "mremap", 50, op_mremap },       { "madvise", 60, op_madvise },
	{ "msync", 10, op_msync },         { "mincore", 25, op_mincore },
	{ "mlock", 15, op_mlock },         { "brk", 10, op_brk },
	{ "growsdown", 4, op_growsdown },  { "pkey", 3, op_pkey },
	{ "remapfile", 4, op_remap_file }, { 0, 0, 0 },
};
