// Accesses past the end of a file: SIGBUS in the program, EFAULT in the kernel; size changes seen
// by mappings; bytes past the end in the last page.
#include "t.h"

static int zeros(volatile char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return 0;
	return 1;
}

int main(void)
{
	int fd = t_memfd_sized(0, 2 * PG + 100), out[2];
	volatile char *s, *p;
	volatile char c;
	char buf[4] = "abcd";

	t_catch_faults();
	s = MUST(mmap(NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	p = MUST(mmap(NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	FAULT(s[0] = 1);
	FAULT(s[2 * PG + 99] = 1);
	FAULT(s[2 * PG + 100] = 1);
	FAULT(s[3 * PG - 1] = 1);
	FAULT(s[3 * PG] = 1);
	IS(t_addr == s + 3 * PG);
	FAULT(c = s[7 * PG]);
	FAULT(c = p[3 * PG]);
	FAULT(p[3 * PG] = 1);
	FAULT(s[8 * PG + 1]++);

	MUST(pipe(out));
	R(write(out[1], (void *)(s + 3 * PG), 10));
	R(write(out[1], (void *)(s + 3 * PG - 4), 10));
	R(pread(fd, (void *)(s + 3 * PG), 10, 0));
	R(pwrite(fd, (void *)(s + 4 * PG), 10, 0));

	R(ftruncate(fd, 4 * PG));
	FAULT(s[3 * PG] = 5);
	IS(s[2 * PG + 100] == 1);
	IS(s[3 * PG - 1] == 1);
	R(ftruncate(fd, 2 * PG + 50));
	FAULT(c = s[3 * PG]);
	R(ftruncate(fd, 4 * PG));
	IS(zeros(s + 2 * PG + 50, PG - 50));
	IS(zeros(s + 3 * PG, PG));

	p[PG] = 'p';
	s[PG + 1] = 's';
	R(ftruncate(fd, PG));
	FAULT(c = p[PG]);
	FAULT(c = s[PG]);
	R(ftruncate(fd, 4 * PG));
	IS(p[PG] == 0 && p[PG + 1] == 0 && s[PG + 1] == 0);

	R(ftruncate(fd, 0));
	FAULT(s[0] = 1);
	R(pwrite(fd, buf, 4, 10));
	FAULT(s[0] = 9);
	IS(s[10] == 'a' && s[13] == 'd');
	R(munmap((void *)s, 8 * PG));
	FAULT(s[0] = 1);
	(void)c;
	return 0;
}
