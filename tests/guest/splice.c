// splice, tee, vmsplice, sendfile and copy_file_range between memfds, files and pipes.
//
// since: 6.18
// timeout: 15
// cflags: -D_GNU_SOURCE
#include "t.h"
#include <sys/sendfile.h>
#include <sys/uio.h>

#ifndef SPLICE_F_MOVE
#define SPLICE_F_MOVE     1
#define SPLICE_F_NONBLOCK 2
#define SPLICE_F_MORE     4
#define SPLICE_F_GIFT     8
#endif

static long sp(int in, long *ino, int out, long *outo, size_t n, unsigned f)
{
	return syscall(SYS_splice, in, ino, out, outo, n, f);
}
static long te(int in, int out, size_t n, unsigned f)
{
	return syscall(SYS_tee, in, out, n, f);
}
static long vm(int fd, void *base, size_t n, unsigned f)
{
	struct iovec v = { base, n };

	return syscall(SYS_vmsplice, fd, &v, 1ul, f);
}
static long cfr(int in, long *ino, int out, long *outo, size_t n, unsigned f)
{
	return syscall(SYS_copy_file_range, in, ino, out, outo, n, f);
}

static unsigned long sum(const unsigned char *p, size_t n)
{
	unsigned long h = 5381;

	while (n--)
		h = h * 33 + *p++;
	return h;
}

static void fill(int fd, size_t n)
{
	static unsigned char b[64 * 1024];

	for (size_t k = 0; k < n; k++)
		b[k] = (unsigned char)(k * 7 + k / 251);
	MUST(pwrite(fd, b, n, 0));
}

static void contents(const char *what, int fd)
{
	static unsigned char b[256 * 1024];
	ssize_t n = pread(fd, b, sizeof(b), 0);

	printf("%s: %zd bytes %lx\n", what, n, n > 0 ? sum(b, (size_t)n) : 0);
}

static void drain(const char *what, int fd)
{
	static unsigned char b[256 * 1024];
	ssize_t n = read(fd, b, sizeof(b));

	printf("%s: %zd bytes %lx\n", what, n, n > 0 ? sum(b, (size_t)n) : 0);
}

static void file_pipe(void)
{
	int a = t_memfd_sized(0, 0), b = t_memfd_sized(0, 0), p[2];
	long off = 100, out = 5000;

	MUST(pipe2(p, O_NONBLOCK));
	fill(a, 20000);
	R(sp(a, &off, p[1], NULL, 10000, 0));
	R(off);
	drain("spliced", p[0]);
	R(sp(a, NULL, p[1], NULL, 3000, SPLICE_F_MOVE | SPLICE_F_MORE));
	R(lseek(a, 0, SEEK_CUR));
	R(sp(p[0], NULL, b, &out, 1000, 0));
	R(out);
	R(sp(p[0], NULL, b, NULL, 10000, 0));
	R(lseek(b, 0, SEEK_CUR));
	contents("b", b);
	R(sp(p[0], NULL, b, NULL, 10, SPLICE_F_NONBLOCK));
	off = 20000;
	R(sp(a, &off, p[1], NULL, 10, 0)); // at the end
	off = 19990;
	R(sp(a, &off, p[1], NULL, 100, 0));
	// What the file holds later shows in the pipe: the page is passed, not copied.
	MUST(pwrite(a, "CHANGED", 7, 19990));
	drain("after the change", p[0]);
	// The pipe holds so many pages.
	off = 0;
	fill(a, 64 * 1024);
	MUST(ftruncate(a, 200 * 1024));
	R(sp(a, &off, p[1], NULL, 200 * 1024, 0));
	R(sp(a, &off, p[1], NULL, 200 * 1024, 0));
	R(sp(a, &off, p[1], NULL, 200 * 1024, SPLICE_F_NONBLOCK));
	R(write(p[1], "x", 1));
	drain("full pipe", p[0]);
	// Unaligned: pieces of pages.
	off = 4090;
	R(sp(a, &off, p[1], NULL, 20, 0));
	R(write(p[1], "tail", 4));
	drain("pieces", p[0]);
	// Holes are zeros.
	off = 150 * 1024;
	R(sp(a, &off, p[1], NULL, 5000, 0));
	drain("hole", p[0]);
	// Truncated while in the pipe.
	off = 0;
	R(sp(a, &off, p[1], NULL, 4096, 0));
	MUST(ftruncate(a, 0));
	drain("truncated", p[0]);
}

