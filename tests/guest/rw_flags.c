// preadv2 and pwritev2 flags, O_APPEND set later, limits of size: on a memfd and a tmpfs file.
//
// since: 6.18
// cflags: -D_GNU_SOURCE
// timeout: 20
#include "t.h"
#include <limits.h>
#include <linux/falloc.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>

static char b[100];
static struct iovec v = { b, 10 };

static long pw(int fd, long off, int f)
{
	return syscall(SYS_pwritev2, fd, &v, 1ul, off, 0ul, f);
}
static long pr(int fd, long off, int f)
{
	return syscall(SYS_preadv2, fd, &v, 1ul, off, 0ul, f);
}

static void flags(int fd)
{
	for (int bit = 0; bit < 12; bit++) {
		MUST(lseek(fd, 3, SEEK_SET));
		printf("flag %#x\n", 1 << bit);
		R(pw(fd, 5, 1 << bit));
		R(pw(fd, -1, 1 << bit));
		R(lseek(fd, 0, SEEK_CUR));
		R(pr(fd, 5, 1 << bit));
		R(pr(fd, -1, 1 << bit));
		R(lseek(fd, 0, SEEK_CUR));
		R(lseek(fd, 0, SEEK_END));
	}
	R(pw(fd, 0, 0x10 | 0x20));
	R(pr(fd, -2, 0));
	R(pw(fd, -2, 0));
	MUST(fcntl(fd, F_SETFL, O_APPEND));
	R(pw(fd, 0, 0));
	R(pw(fd, 0, 0x20));
	R(pwrite(fd, b, 5, 0));
	R(lseek(fd, 0, SEEK_END));
	MUST(lseek(fd, 2, SEEK_SET));
	R(write(fd, b, 5));
	R(lseek(fd, 0, SEEK_CUR));
	MUST(fcntl(fd, F_SETFL, 0));
	R(write(fd, b, 5));
	R(lseek(fd, 0, SEEK_CUR));
}

static volatile int got;
static void on_xfsz(int s)
{
	got++;
}

static void sizes(int fd)
{
	struct rlimit l = { 10000, RLIM_INFINITY };
	struct stat st;
	long end = 2l << 40;

	R(ftruncate(fd, end));
	R(pwrite(fd, "x", 1, end - 1));
	R(lseek(fd, 0, SEEK_DATA));
	R(lseek(fd, end - PG, SEEK_HOLE));
	R(lseek(fd, end - 5 * PG, SEEK_DATA));
	MUST(fstat(fd, &st));
	R(st.st_size);
	R(st.st_blocks);
	R(ftruncate(fd, LONG_MAX));
	R(pwrite(fd, "xyz", 3, LONG_MAX - 1));
	R(pwrite(fd, "xyz", 3, LONG_MAX - 3));
	R(pwrite(fd, "xyz", 3, LONG_MAX));
	R(lseek(fd, LONG_MAX - 5, SEEK_SET));
	R(write(fd, b, 10));
	R(fallocate(fd, 0, LONG_MAX - 5, 10));
	R(fallocate(fd, FALLOC_FL_KEEP_SIZE, LONG_MAX - 5 * PG, PG));
	R(ftruncate(fd, -1));
	R(ftruncate(fd, 5));
	R(fallocate(fd, FALLOC_FL_KEEP_SIZE, 3 * PG, PG));
	MUST(fstat(fd, &st));
	R(st.st_blocks);
	R(fallocate(fd, 0, 0, 0));
	R(fallocate(fd, 0, -1, 10));
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10));
	R(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 10));
	R(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PG));
	R(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, PG));
	R(fallocate(fd, 0x1000, 0, PG));
	signal(SIGXFSZ, on_xfsz);
	MUST(setrlimit(RLIMIT_FSIZE, &l));
	R(ftruncate(fd, 10001));
	R(got);
	R(ftruncate(fd, 10000));
	R(pwrite(fd, b, 100, 9950));
	R(pwrite(fd, b, 100, 10000));
	R(got);
	R(fallocate(fd, 0, 9000, 2000));
	R(fallocate(fd, FALLOC_FL_KEEP_SIZE, 9000, 2000));
	R(got);
	l.rlim_cur = RLIM_INFINITY;
	MUST(setrlimit(RLIMIT_FSIZE, &l));
}

// What lies behind the end in the last page.
static void tails(int fd)
{
	char *m;

	MUST(ftruncate(fd, 0));
	MUST(ftruncate(fd, 100));
	m = MUST((char *)mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	memset(m, 'z', PG);
	R(ftruncate(fd, 200));
	IS(m[150] == 'z');
	R(pwrite(fd, "w", 1, 300));
	IS(m[250] == 'z');
	R(ftruncate(fd, 120));
	IS(m[119] == 'z' && m[120] == 0 && m[300] == 0);
	memset(m, 'z', PG);
	R(fallocate(fd, 0, 0, 2 * PG));
	IS(m[200] == 'z');
	memset(m, 'y', 2 * PG);
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, PG));
	IS(m[99] == 'y' && m[100] == 0 && m[PG + 99] == 0 && m[PG + 100] == 'y');
	munmap(m, 2 * PG);
}

static void times(int fd)
{
	struct stat a, c;
	struct timespec ts = { 0, 30000000 };

	MUST(ftruncate(fd, 3 * PG));
	MUST(fstat(fd, &a));
#define STEP(call)                                                                                 \
	nanosleep(&ts, NULL);                                                                      \
	call;                                                                                      \
	MUST(fstat(fd, &c));                                                                       \
	printf("%s: mtime %d ctime %d atime %d\n", #call,                                          \
	       memcmp(&a.st_mtim, &c.st_mtim, sizeof(ts)) != 0,                                    \
	       memcmp(&a.st_ctim, &c.st_ctim, sizeof(ts)) != 0,                                    \
	       memcmp(&a.st_atim, &c.st_atim, sizeof(ts)) != 0);                                   \
	a = c
	STEP(MUST(pwrite(fd, "x", 1, 0)));
	STEP(MUST(ftruncate(fd, 3 * PG)));
	STEP(MUST(ftruncate(fd, 2 * PG)));
	STEP(MUST(fallocate(fd, 0, 0, PG)));
	STEP(MUST(fallocate(fd, 0, 0, 8 * PG)));
	STEP(MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 10 * PG)));
	STEP(MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PG)));
	STEP(MUST(fchmod(fd, 0600)));
	STEP(MUST(pread(fd, b, 10, 0)));
	STEP(MUST(lseek(fd, 0, SEEK_DATA)));
}

int main(void)
{
	int fd = t_memfd_sized(0, 50);
	struct statfs s;

	flags(fd);
	sizes(fd);
	tails(fd);
	times(fd);
	MUST(fstatfs(fd, &s));
	printf("type %lx bsize %ld frsize %ld namelen %ld\n", (long)s.f_type, (long)s.f_bsize,
	       (long)s.f_frsize, (long)s.f_namelen);
	t_workdir();
	fd = MUST(open(".", O_TMPFILE | O_RDWR, 0600));
	flags(fd);
	tails(fd);
	times(fd);
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	MUST(fstat(fd, &st));
	R(st.st_nlink);
	R(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	MUST(fstat(fd, &st));
	R(st.st_nlink);
	R(linkat(fd, "", AT_FDCWD, "second", AT_EMPTY_PATH));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	R(fcntl(fd, F_GET_SEALS));
	R(unlink("named"));
	R(unlink("second"));
	fd = MUST(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	R(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	t_rm_workdir();
	return 0;
}
