// The program break: grows, shrinks, zeroes, refuses.
//
// libc: musl
#include "t.h"

static char *sys_brk(void *p)
{
	return (char *)syscall(SYS_brk, p);
}

int main(void)
{
	char *start, *p;

	setvbuf(stdout, malloc(4096), _IOFBF, 4096);
	start = sys_brk(NULL);
	t_catch_faults();
	IS(start != NULL);
	p = sys_brk(start + 5 * PG);
	IS(p == start + 5 * PG);
	memset(start, 'x', 5 * PG);
	IS(sys_brk((void *)16) == p);
	IS(sys_brk((void *)-1) == p);
	IS(sys_brk((void *)0x7fffffffffff) == p);
	p = sys_brk(start + 100);
	IS(p == start + 100);
	FAULT(*(volatile char *)(start + 2 * PG) = 1);
	p = sys_brk(start + 3 * PG);
	IS(p == start + 3 * PG);
	IS(start[2 * PG] == 0 && start[0] == 'x');
	p = (char *)(((uintptr_t)start + PG - 1) & -PG) + 8 * PG;
	p = mmap(p, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	IS(p != MAP_FAILED);
	IS(sys_brk(start + 20 * PG) == start + 3 * PG);
	IS(sys_brk(start) == start);
	return 0;
}