static void errors(void)
{
	int a = t_memfd_sized(0, PG), p[2], q[2], wr, rd;
	long off = 0, neg = -1;
	char path[40];

	MUST(pipe2(p, O_NONBLOCK));
	MUST(pipe2(q, O_NONBLOCK));
	R(sp(a, NULL, a, NULL, 10, 0));    // no pipe
	R(sp(a, NULL, p[0], NULL, 10, 0)); // wrong end
	R(sp(p[1], NULL, a, NULL, 10, 0));
	R(sp(p[0], &off, a, NULL, 10, 0));
	R(sp(a, NULL, p[1], &off, 10, 0));
	R(sp(a, &neg, p[1], NULL, 10, 0));
	R(sp(a, (long *)8, p[1], NULL, 10, 0));
	R(sp(a, NULL, p[1], NULL, 0, 0));
	R(sp(a, NULL, p[1], NULL, 10, 16));
	R(sp(-1, NULL, p[1], NULL, 10, 0));
	R(sp(a, NULL, -1, NULL, 10, 0));
	R(sp(-1, NULL, -1, NULL, 0, 0));
	R(sp(p[0], NULL, p[1], NULL, 10, 0)); // itself
	R(sp(p[0], NULL, q[1], NULL, 10, 0)); // empty
	R(te(p[0], q[1], 10, 0));
	R(te(p[0], p[1], 10, 0));
	R(te(p[0], a, 10, 0));
	R(te(a, p[1], 10, 0));
	R(te(p[1], q[1], 10, 0));
	R(te(p[0], q[1], 0, 0));
	R(te(p[0], q[1], 10, 64));
	R(te(-1, q[1], 10, 0));
	R(vm(a, path, 4, 0));
	R(vm(-1, path, 4, 0));
	R(vm(p[1], path, 4, 32));
	R(vm(p[1], path, 0, 0));
	R(vm(p[1], (void *)8, 4, 0));
	R(syscall(SYS_vmsplice, p[1], (void *)8, 1ul, 0));
	R(syscall(SYS_vmsplice, p[1], NULL, 0ul, 0));
	R(syscall(SYS_vmsplice, p[1], path, 1025ul, 0));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", a);
	wr = MUST(open(path, O_WRONLY));
	rd = MUST(open(path, O_RDONLY));
	R(sp(wr, NULL, p[1], NULL, 10, 0));
	R(write(p[1], "abc", 3));
	R(sp(p[0], NULL, rd, NULL, 10, 0));
	MUST(fcntl(wr, F_SETFL, O_APPEND));
	R(sp(p[0], NULL, wr, NULL, 10, 0));
	R(sp(p[0], NULL, wr, &off, 10, 0));
	close(p[1]);
	R(sp(p[0], NULL, q[1], NULL, 10, 0));
	R(sp(p[0], NULL, q[1], NULL, 10, 0));
	R(te(p[0], q[1], 10, 0));
	signal(SIGPIPE, SIG_IGN);
	MUST(pipe2(p, O_NONBLOCK));
	close(p[0]);
	R(sp(a, NULL, p[1], NULL, 10, 0));
	R(sp(q[0], NULL, p[1], NULL, 10, 0));
	R(te(q[0], p[1], 10, 0));
	R(vm(p[1], "x", 1, 0));
}

