// mremap: grow, shrink, move, fixed targets, shared duplicates, errors.
#include "t.h"
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static char *sys_mremap(void *old, size_t from, size_t to, int flags, void *at)
{
	return (char *)syscall(SYS_mremap, old, from, to, flags, at);
}

#define RW (PROT_READ | PROT_WRITE)

static char *anon(size_t pages)
{
	return MUST(mmap(NULL, pages * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

int main(void)
{
	char *r = anon(64), *p, *q;
	int fd = t_memfd_sized(0, 8 * PG);

	t_catch_faults();
	munmap(r + 16 * PG, 8 * PG);
	memset(r, 'a', 16 * PG);
	p = sys_mremap(r, 16 * PG, 20 * PG, 0, NULL);
	IS(p == r);
	IS(p[15 * PG] == 'a' && p[16 * PG] == 0);
	p = sys_mremap(r, 20 * PG, 40 * PG, 0, NULL);
	printf("grow without room: %s\n", p == MAP_FAILED ? t_errno(errno) : "ok");
	p = sys_mremap(r, 20 * PG, 40 * PG, MREMAP_MAYMOVE, NULL);
	IS(p != r && p != MAP_FAILED && p[0] == 'a' && p[15 * PG] == 'a' && p[39 * PG] == 0);
	FAULT(*(volatile char *)r = 1);
	q = sys_mremap(p, 40 * PG, 4 * PG, 0, NULL);
	IS(q == p && q[3 * PG] == 'a');
	FAULT(*(volatile char *)(p + 4 * PG) = 1);
	r = anon(16);
	q = sys_mremap(p, 4 * PG, 4 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, r + 2 * PG);
	IS(q == r + 2 * PG && q[0] == 'a');
	q[0] = 'b';
	p = sys_mremap(q, 2 * PG, 2 * PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	IS(p != MAP_FAILED && p != q && p[0] == 'b' && q[0] == 0 && q[2 * PG] == 'a');

	p = MUST(mmap(NULL, 4 * PG, RW, MAP_SHARED, fd, PG));
	p[0] = 's';
	q = sys_mremap(p, 0, 4 * PG, MREMAP_MAYMOVE, NULL);
	IS(q != MAP_FAILED && q != p && q[0] == 's');
	q[1] = 't';
	IS(p[1] == 't');
	q = sys_mremap(q, 4 * PG, 8 * PG, MREMAP_MAYMOVE, NULL);
	FAULT(q[6 * PG + 1] = 1);
	FAULT(q[7 * PG] = 1);
	q = sys_mremap(anon(1), 0, PG, MREMAP_MAYMOVE, NULL);
	printf("duplicate private: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");

	r = anon(8);
	q = sys_mremap(r + 1, PG, PG, MREMAP_MAYMOVE, NULL);
	printf("not aligned: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = sys_mremap(r, PG, 0, MREMAP_MAYMOVE, NULL);
	printf("new length 0: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = sys_mremap(r, PG, PG, 8, NULL);
	printf("unknown flag: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = sys_mremap(r, PG, PG, MREMAP_FIXED, r);
	printf("fixed without maymove: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = sys_mremap(r, 4 * PG, 4 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, r + PG);
	printf("overlap: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = sys_mremap(r, PG, PG, MREMAP_MAYMOVE | MREMAP_FIXED, r + PG + 1);
	printf("target not aligned: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = sys_mremap(r, PG, 2 * PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	printf("dontunmap with a new size: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	munmap(r + 4 * PG, PG);
	q = sys_mremap(r, 8 * PG, 9 * PG, MREMAP_MAYMOVE, NULL);
	printf("across a hole: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = sys_mremap((void *)0x10000, PG, 2 * PG, MREMAP_MAYMOVE, NULL);
	printf("nothing there: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = sys_mremap(r, PG, -PG, MREMAP_MAYMOVE, NULL);
	printf("huge: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	return 0;
}
