// Operations on System V shared memory, memory policies, huge pages and system settings.
#include <linux/memfd.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

#define SEGMENTS 6
#define KEY      (0x6f75726f + 16 * (int)world.thread)
#define HUGE     (2ul << 20)
#define HUGE_AT  (ARENA + 0x100000000ul) // where huge mappings with a fixed address lie

// -- System V shared memory: ids differ, so slots are shown --

// By both sides of a fork.
static long *segments(void)
{
	return world_shared(SHARED_SEGMENT);
}
#define segment segments()

static unsigned pick_segment(long *id)
{
	unsigned slot = (unsigned)below(SEGMENTS);

	*id = chance(3) ? 0x7fff0000 : segment[slot];
	return slot;
}

static void op_shmget(void)
{
	static const unsigned flags[] = { 0600,
					  IPC_CREAT | 0600,
					  IPC_CREAT | 0600,
					  IPC_CREAT | 0400,
					  IPC_CREAT,
					  IPC_CREAT | IPC_EXCL | 0600,
					  IPC_CREAT | SHM_NORESERVE | 0666 };
	unsigned slot = (unsigned)below(SEGMENTS), f = PICK(flags);
	int key = chance(40) ? IPC_PRIVATE : KEY + (int)below(3);
	uint64_t bytes = pick_pages();
	long id = SYS(SYS_shmget, key, bytes, f);

	put_kd("slot=", slot);
	put_kd("key=", key ? key - KEY : -1);
	put_kx("n=", bytes);
	put_kx("f=", f);
	put_ret(id < 0 ? id : 0);
	if (id < 0)
		return;
	for (unsigned i = 0; i < SEGMENTS; i++) // the same one again, perhaps
		if (segment[i] == id)
			put_kd("is ", i);
	segment[slot] = id;
}

static void op_shmat(void)
{
	static const int flags[] = {
		0, 0, 0, SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_REMAP, SHM_EXEC, 1
	};
	long id, ret;
	unsigned slot = pick_segment(&id);
	uint64_t addr = chance(70) ? pick_arena() + (chance(10) ? below(PG) : 0) : 0;
	int f = PICK(flags);

	if (world.threads && !addr)
		return;
	ret = SYS(SYS_shmat, id, addr, f);
	put_kd("slot=", slot);
	put_addr("a=", addr);
	put_kx("f=", (unsigned)f);
	put_ret_addr(ret);
	if (ret >= 0 || ret < -4095)
		world_add_map((uint64_t)ret, PG);
}

static void op_shmdt(void)
{
	uint64_t addr = pick_mapped() + (chance(4) ? 8 : 0);

	put_addr("a=", addr);
	put_ret(SYS(SYS_shmdt, addr));
}

static void op_shmctl(void)
{
	static const int calls[] = {
		IPC_STAT, IPC_STAT, IPC_RMID, SHM_LOCK, SHM_UNLOCK, IPC_SET, 77
	};
	struct shmid_ds ds;
	long id, ret;
	unsigned slot = pick_segment(&id);
	int call = PICK(calls);

	memset(&ds, 0, sizeof ds);
	ds.shm_perm.mode = 0600;
	ret = SYS(SYS_shmctl, id, call, &ds);
	put_kd("slot=", slot);
	put_kd("call=", call);
	put_ret(ret);
	if (ret || call != IPC_STAT)
		return;
	put_kx("mode=", ds.shm_perm.mode);
	put_kx("n=", ds.shm_segsz);
	put_kd("attached=", (long)ds.shm_nattch);
}

// -- memory policies, for a machine of one node --

static void op_mbind(void)
{
	static const int modes[] = { MPOL_DEFAULT,    MPOL_PREFERRED, MPOL_BIND,
				     MPOL_INTERLEAVE, MPOL_LOCAL,     9 };
	uint64_t addr = pick_mapped() + (chance(4) ? 8 : 0), bytes = pick_pages();
	unsigned long nodes = below(4);
	int mode = PICK(modes), flags = chance(80) ? 0 : (int)below(16);
	unsigned long max = chance(90) ? 64 : below(3);

	if (!(nodes & 1) || max == 1) // docs/differences.md
		flags &= ~MPOL_MF_STRICT;
	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_kd("mode=", mode);
	put_kx("nodes=", nodes);
	put_kd("max=", (long)max);
	put_kx("f=", (unsigned)flags);
	put_ret(SYS(SYS_mbind, addr, bytes, mode, chance(90) ? &nodes : 0, max, flags));
}

static void op_policy(void)
{
	uint64_t addr = pick_mapped();
	unsigned long nodes[16] = { 0 };
	unsigned flags = (unsigned)below(8);
	uint8_t value;
	int mode = -1;
	long ret;

	touch_read(addr, &value); // which neighbours a fault maps is each kernel's own
	ret = SYS(SYS_get_mempolicy, &mode, chance(50) ? nodes : 0, 1024,
		  flags & MPOL_F_ADDR ? addr : 0, flags);

	put_addr("a=", addr);
	put_kx("f=", flags);
	put_ret(ret);
	if (ret)
		return;
	if (flags & MPOL_F_ADDR && !(flags & MPOL_F_NODE))
		return; // of a file on Linux, of the mapping here: docs/differences.md
	put_kd("mode=", mode);
	put_kx("nodes=", nodes[0]);
}

// -- huge pages: only where the program was started with a pool --

static uint64_t pick_huge(void)
{
	return HUGE_AT + below(16) * HUGE + (chance(6) ? PG * below(512) : 0);
}