static void pipes(void)
{
	int p[2], q[2];
	static char buf[3 * 4096];

	MUST(pipe2(p, O_NONBLOCK));
	MUST(pipe2(q, O_NONBLOCK));
	memset(buf, 'q', sizeof(buf));
	R(write(p[1], buf, sizeof(buf)));
	R(te(p[0], q[1], 5000, 0));
	R(te(p[0], q[1], 1 << 20, SPLICE_F_NONBLOCK));
	R(sp(p[0], NULL, q[1], NULL, 100, 0));
	R(sp(p[0], NULL, q[1], NULL, 1 << 20, 0));
	drain("p", p[0]);
	drain("q", q[0]);
	// tee shares pages: a later write must not go into them.
	R(write(p[1], "one", 3));
	R(te(p[0], q[1], 3, 0));
	R(write(p[1], "two", 3));
	R(write(q[1], "three", 5));
	drain("p", p[0]);
	drain("q", q[0]);
	for (int k = 0; k < 16; k++)
		MUST(write(q[1], buf, 4096));
	R(write(p[1], "one", 3));
	R(te(p[0], q[1], 3, 0));
	R(sp(p[0], NULL, q[1], NULL, 3, 0));
	drain("p", p[0]);
}

static void user_pages(void)
{
	int p[2], a = t_memfd_sized(0, 0);
	char *m = MUST((char *)mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *r = MUST((char *)mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	struct iovec v[2] = { { m + 10, 20 }, { m + PG - 5, 10 } };

	MUST(pipe2(p, O_NONBLOCK));
	memset(m, 'm', 4 * PG);
	R(vm(p[1], m, 2 * PG, 0));
	m[0] = 'X'; // shows: the page itself is in the pipe
	R(read(p[0], r, 2 * PG));
	IS(r[0] == 'X' && r[1] == 'm' && r[2 * PG - 1] == 'm');
	R(syscall(SYS_vmsplice, p[1], v, 2ul, SPLICE_F_GIFT));
	drain("two", p[0]);
	R(vm(p[1], m, 2 * PG, SPLICE_F_GIFT));
	R(sp(p[0], NULL, a, NULL, 2 * PG, SPLICE_F_MOVE));
	contents("gift", a);
	R(vm(p[1], m + 2 * PG, 2 * PG, 0));
	munmap(m, 4 * PG);
	drain("after munmap", p[0]);
	// From a pipe into memory.
	R(write(p[1], "to memory", 9));
	R(vm(p[0], r, 100, 0));
	IS(!memcmp(r, "to memory", 9));
	R(vm(p[0], r, 100, SPLICE_F_NONBLOCK));
	R(vm(p[1], r, 4 * PG, SPLICE_F_NONBLOCK));
}

static void seals(void)
{
	int a = t_memfd_sized(0, 0), p[2];
	static const int kinds[] = { F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, F_SEAL_GROW };

	fill(a, 20000);
	MUST(pipe2(p, O_NONBLOCK));
	for (int k = 0; k < 3; k++) {
		int s = t_memfd_sized(MFD_ALLOW_SEALING, 2 * PG);
		long off = 2 * PG - 100, in = 0;

		printf("== seal %d\n", kinds[k]);
		MUST(fcntl(s, F_ADD_SEALS, kinds[k]));
		MUST(write(p[1], "some bytes", 10));
		R(sp(p[0], NULL, s, NULL, 10, 0));
		drain("left", p[0]);
		MUST(write(p[1], "some bytes", 10));
		R(sp(a, &in, p[1], NULL, 6000, 0));
		R(sp(p[0], NULL, s, &off, 6010, 0));
		R(off);
		drain("left", p[0]);
		in = 0;
		R(lseek(s, 2 * PG - 100, SEEK_SET));
		R(sendfile(s, a, &in, 5000));
		R(in);
		R(lseek(s, 0, SEEK_CUR));
		in = 0;
		off = PG + 1;
		R(cfr(a, &in, s, &off, 10000, 0));
		R(in);
		R(off);
		off = 2 * PG;
		R(cfr(a, &in, s, &off, 10, 0));
		contents("sealed", s);
		close(s);
	}
}

static void sends(void)
{
	int a = t_memfd_sized(0, 0), b = t_memfd_sized(0, 0), p[2], f;
	long off = 1000;

	fill(a, 30000);
	MUST(pipe2(p, O_NONBLOCK));
	R(sendfile(b, a, &off, 5000));
	R(off);
	R(lseek(a, 0, SEEK_CUR));
	R(sendfile(b, a, NULL, 1 << 20));
	R(lseek(a, 0, SEEK_CUR));
	R(lseek(b, 0, SEEK_CUR));
	R(sendfile(b, a, NULL, 10));
	contents("b", b);
	R(sendfile(p[1], a, &off, 5000));
	drain("pipe", p[0]);
	R(sendfile(b, p[0], NULL, 10));
	R(sendfile(-1, a, NULL, 10));
	R(sendfile(b, -1, NULL, 10));
	off = -1;
	R(sendfile(b, a, &off, 10));
	R(sendfile(b, a, (off_t *)8, 10));
	R(sendfile(b, a, NULL, 0));
	R(sendfile(p[0], a, NULL, 10));
	MUST(fcntl(b, F_SETFL, O_APPEND));
	R(sendfile(b, a, NULL, 10));
	off = 0;
	R(sendfile(p[1], a, &off, 1 << 20)); // as much as the pipe holds
	R(off);
	R(sendfile(p[1], a, &off, 1 << 20));
	f = MUST(open("/", O_RDONLY));
	R(sendfile(p[1], f, NULL, 10));
	close(f);
}

static void ranges(void)
{
	int a = t_memfd_sized(0, 0), b = t_memfd_sized(0, 0), f, p[2];
	long in = 100, out = 7000;

	t_workdir();
	fill(a, 30000);
	R(cfr(a, &in, b, &out, 5000, 0));
	R(in);
	R(out);
	contents("b", b);
	R(cfr(a, NULL, b, NULL, 100, 0));
	R(lseek(a, 0, SEEK_CUR) + lseek(b, 0, SEEK_CUR));
	in = 29000;
	R(cfr(a, &in, b, NULL, 5000, 0));
	in = 40000;
	R(cfr(a, &in, b, NULL, 5000, 0));
	in = 0;
	out = 100;
	R(cfr(a, &in, a, &out, 1000, 0)); // over itself
	out = 10000;
	R(cfr(a, &in, a, &out, 1000, 0));
	contents("a", a);
	R(cfr(a, &in, b, &out, 10, 1));
	R(cfr(a, &in, b, &out, 0, 0));
	in = -5;
	R(cfr(a, &in, b, &out, 10, 0));
	in = 0;
	out = -5;
	R(cfr(a, &in, b, &out, 10, 0));
	out = 0x7ffffffffffffff0;
	R(cfr(a, &in, b, &out, 100, 0));
	out = 0;
	R(cfr(-1, &in, b, &out, 10, 0));
	R(cfr(a, (long *)8, b, &out, 10, 0));
	R(cfr(a, &in, b, (long *)8, 10, 0));
	MUST(pipe2(p, O_NONBLOCK));
	R(cfr(a, &in, p[1], NULL, 10, 0));
	R(cfr(p[0], NULL, b, NULL, 10, 0));
	f = MUST(open(".", O_RDONLY));
	R(cfr(f, NULL, b, NULL, 10, 0));
	close(f);
	f = MUST(open("file", O_RDWR | O_CREAT | O_APPEND, 0600));
	R(cfr(a, &in, f, NULL, 10, 0));
	MUST(fcntl(f, F_SETFL, 0));
	R(cfr(a, &in, f, NULL, 30000, 0));
	contents("file", f);
	close(f);
	f = MUST(open("file", O_RDONLY));
	R(cfr(a, NULL, f, NULL, 10, 0));
	close(f);
	unlink("file");
	t_rm_workdir();
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	file_pipe();
	errors();
	pipes();
	user_pages();
	seals();
	sends();
	ranges();
	return 0;
}
