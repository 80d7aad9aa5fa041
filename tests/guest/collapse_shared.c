// MADV_COLLAPSE of memfds and shared anonymous memory: pages made one by one come together in 2
// MiB, holes become zeros, other views lose their entries and see the same; what is refused.
//
// since: 6.18
// cflags: -D_GNU_SOURCE -pthread
// cpus: 2
// timeout: 30
#include "t.h"
#include <pthread.h>
#include <sys/uio.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define M  (2ul << 20)
#define RW (PROT_READ | PROT_WRITE)

static char *aligned(void)
{
	char *a = MUST(mmap(NULL, 6 * M, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	return (char *)(((unsigned long)a + M - 1) & -M);
}

static char *view(int fd, long offset, int prot)
{
	return MUST(mmap(aligned(), 2 * M, prot, MAP_SHARED | MAP_FIXED, fd, offset));
}

static int new_file(unsigned long bytes)
{
	int fd = MUST(memfd_create("collapse", MFD_ALLOW_SEALING));

	MUST(ftruncate(fd, (long)bytes));
	return fd;
}

static void tell(const char *what, int fd, char *p)
{
	static unsigned char in[1024];
	struct stat s;
	int n = 0;

	MUST(fstat(fd, &s));
	MUST(mincore(p, 2 * M, in));
	for (int i = 0; i < 1024; i++)
		n += in[i] & 1;
	printf("%s: blocks %ld, in core %d\n", what, (long)s.st_blocks, n);
}

static unsigned long sum(const char *p)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < M; i++)
		n = n * 31 + (unsigned char)p[i];
	return n;
}

static void single_pages(void)
{
	int fd = new_file(2 * M);
	char *p = view(fd, 0, RW), *q = view(fd, 0, RW);

	R(madvise(p, M, MADV_COLLAPSE)); // nothing there
	tell("empty", fd, p);
	p[5 * PG] = 1;
	R(madvise(p, M, MADV_COLLAPSE));
	tell("one page", fd, p);
	printf("%d %d\n", p[5 * PG], p[6 * PG]);
	R(madvise(p, M, MADV_COLLAPSE));
	MUST(pwrite(fd, "a", 1, (long)(M + PG))); // in the file, mapped nowhere
	R(madvise(p + M, M, MADV_COLLAPSE));
	tell("both", fd, p);
	printf("%d %d\n", q[5 * PG], q[M + PG]);
	q[M + PG] = 'b';
	printf("%d\n", p[M + PG]);
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 7 * PG, PG));
	R(lseek(fd, 0, SEEK_HOLE));
	tell("punched", fd, p);
	R(madvise(p, 2 * M, MADV_COLLAPSE));
	R(lseek(fd, 0, SEEK_HOLE));
	tell("again", fd, p);
	R(ftruncate(fd, (long)(M / 2)));
	tell("cut", fd, p);
	close(fd);
}

static void contents(void)
{
	int fd = new_file(2 * M);
	char *p = view(fd, 0, RW), *q = view(fd, 0, RW);
	unsigned long before;

	for (unsigned long i = 511; i < 512; i -= 3)
		p[i * PG + i] = (char)(i + 1);
	before = sum(p);
	// Without room for a frame that was reserved ahead: every other page goes and comes again.
	for (unsigned long i = 0; i < 512; i += 2)
		MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (long)(i * PG), PG));
	for (unsigned long i = 511; i < 512; i -= 3)
		q[i * PG + i] = (char)(i + 1);
	R(madvise(q, M, MADV_COLLAPSE));
	IS(sum(p) == before);
	IS(sum(q) == before);
	R(mprotect(q, M, PROT_READ));
	R(madvise(q, M, MADV_COLLAPSE));
	p = view(fd, PG, RW);
	R(madvise(p, M, MADV_COLLAPSE));
	IS(p[0] == q[PG]);
	R(madvise(q, M, MADV_NOHUGEPAGE));
	R(madvise(q, M, MADV_COLLAPSE));
	close(fd);
}

static void refused(void)
{
	int fd = new_file(2 * M), fds[2], small = new_file(M + 5 * PG);
	char *p = view(fd, 0, RW);
	struct iovec v = { p, PG };

	p[0] = 'x';
	MUST(pipe(fds));
	IS(vmsplice(fds[1], &v, 1, 0) == (long)PG);
	R(madvise(p, M, MADV_COLLAPSE)); // the pipe holds a page
	close(fds[0]);
	close(fds[1]);
	R(madvise(p, M, MADV_COLLAPSE));
	R(madvise(p, 2 * M, MADV_COLLAPSE));  // the second half is empty
	R(madvise(p + PG, M, MADV_COLLAPSE)); // no whole 2 MiB
	R(madvise(p + 1, M, MADV_COLLAPSE));
	R(madvise(p, 0, MADV_COLLAPSE));
	R(munmap(p + M, M));
	R(madvise(p, 2 * M, MADV_COLLAPSE)); // a hole behind it
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
	R(madvise(p, M, MADV_COLLAPSE));
	p = view(small, 0, RW);
	p[M] = 1;
	R(madvise(p + M, M, MADV_COLLAPSE)); // partly past the end
	tell("past the end", small, p);
	p = MUST(mmap(aligned(), 2 * M, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	R(madvise(p, M, MADV_COLLAPSE));
	p[9] = 4;
	R(madvise(p, M, MADV_COLLAPSE));
	printf("%d\n", p[9]);
	R(mprotect(p, 2 * M, PROT_NONE));
	R(madvise(p, M, MADV_COLLAPSE));
	close(fd);
	close(small);
}

static volatile int stop;

static void *count_up(void *arg)
{
	volatile unsigned *word = arg;
	unsigned n = 0;

	while (!stop) {
		n++;
		word[0] = n;
		word[100 * PG / sizeof(*word)]++;
	}
	IS(word[0] == n && word[100 * PG / sizeof(*word)] == n);
	return NULL;
}

// No write is lost while pages move.
static void beside_a_writer(void)
{
	int fd = new_file(2 * M), good = 0;
	char *p = view(fd, 0, RW), *q = view(fd, 0, RW);
	pthread_t t;

	p[0] = 0;
	IS(!pthread_create(&t, NULL, count_up, q));
	for (int i = 0; i < 60; i++) {
		MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 300 * PG, 8 * PG));
		good += !madvise(p, M, MADV_COLLAPSE);
		usleep(300);
	}
	stop = 1;
	pthread_join(t, NULL);
	IS(good > 0);
}

int main(void)
{
	single_pages();
	contents();
	refused();
	beside_a_writer();
	return 0;
}
