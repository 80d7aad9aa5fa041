// MADV_FREE: old bytes until they go, a write takes a page back, what is resident, and that memory
// given up so is there for others when it is short. (A small machine, in which the sum of what is
// given up is larger than all memory. Linux here with more never needs to.)
//
// since: 6.18
// memory: 64
#include "t.h"

#define RW    (PROT_READ | PROT_WRITE)
#define M     (1ul << 20)
#define BLOCK (16 * M)

static void smaps(const char *when, volatile char *at)
{
	unsigned long start, end;
	char line[512];
	int mine = 0;
	FILE *f = MUST(fopen("/proc/self/smaps", "r"));

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			mine = (unsigned long)at >= start && (unsigned long)at < end;
		else if (mine && !strncmp(line, "Rss:", 4))
			printf("%s: %s", when, line);
	}
	fclose(f);
}

int main(void)
{
	// Between two pages without access, so that it is a mapping by itself.
	char *around = MUST(mmap(NULL, 18 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	volatile char *p = around + PG, *b;
	unsigned long bad = 0;

	MUST(mprotect(around + PG, 16 * PG, RW));

	for (int i = 0; i < 8; i++)
		p[i * (long)PG] = (char)(i + 1);
	smaps("touched", p);
	R(madvise((void *)p, 16 * PG, MADV_FREE));
	smaps("given up", p);
	printf("%d %d %d\n", p[0], p[PG], p[15 * PG]);
	p[PG] = 99;
	p[2 * PG + 1] = 1;
	smaps("two written", p);
	R(madvise((void *)(p + 4 * PG), PG, MADV_DONTNEED));
	smaps("one dropped", p);
	R(mprotect((void *)p, 16 * PG, PROT_READ));
	R(mprotect((void *)p, 16 * PG, RW));
	printf("%d %d %d\n", p[PG], p[2 * PG], p[2 * PG + 1]);
	smaps("protected", p);
	for (int i = 0; i < 24; i++) {
		b = MUST(mmap(NULL, BLOCK, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		for (unsigned long at = 0; at < BLOCK; at += PG)
			b[at] = 1;
		for (unsigned long at = 0; at < BLOCK; at += PG)
			bad += b[at] != 1;
		MUST(madvise((void *)b, BLOCK, MADV_FREE));
	}
	printf("bad %lu\n", bad);
	bad = 0;
	for (unsigned long at = 0; at < BLOCK; at += PG)
		bad += b[at] != 1 && b[at] != 0;
	printf("neither old nor zero %lu\n", bad);
	printf("%d %d\n", p[PG], p[2 * PG + 1]);
	R(madvise((void *)p, PG, MADV_FREE));
	R(mlock((void *)p, PG));
	R(madvise((void *)p, PG, MADV_FREE));
	return 0;
}
