// Corners of shared memory and its transfers in one place: the largest sizes,
// RLIMIT_FSIZE, each flag of preadv2 and pwritev2, overlapping copies, gifts, what is in core,
// advice, second views by mremap, locked mappings against their limit, growing down to the guard
// gap.
//
// since: 6.18
// needs: root
// cflags: -D_GNU_SOURCE
#include "t.h"
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define RW      (PROT_READ | PROT_WRITE)
#define LARGEST 0x7fffffffffffffffl
#define ANON    (MAP_PRIVATE | MAP_ANONYMOUS)

static char b[2 * PG];
static int fd, other;

static void set_limit(int what, rlim_t n, rlim_t most)
{
	struct rlimit l = { n, most };

	MUST(setrlimit(what, &l));
}

static void sizes(void)
{
	struct stat st;

	R(ftruncate(fd, 2l << 40));
	R(pwrite(fd, "x", 1, (2l << 40) - 1));
	MUST(fstat(fd, &st));
	printf("%ld %ld\n", (long)st.st_size, (long)st.st_blocks);
	R(ftruncate(fd, LARGEST));
	R(ftruncate(fd, -1));
	R(pwrite(fd, "xy", 2, LARGEST - 1));
	R(pwrite(fd, "x", 1, LARGEST));
	R(lseek(fd, 0, SEEK_END));
	R(lseek(fd, 1, SEEK_END));
	R(ftruncate(fd, 0));
	signal(SIGXFSZ, SIG_IGN);
	set_limit(RLIMIT_FSIZE, 6000, RLIM_INFINITY);
	R(pwrite(fd, b, sizeof(b), 0));
	R(pwrite(fd, b, 1, 6000));
	R(ftruncate(fd, 6001));
	R(ftruncate(fd, 6000));
	R(fallocate(fd, 0, 0, 2 * PG));
	R(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 2 * PG));
	set_limit(RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY);
}

static void flags(void)
{
	struct iovec v = { b, PG };

	for (unsigned f = 0; f < 0x400; f = f ? f * 2 : 1) {
		printf("flag %x: ", f);
		R(syscall(SYS_preadv2, fd, &v, 1, 0, 0, f));
		R(syscall(SYS_pwritev2, fd, &v, 1, 0, 0, f));
	}
	R(syscall(SYS_pwritev2, fd, &v, 1, 0, 0, 0x30)); // append, and do not
	R(syscall(SYS_preadv2, fd, &v, 1, -1, -1, 0));
}

static void copies(void)
{
	off_t from = PG, to = 0;

	R(ftruncate(fd, 16 * PG));
	R(ftruncate(other, 0));
	lseek(other, 0, SEEK_SET);
	R(sendfile(other, fd, &from, 2 * PG));
	printf("%ld\n", (long)from);
	R(sendfile(fd, fd, &from, PG));
	from = 0, to = PG / 2;
	R(copy_file_range(fd, &from, fd, &to, PG, 0)); // overlapping
	from = 0, to = 4 * PG;
	R(copy_file_range(fd, &from, fd, &to, PG, 0));
	from = 0, to = 0;
	R(copy_file_range(fd, &from, other, &to, PG, 1));
	from = 0, to = PG;
	R(copy_file_range(fd, &from, fd, &to, PG, 0)); // touching
	from = 20 * PG;
	R(copy_file_range(fd, &from, other, NULL, PG, 0)); // past the end
}

static void gifts(char *p)
{
	struct iovec v = { p, PG };
	int fds[2];

	MUST(pipe(fds));
	R(vmsplice(fds[1], &v, 1, SPLICE_F_GIFT));
	v.iov_len = 100;
	R(vmsplice(fds[1], &v, 1, SPLICE_F_GIFT));
	v = (struct iovec){ p + 1, PG };
	R(vmsplice(fds[1], &v, 1, SPLICE_F_GIFT));
	R(vmsplice(fds[1], &v, 1, 0x10));
	R(vmsplice(fds[0], &v, 1, SPLICE_F_GIFT));
	R(splice(fds[0], NULL, fd, NULL, PG, SPLICE_F_GIFT));
	R(tee(fds[0], fds[1], 1, SPLICE_F_GIFT));
	R(tee(fds[0], fds[1], 1, 0x10));
}

static void show_core(char *m)
{
	unsigned char in[16];

	MUST(mincore(m, sizeof(in) * PG, in));
	for (unsigned i = 0; i < sizeof(in); i++)
		putchar('0' + (in[i] & 1));
	putchar('\n');
}

static void views(char *m, char *private)
{
	char *q;

	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 16 * PG));
	m[3 * PG] = 1;
	MUST(pwrite(fd, "z", 1, 9 * PG));
	show_core(m);
	R(madvise(m, 16 * PG, MADV_COLD));
	R(madvise(m, 16 * PG, MADV_PAGEOUT));
	IS(m[3 * PG] == 1);
	show_core(m);
	q = mremap(m, 0, 16 * PG, MREMAP_MAYMOVE);
	IS(q != MAP_FAILED && q != m);
	q[5 * PG] = 7;
	IS(m[5 * PG] == 7);
	R(mremap(m, 0, PG, 0));
	R(mremap(private, 0, PG, MREMAP_MAYMOVE));
	R(mmap(0, PG, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0));
}

// Only a mapping whose pages can be locked is made.
static void locked(char *m)
{
	const int how = ANON | MAP_LOCKED;

	set_limit(RLIMIT_MEMLOCK, 4 * PG, 4 * PG);
	MUST(setuid(1000));
	R(mmap(0, 8 * PG, RW, how, -1, 0));
	IS(mmap(0, 4 * PG, RW, how, -1, 0) != MAP_FAILED);
	R(mlock(m, PG));
	R(mmap(0, PG, RW, how, -1, 0));
}

static void growing_down(void)
{
	const unsigned long gap = 256 * PG;
	char *at = (char *)0x200000400000;
	char *q = MUST(mmap(at, PG, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0));

	q[-1] = 1;
	q[-3 * (long)PG] = 2;
	IS(q[-1] == 1);
	IS(mmap(q - 3 * PG - gap, PG, RW, ANON, -1, 0) != q - 3 * PG - gap);
	IS(mmap(q - 4 * PG - gap, PG, RW, ANON, -1, 0) == q - 4 * PG - gap);
}

int main(void)
{
	char *private = MUST(mmap(0, 4 * PG, RW, ANON, -1, 0)), *m;

	memset(b, 'q', sizeof(b));
	fd = MUST(memfd_create("a", 0));
	other = MUST(memfd_create("b", 0));
	sizes();
	flags();
	copies();
	gifts(private);
	m = MUST(mmap(0, 16 * PG, RW, MAP_SHARED, fd, 0));
	views(m, private);
	growing_down();
	locked(m);
	return 0;
}
