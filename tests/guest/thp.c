// MADV_HUGEPAGE and MADV_COLLAPSE on anonymous memory: what is in core, what smaps counts, cutting.
// (Linux here with transparent_hugepage/enabled at madvise or always.)
//
// since: 6.18
// libc: glibc
#include "t.h"

#define M (2ul << 20)
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void show(const char *when, volatile char *at)
{
	unsigned long start, end;
	char line[512];
	int mine = 0;
	FILE *f = MUST(fopen("/proc/self/smaps", "r"));

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			mine = (unsigned long)at >= start && (unsigned long)at < end;
		else if (mine && (!strncmp(line, "Rss:", 4) || !strncmp(line, "AnonHuge", 8)))
			printf("%s: %s", when, line);
	}
	fclose(f);
}

static void in_core(const char *when, volatile char *p)
{
	unsigned char vec[512];
	int n = 0;

	MUST(mincore((void *)p, M, vec));
	for (int i = 0; i < 512; i++)
		n += vec[i] & 1;
	printf("%s: %d pages in core\n", when, n);
}

int main(void)
{
	volatile char *p = MUST(mmap(NULL, 6 * M, RW, ANON, -1, 0)), *q = p + 2 * M, *s;
	unsigned sum = 0;

	IS((unsigned long)p % M == 0);
	R(madvise((void *)p, M, MADV_HUGEPAGE));
	p[5] = 1;
	in_core("advised", p);
	show("advised", p);
	R(munmap((void *)(p + 3 * PG), PG));
	show("cut", p + 4 * PG);
	printf("%d %d\n", p[5], p[6 * PG]);
	R(madvise((void *)p, PG, MADV_DONTNEED));
	printf("%d\n", p[5]);

	R(madvise((void *)q, M, MADV_COLLAPSE));
	for (unsigned long i = 0; i < 512; i += 3)
		q[i * PG] = (char)i;
	in_core("touched", q);
	R(madvise((void *)q, M, MADV_COLLAPSE));
	in_core("collapsed", q);
	show("collapsed", q);
	for (unsigned long i = 0; i < 512; i++)
		sum += (unsigned char)q[i * PG];
	printf("sum %u\n", sum);
	R(madvise((void *)q, M, MADV_COLLAPSE));
	R(mprotect((void *)(q + PG), PG, PROT_READ));
	q[0] = 1;
	q[3 * PG] = 2;
	printf("%d %d\n", q[0], q[6 * PG]);
	R(mprotect((void *)(q + PG), PG, RW));

	R(madvise((void *)(q + M), M, MADV_NOHUGEPAGE));
	q[M] = 1;
	R(madvise((void *)(q + M), M, MADV_COLLAPSE));
	R(madvise((void *)(q + 2 * M), PG, MADV_COLLAPSE));
	s = MUST(mmap(NULL, PG, RW, ANON, -1, 0));
	R(madvise((void *)s, PG, MADV_COLLAPSE));
	R(munmap((void *)(q + 3 * M), M));
	return 0;
}
