// MFD_HUGETLB and MAP_HUGETLB: what they refuse, sizes, holes, promises and private copies. Sets a
// pool of its own by vm.nr_hugepages (root), and puts it back.
//
// since: 6.18
// libc: glibc
#include "t.h"

#include <linux/falloc.h>
#include <sys/vfs.h>

#define M (2ul << 20)
#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4u
#endif
#define HUGE_LOG(n) ((unsigned)(n) << 26)
#define RW          (PROT_READ | PROT_WRITE)
#define ANON_HUGE   (MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB)

static long pool(const char *name)
{
	char path[128], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-2048kB/%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	close(fd);
	return atol(text);
}

static void set_pool(const char *text)
{
	int fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY);

	R(write(fd, text, strlen(text)));
	close(fd);
}

static void show_pool(const char *when)
{
	printf("%s: %ld frames, %ld free, %ld promised, %ld surplus\n", when, pool("nr_hugepages"),
	       pool("free_hugepages"), pool("resv_hugepages"), pool("surplus_hugepages"));
}

static void show_file(const char *when, int fd)
{
	struct stat st;

	fstat(fd, &st);
	printf("%s: size %lld blocks %lld blksize %ld mode %o\n", when, (long long)st.st_size,
	       (long long)st.st_blocks, (long)st.st_blksize, st.st_mode);
}

static void *map(size_t bytes, int prot, int flags, int fd, off_t off)
{
	void *p = mmap(NULL, bytes, prot, flags, fd, off);

	printf("mmap %zu: %s\n", bytes, p == MAP_FAILED ? t_errno(errno) : "mapped");
	if (p != MAP_FAILED && (uintptr_t)p % M)
		printf("not aligned\n");
	return p;
}

static void without_a_pool(void)
{
	int fd = memfd_create("empty", MFD_HUGETLB);

	R(ftruncate(fd, 2 * M));
	map(M, RW, MAP_SHARED, fd, 0);
	R(fallocate(fd, 0, 0, M));
	map(M, RW, ANON_HUGE, -1, 0);
	map(M, RW, ANON_HUGE | HUGE_LOG(30), -1, 0);
	map(M, RW, ANON_HUGE | HUGE_LOG(20), -1, 0);
	map(M, RW, ANON_HUGE | MAP_NORESERVE, -1, 0);
	show_file("empty", fd);
	close(fd);
}

static void creation(void)
{
	int giga = memfd_create("giga", MFD_HUGETLB | HUGE_LOG(30));

	printf("1 GiB: %s\n", giga < 0 ? t_errno(errno) : "made");
	R(ftruncate(giga, M));
	R(ftruncate(giga, 1l << 30));
	show_file("1 GiB", giga);
	close(giga);
	R(memfd_create("x", MFD_HUGETLB | HUGE_LOG(20)));
	R(memfd_create("x", MFD_HUGETLB | HUGE_LOG(12)));
	R(memfd_create("x", HUGE_LOG(21)));
}

static void file_calls(int fd)
{
	struct statfs fs;
	char buf[64] = "";

	fstatfs(fd, &fs);
	printf("fs %lx bsize %ld frsize %ld blocks %ld flags %lx\n", (long)fs.f_type,
	       (long)fs.f_bsize, (long)fs.f_frsize, (long)fs.f_blocks, (long)fs.f_flags);
	R(ftruncate(fd, 4096));
	R(ftruncate(fd, 4 * M));
	show_file("set", fd);
	R(write(fd, "abc", 3));
	R(pwrite(fd, "abc", 3, 0));
	R(read(fd, buf, 3));
	R(lseek(fd, 0, SEEK_DATA));
	R(lseek(fd, 0, SEEK_HOLE));
	R(lseek(fd, 4 * M, SEEK_DATA));
	R(lseek(fd, 0, SEEK_END));
	R(fallocate(fd, 0, 4096, 4096));
	show_file("allocated", fd);
	show_pool("allocated");
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	show_file("edge punched", fd);
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, M));
	show_file("punched", fd);
	R(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, M));
	R(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 6 * M));
	show_file("kept", fd);
	R(fallocate(fd, 0, 0, 1000 * M));
	show_pool("full");
	R(ftruncate(fd, 2 * M));
	R(ftruncate(fd, 4 * M));
	show_file("cut", fd);
	show_pool("cut");
}