static uint64_t pick_frames(void)
{
	return (1 + below(4)) * HUGE + (chance(6) ? below(HUGE) : 0);
}

static void op_huge_memfd(void)
{
	static const unsigned kinds[] = { MFD_HUGETLB | 2, MFD_HUGETLB | 2, MFD_HUGETLB,
					  MFD_HUGETLB | 21u << 26 | 2, MFD_HUGETLB | 20u << 26 };
	unsigned flags = PICK(kinds), slot = (unsigned)below(FILES);
	long fd = SYS(SYS_memfd_create, "huge", flags);

	put_kx("f=", flags);
	put_ret(fd);
	world_add_file(slot, fd);
	if (fd >= 0)
		put_ret(SYS(SYS_ftruncate, fd, pick_frames()));
}

static void op_huge_size(void)
{
	int fd = pick_fd();
	uint64_t from = below(4) * HUGE, bytes = pick_frames();
	int mode = chance(50) ? 3 : chance(50) ? 0 : (int)below(4);

	put_kd("fd=", fd);
	put_kx("mode=", (unsigned)mode);
	put_kx("from=", from);
	put_kx("n=", bytes);
	if (!chance(40))
		put_ret(SYS(SYS_fallocate, fd, mode, from, mode & 2 ? bytes : HUGE));
	else
		put_ret(SYS(SYS_ftruncate, fd, bytes));
}

static void op_huge_mmap(void)
{
	int anonymous = chance(30), fd = anonymous ? -1 : pick_fd();
	unsigned flags = (chance(70) ? MAP_SHARED : MAP_PRIVATE) | (chance(80) ? MAP_FIXED : 0);
	uint64_t addr = pick_huge(), bytes = pick_frames(), off = below(3) * HUGE;
	int prot = chance(80) ? 3 : (int)below(4);
	long ret;

	if (anonymous)
		flags |= MAP_ANONYMOUS | MAP_HUGETLB | (chance(20) ? 21u << 26 : 0);
	if (chance(10))
		flags |= MAP_NORESERVE;
	if (chance(10))
		flags |= MAP_POPULATE;
	ret = SYS(SYS_mmap, addr, bytes, prot, flags, fd, off);
	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_kx("prot=", (unsigned)prot);
	put_kx("f=", flags);
	put_kd("fd=", fd);
	put_kx("off=", off);
	put_ret_addr(ret);
}

static void op_huge_range(void)
{
	static const int advice[] = { MADV_DONTNEED, MADV_REMOVE, MADV_DONTNEED,
				      MADV_WILLNEED, 22,          23 };
	uint64_t addr = pick_huge(), bytes = pick_frames(), kind = below(5);
	int a = PICK(advice), prot = (int)below(4);

	put_kd("kind=", (long)kind);
	put_addr("a=", addr);
	put_kx("n=", bytes);
	put_kd("advice=", a);
	put_kd("prot=", prot);
	if (kind == 0)
		put_ret(SYS(SYS_munmap, addr, bytes));
	else if (kind == 1)
		put_ret(SYS(SYS_mprotect, addr, bytes, prot));
	else if (kind == 2)
		put_ret(SYS(SYS_msync, addr, bytes, MS_SYNC));
	else
		put_ret(SYS(SYS_madvise, addr, bytes, a));
}

static void op_huge_touch(void)
{
	uint64_t addr = pick_huge() + below(2) * below(HUGE);
	uint8_t value = (uint8_t)rnd();
	int wr = chance(60), sig = wr ? touch_write(addr, value) : touch_read(addr, &value);

	put_s(wr ? " w" : " r");
	put_addr("a=", addr);
	if (sig)
		put_fault(sig);
	else
		put_kx("v=", value);
}

// -- settings --

static void op_noexec(void)
{
	char value = (char)('0' + below(4));
	long fd = SYS(SYS_open, "/proc/sys/vm/memfd_noexec", 2);

	put_kd("to=", value - '0');
	put_ret(SYS(SYS_write, fd, &value, 1));
	SYS(SYS_close, fd);
}

static void write_setting(const char *path, const char *text_value)
{
	long fd = SYS(SYS_open, path, 2);

	SYS(SYS_write, fd, text_value, strlen(text_value));
	SYS(SYS_close, fd);
}

void more_init(const char *frames)
{
	write_setting("/proc/sys/vm/nr_hugepages", frames);
}

void more_reset(void)
{
	if (!world.threads)
		write_setting("/proc/sys/vm/memfd_noexec", "0");
	for (unsigned i = 0; i < SEGMENTS; i++) {
		if (segment[i] > 0 || i == 0)
			SYS(SYS_shmctl, segment[i], IPC_RMID, 0);
		segment[i] = -1;
	}
	for (int key = 0; key < 3; key++) {
		long id = SYS(SYS_shmget, KEY + key, 0, 0);

		if (id >= 0)
			SYS(SYS_shmctl, id, IPC_RMID, 0);
	}
}

const struct op ops_more[] = {
	{ "shmget", 8, op_shmget }, { "shmat", 12, op_shmat },
	{ "shmdt", 8, op_shmdt },   { "shmctl", 6, op_shmctl },
	{ "mbind", 5, op_mbind },   { "policy", 5, op_policy },
	{ "noexec", 2, op_noexec }, { 0, 0, 0 },
};

const struct op ops_huge[] = {
	{ "hugefd", 12, op_huge_memfd },    { "hugesize", 25, op_huge_size },
	{ "hugemmap", 40, op_huge_mmap },   { "hugerange", 25, op_huge_range },
	{ "hugetouch", 60, op_huge_touch }, { 0, 0, 0 },
};
