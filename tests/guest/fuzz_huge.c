// Minimised by the differential fuzzer with a pool of huge pages: what mmap of them takes away when
// it fails, offsets of anonymous ones, locking, limits, and calls that hugetlbfs has not. Sets a
// pool of its own by vm.nr_hugepages (root), and puts it back.
//
// since: 6.18
// libc: glibc
#include "t.h"

#include <linux/falloc.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define M (2ul << 20)
#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4u
#endif
#define RW        (PROT_READ | PROT_WRITE)
#define ANON_HUGE (MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB)

static void set_pool(const char *text)
{
	int fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY);

	R(write(fd, text, strlen(text)));
	close(fd);
}

static void show_mapped(const char *name, char *p)
{
	printf("%s: %s\n", name, msync(p, PG, MS_ASYNC) ? t_errno(errno) : "there");
}

// A failing mmap over other mappings.
static void what_goes(int fd, int no_write, char *at)
{
	mmap(at, M, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	OK(mmap(at + PG, PG, RW, MAP_SHARED | MAP_FIXED, fd, 0));
	show_mapped("address not aligned", at + PG);
	OK(mmap(at + PG, PG, RW, MAP_SHARED | MAP_FIXED, no_write, 0));
	OK(mmap(at, PG, RW, MAP_SHARED | MAP_FIXED, no_write, 0));
	show_mapped("no right to write", at);
	OK(mmap(at, -1ul, RW, MAP_SHARED | MAP_FIXED, fd, 0));
	OK(mmap(at, -M, RW, MAP_SHARED | MAP_FIXED, fd, 0));
	OK(mmap(at, PG, RW, MAP_SHARED | MAP_FIXED, fd, PG));
	show_mapped("offset not aligned", at);
	mmap(at, M, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	OK(mmap(at, 100 * M, RW, ANON_HUGE | MAP_FIXED, -1, 0));
	show_mapped("not that many", at);
}

static void offset_of_anonymous(char *at)
{
	char line[256], *start = mmap(at, M, RW, ANON_HUGE | MAP_FIXED, -1, 3 * M);
	FILE *f = fopen("/proc/self/maps", "r");

	while (fgets(line, sizeof(line), f))
		if (strtoul(line, NULL, 16) == (unsigned long)start)
			printf("maps: %.14s\n", strchr(line, ' '));
	fclose(f);
	FAULT(start[0] = 1);
	mmap(at, M, PROT_READ, ANON_HUGE | MAP_FIXED, -1, 3 * M);
	FAULT((void)*(volatile char *)at);
	mmap(at, 3 * M, RW, ANON_HUGE | MAP_FIXED, -1, M);
	memset(at, 5, 3 * M);
	R(madvise(at + PG, 2 * M - PG, MADV_REMOVE));
	printf("removed: %d %d %d %d\n", at[0], at[PG], at[M], at[2 * M]);
	munmap(at, M);
	R(madvise(at, 3 * M, MADV_REMOVE));
	munmap(at, 3 * M);
}

static void hint(int fd)
{
	char *p = mmap((void *)8, M, RW, MAP_SHARED, fd, 0);

	IS((uintptr_t)p > 1ul << 32);
	munmap(p, M);
}

static void locking(char *at)
{
	char *p = mmap(at, M, RW, ANON_HUGE | MAP_FIXED | MAP_LOCKED, -1, 0);

	p[0] = 1;
	R(madvise(p, M, MADV_REMOVE));
	R(mlockall(MCL_CURRENT));
	R(madvise(p, M, MADV_DONTNEED));
	R(madvise(p, M, MADV_REMOVE));
	R(munlockall());
	munmap(p, M);
}

static void missing_calls(int fd, const char *path, int plain)
{
	struct iovec iov = { (void *)8, 5 };
	int ends[2];

	R(pipe(ends));
	R(write(fd, (void *)-8, -1ul));
	R(pwrite(fd, (void *)-8, -1ul, 0));
	R(writev(fd, &iov, 0));
	R(writev(fd, (void *)8, 1));
	R(sendfile(plain, fd, NULL, 100));
	R(splice(fd, NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK));
	R(fcntl(fd, F_SETFL, O_DIRECT));
	R(open(path, O_RDONLY | O_DIRECT));
	R(open("/proc/self/status", O_RDONLY | O_DIRECT));
	R(open("/dev/zero", O_RDONLY | O_DIRECT));
	R(open("/dev/shm", O_RDONLY | O_DIRECT));
	R(lseek(fd, -1, SEEK_HOLE));
	R(lseek(fd, -1, SEEK_DATA));
	R(lseek(fd, 100 * M, SEEK_HOLE));
}

static void limits(int fd)
{
	struct rlimit r = { PG, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &r);
	R(ftruncate(fd, M));
	R(ftruncate(fd, 3 * M));
	R(fallocate(fd, 0, 0, M));
	R(fallocate(fd, 0, M, PG));
	R(fallocate(fd, FALLOC_FL_KEEP_SIZE, M, PG));
	r.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &r);
}

static void seal_of_execution(void)
{
	int fd = memfd_create("x", MFD_HUGETLB | MFD_NOEXEC_SEAL);

	R(fcntl(fd, F_GET_SEALS));
	R(fchmod(fd, 0777));
	close(fd);
}

int main(void)
{
	char path[32];
	int fd, no_write, plain = memfd_create("plain", 0);
	char *at = mmap(NULL, 8 * M, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	t_catch_faults();
	at = (char *)(((uintptr_t)at + M - 1) & -M);
	t_own_hugepool();
	set_pool("8\n");
	fd = memfd_create("huge", MFD_HUGETLB | MFD_ALLOW_SEALING);
	R(ftruncate(fd, 2 * M));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	no_write = open(path, O_RDONLY);
	what_goes(fd, no_write, at);
	offset_of_anonymous(at);
	hint(fd);
	locking(at);
	missing_calls(fd, path, plain);
	limits(fd);
	seal_of_execution();
	close(fd);
	close(no_write);
	set_pool("0\n");
	return 0;
}