static void views(int fd)
{
	volatile char *p = map(4 * M, RW, MAP_SHARED, fd, 0), *q = map(4096, RW, MAP_SHARED, fd, 0);
	unsigned char vec[2048];

	show_pool("mapped");
	p[0] = 1;
	printf("alias %d\n", q[0]);
	p[3 * M + 5] = 2;
	show_pool("touched");
	show_file("touched", fd);
	R(mincore((void *)p, 4 * M, vec));
	printf("in core: %d %d %d %d\n", vec[0] & 1, vec[600] & 1, vec[1100] & 1, vec[2047] & 1);
	R(munmap((void *)q, 4096));
	R(munmap((void *)q, M));
	R(munmap((void *)(p + 4096), 4096));
	R(mprotect((void *)p, 4096, PROT_READ));
	R(mprotect((void *)p, M, PROT_READ));
	FAULT(p[1] = 1);
	R(mprotect((void *)p, M, RW));
	FAULT(p[1] = 1);
	OK(mmap((void *)(p + 4096), M, RW, MAP_SHARED | MAP_FIXED, fd, 0));
	OK(mmap(NULL, M, RW, MAP_SHARED, fd, 4096));
	R(madvise((void *)p, 4096, MADV_DONTNEED));
	R(madvise((void *)(p + 4096), M, MADV_DONTNEED));
	R(madvise((void *)p, M, MADV_DONTNEED));
	printf("kept %d\n", p[0]);
	R(madvise((void *)p, M, MADV_FREE));
	R(madvise((void *)p, M, MADV_COLD));
	R(madvise((void *)p, M, MADV_PAGEOUT));
	R(madvise((void *)p, M, 25)); // MADV_COLLAPSE
	R(madvise((void *)p, M, MADV_REMOVE));
	printf("removed: %d\n", p[0]);
	show_pool("removed");
	R(mlock((void *)p, 4096));
	R(msync((void *)p, M, MS_SYNC));
	OK(mremap((void *)p, 4 * M, 5 * M, MREMAP_MAYMOVE));
	OK(mremap((void *)p, 4 * M, 3 * M, 0));
	R(munmap((void *)p, 3 * M));
	show_pool("unmapped");
}

static void private_views(int fd)
{
	volatile char *p = map(M, RW, MAP_SHARED, fd, M), *q = map(2 * M, RW, MAP_PRIVATE, fd, 0);

	p[0] = 7;
	printf("through: %d\n", q[M]);
	q[M] = 9;
	printf("copied: %d %d\n", q[M], p[0]);
	q[0] = 3;
	R(munmap((void *)q, 2 * M));
	R(munmap((void *)p, M));
	show_pool("private");
	p = map(M, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 20 * M);
	FAULT((void)p[0]);
	R(munmap((void *)p, M));
}

static void grown_by_mmap(int fd)
{
	void *p = map(2 * M, PROT_READ, MAP_SHARED, fd, 4 * M);

	show_file("read view", fd);
	munmap(p, 2 * M);
	p = map(M, RW, MAP_SHARED, fd, 5 * M);
	show_file("write view", fd);
	munmap(p, M);
	R(ftruncate(fd, 4 * M));
	show_pool("promises gone");
	map(100 * M, RW, MAP_SHARED, fd, 0);
	show_file("refused", fd);
}

static void seals(int fd)
{
	void *p = map(M, RW, MAP_SHARED, fd, 0);

	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	R(ftruncate(fd, 6 * M));
	R(fallocate(fd, 0, 0, 6 * M));
	R(munmap(p, M));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	map(M, RW, MAP_SHARED, fd, 0);
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, M));
	R(fcntl(fd, F_GET_SEALS));
}

static void touch_all(volatile char *p, size_t frames)
{
	for (size_t i = 0; i < frames; i++)
		p[i * M] = 1;
}

static void anonymous(void)
{
	volatile char *p = map(4096, RW, ANON_HUGE, -1, 0), *q;

	show_pool("anonymous");
	p[0] = 1;
	p[M - 1] = 2;
	show_pool("written");
	printf("%d %d\n", p[0], p[M - 1]);
	R(munmap((void *)p, M));
	show_pool("gone");
	q = map(2 * M, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | HUGE_LOG(21), -1, 0);
	q[M] = 4;
	show_pool("shared");
	R(munmap((void *)q, M));
	printf("%d\n", q[M]);
	R(munmap((void *)(q + M), M));
	show_pool("gone");
	map(100 * M, RW, ANON_HUGE, -1, 0);
	p = map(100 * M, RW, ANON_HUGE | MAP_NORESERVE, -1, 0);
	p[0] = 1;
	show_pool("not promised");
	R(munmap((void *)p, 100 * M));
	p = map(2 * M, RW, ANON_HUGE | MAP_POPULATE, -1, 0);
	show_pool("populated");
	R(munmap((void *)p, 2 * M));
	q = map(100 * M, RW, ANON_HUGE | MAP_NORESERVE, -1, 0);
	FAULT(touch_all(q, 100));
	show_pool("used up");
	R(munmap((void *)q, 100 * M));
	show_pool("gone");
}

int main(void)
{
	int fd, plain = memfd_create("plain", 0);

	t_catch_faults();
	t_own_hugepool();
	set_pool("0\n");
	without_a_pool();
	set_pool("8\n");
	show_pool("set");
	creation();
	fd = memfd_create("huge", MFD_HUGETLB | MFD_ALLOW_SEALING);
	file_calls(fd);
	views(fd);
	private_views(fd);
	grown_by_mmap(fd);
	seals(fd);
	close(fd);
	show_pool("closed");
	anonymous();
	OK(mmap(NULL, M, RW, MAP_SHARED | MAP_HUGETLB, plain, 0));
	R(ftruncate(plain, M));
	set_pool("x\n");
	fd = memfd_create("in use", MFD_HUGETLB);
	R(fallocate(fd, 0, 0, 2 * M));
	set_pool("0\n");
	show_pool("shrunk in use");
	close(fd);
	show_pool("at last");
	return 0;
}
