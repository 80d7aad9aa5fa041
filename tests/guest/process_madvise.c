// process_madvise on the caller's own memory.
//
// since: 6.18
#include <sys/uio.h>

#include "t.h"

#define RW (PROT_READ | PROT_WRITE)

static long advise(int pidfd, struct iovec *v, unsigned long n, int advice, unsigned flags)
{
	return syscall(440, pidfd, v, n, advice, flags);
}

int main(void)
{
	volatile char *p = MUST(mmap(NULL, 8 * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	struct iovec v[3] = { { (void *)p, PG }, { (void *)(p + 2 * PG), PG }, { NULL, 0 } };
	struct iovec bad[2] = { { (void *)p, PG }, { (void *)(p + 1), PG } };
	int self = MUST((int)syscall(SYS_pidfd_open, getpid(), 0)), fd = t_memfd("x", 0);

	p[0] = p[PG] = p[2 * PG] = 1;
	R(advise(self, v, 3, MADV_DONTNEED, 0));
	printf("%d %d %d\n", p[0], p[PG], p[2 * PG]);
	p[0] = 1;
	R(advise(-10000, v, 1, MADV_DONTNEED, 0));
	R(advise(-10001, v, 1, MADV_WILLNEED, 0));
	printf("%d\n", p[0]);
	R(advise(self, bad, 2, MADV_COLD, 0));
	R(advise(self, bad + 1, 1, MADV_COLD, 0));
	R(advise(self, v, 1, 999, 0));
	R(advise(self, v, 1, MADV_COLD, 1));
	R(advise(self, v, 1025, MADV_COLD, 0));
	R(advise(self, v, 0, MADV_COLD, 0));
	R(advise(self, (void *)8, 1, MADV_COLD, 0));
	R(advise(fd, v, 1, MADV_COLD, 0));
	R(advise(-1, v, 1, MADV_COLD, 0));
	// Empty ranges are looked at only where they are the first of some that are not.
	R(advise(self, (struct iovec[]){ { (void *)(p + 8), 0 }, v[0] }, 2, MADV_COLD, 0));
	R(advise(self, (struct iovec[]){ { (void *)p, 0 }, v[0] }, 2, MADV_COLD, 0));
	R(advise(self, (struct iovec[]){ v[0], { (void *)(p + 8), 0 } }, 2, MADV_COLD, 0));
	R(advise(self, (struct iovec[]){ { (void *)(p + 8), 0 }, { NULL, 0 } }, 2, MADV_COLD, 0));
	R(munmap((void *)(p + 2 * PG), PG));
	R(advise(self, v, 2, MADV_COLD, 0));
	R(advise(self, v + 1, 1, MADV_COLD, 0));
	return 0;
}
