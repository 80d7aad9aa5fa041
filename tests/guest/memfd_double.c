// Two views of one memfd: every way of making them shows the same bytes.
//
// link: static dynamic
#include "t.h"

#define N 8

static volatile char *reserve(size_t bytes)
{
	return MUST(
		mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

static volatile char *view(volatile char *at, int fd, off_t off, size_t bytes, int prot, int flags)
{
	return MUST(mmap((void *)at, bytes, prot, flags, fd, off));
}

static void check(const char *what, volatile char *a, volatile char *b, size_t bytes)
{
	size_t bad = 0;

	for (size_t i = 0; i < bytes; i += 512) {
		a[i] = (char)(i / 512 + 1);
		bad += b[i] != (char)(i / 512 + 1);
		b[i] = (char)(i / 512 + 7);
		bad += a[i] != (char)(i / 512 + 7);
	}
	printf("%s: %zu differences\n", what, bad);
}

int main(void)
{
	size_t bytes = N * PG;
	int fd = (t_catch_faults(), t_memfd_sized(0, bytes)), rw = PROT_READ | PROT_WRITE;
	volatile char *r, *a, *b;
	char buf[PG];

	r = reserve(2 * bytes);
	a = view(r, fd, 0, bytes, rw, MAP_SHARED | MAP_FIXED);
	b = view(r + bytes, fd, 0, bytes, rw, MAP_SHARED | MAP_FIXED);
	check("side by side over a reservation", a, b, bytes);
	a[bytes - 1] = 'E';
	a[bytes] = 'S';
	IS(b[bytes - 1] == 'E' && a[0] == 'S');
	R(pread(fd, buf, 2, 0));
	IS(buf[0] == 'S');
	R(pwrite(fd, "W", 1, PG));
	IS(a[PG] == 'W' && b[PG] == 'W');
	R(munmap((void *)a, bytes));
	IS(b[PG] == 'W');

	a = view(NULL, fd, 0, bytes, rw, MAP_SHARED);
	check("anywhere", a, b, bytes);
	munmap((void *)a, bytes);
	a = view(NULL, fd, 2 * PG, 2 * PG, rw, MAP_SHARED);
	check("at an offset", a, b + 2 * PG, 2 * PG);
	munmap((void *)a, 2 * PG);

	a = view(NULL, fd, 0, PG, PROT_READ, MAP_SHARED);
	b[3] = 'R';
	IS(a[3] == 'R');
	FAULT(a[3] = 0);
	R(mprotect((void *)a, PG, rw));
	a[3] = 'Q';
	IS(b[3] == 'Q');
	munmap((void *)a, PG);

	a = view(NULL, fd, 0, PG, PROT_READ, MAP_PRIVATE);
	b[4] = 'P';
	IS(a[4] == 'P');
	R(mprotect((void *)a, PG, rw));
	a[4] = 'p';
	b[5] = 'N';
	IS(a[4] == 'p' && b[4] == 'P' && a[5] != 'N');
	munmap((void *)a, PG);

	r = reserve(5 * PG);
	for (int i = 0; i < 5; i++)
		view(r + i * PG, fd, (4 - i) * PG, PG, rw, MAP_SHARED | MAP_FIXED);
	for (int i = 0; i < 5; i++)
		r[i * PG] = (char)('0' + i);
	printf("reversed pages: %c%c%c%c%c\n", b[0], b[PG], b[2 * PG], b[3 * PG], b[4 * PG]);
	for (int i = 0; i < 5; i++)
		view(r + i * PG, fd, 0, PG, rw, MAP_SHARED | MAP_FIXED);
	r[4 * PG + 9] = 'Z';
	IS(r[9] == 'Z' && r[PG + 9] == 'Z' && b[9] == 'Z');

	R(close(fd));
	b[0] = 'C';
	IS(r[0] == 'C' && r[3 * PG] == 'C');
	return 0;
}
