// madvise and mincore: what each advice does to anonymous, shared and file memory, and its errors.
#include "t.h"

#define RW (PROT_READ | PROT_WRITE)

static const int advices[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
			       14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 99, -1 };

static void residency(const char *what, void *p, size_t pages)
{
	unsigned char vec[64];

	printf("%s: ", what);
	if (mincore(p, pages * PG, vec)) {
		printf("%s\n", t_errno(errno));
		return;
	}
	for (size_t i = 0; i < pages; i++)
		putchar('0' + (vec[i] & 1));
	putchar('\n');
}

int main(void)
{
	int fd = t_memfd_sized(0, 8 * PG);
	volatile char *a, *s, *p;

	a = MUST(mmap(NULL, 8 * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	s = MUST(mmap(NULL, 8 * PG, RW, MAP_SHARED, fd, 0));
	p = MUST(mmap(NULL, 8 * PG, RW, MAP_PRIVATE, fd, 0));
	a[0] = s[PG] = 1;
	p[2 * PG] = 3;
	residency("anonymous", (void *)a, 8);
	residency("shared", (void *)s, 8);
	R(madvise((void *)a, 8 * PG, MADV_DONTNEED));
	IS(a[0] == 0);
	R(madvise((void *)s, 8 * PG, MADV_DONTNEED));
	IS(s[PG] == 1);
	R(madvise((void *)p, 8 * PG, MADV_DONTNEED));
	IS(p[2 * PG] == 0);
	R(madvise((void *)s, 2 * PG, MADV_REMOVE));
	IS(s[PG] == 0);
	R(madvise((void *)a, PG, MADV_REMOVE));
	R(madvise((void *)p, PG, MADV_REMOVE));
	a[PG] = 7;
	R(madvise((void *)a, 8 * PG, MADV_FREE));
	R(madvise((void *)s, PG, MADV_FREE));
	R(madvise((void *)a, 4 * PG, 23 /* POPULATE_WRITE */));
	residency("populated", (void *)a, 8);
	R(madvise((void *)s, 8 * PG, 22 /* POPULATE_READ */));
	residency("populated shared", (void *)s, 8);
	for (unsigned i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		int r = madvise((void *)a, 0, advices[i]);

		printf("advice %d, no bytes: %s\n", advices[i], r ? t_errno(errno) : "ok");
	}
	R(madvise((void *)(a + 1), PG, MADV_NORMAL));
	R(madvise((void *)a, -PG, MADV_NORMAL));
	R(madvise((void *)a, PG, MADV_DONTFORK));
	R(madvise((void *)a, PG, MADV_DOFORK));
	R(madvise((void *)a, PG, MADV_DONTDUMP));
	R(madvise((void *)a, PG, MADV_DODUMP));
	R(madvise((void *)a, PG, 18 /* WIPEONFORK */));
	R(madvise((void *)s, PG, 18 /* WIPEONFORK */));
	R(madvise((void *)a, PG, 19 /* KEEPONFORK */));
	R(madvise((void *)a, PG, MADV_SEQUENTIAL));
	R(madvise((void *)a, PG, MADV_WILLNEED));
	R(madvise((void *)s, PG, MADV_WILLNEED));
	R(munmap((void *)(a + 4 * PG), PG));
	R(madvise((void *)a, 8 * PG, MADV_NORMAL));
	R(madvise((void *)a, 8 * PG, MADV_DONTNEED));
	IS(a[7 * PG] == 0);
	R(mlock((void *)a, PG));
	R(madvise((void *)a, PG, MADV_DONTNEED));
	R(munlock((void *)a, PG));
	R(madvise((void *)a, PG, MADV_DONTNEED));
	R(mincore((void *)(a + 1), PG, (void *)s));
	R(mincore((void *)a, PG, (void *)1));
	R(mincore((void *)a, 8 * PG, (unsigned char *)s));
	R(mincore((void *)a, 0, NULL));
	R(mprotect((void *)a, PG, PROT_READ));
	R(madvise((void *)a, PG, 23));
	return 0;
}
