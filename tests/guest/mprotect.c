// Protection: what each right allows, split and merged ranges, execution.
#include "t.h"

#define RW (PROT_READ | PROT_WRITE)

int main(void)
{
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; // mov $42, %eax; ret
	volatile char *p = MUST(mmap(NULL, 16 * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	volatile char c;
	int (*fn)(void) = (int (*)(void))(p + PG);
	int pipes[2];

	t_catch_faults();
	MUST(pipe(pipes));
	memcpy((void *)(p + PG), code, sizeof(code));
	p[0] = 1;
	R(mprotect((void *)p, PG, PROT_READ));
	FAULT(c = p[0]);
	FAULT(p[0] = 2);
	IS(t_addr == p);
	R(read(0, NULL, 0));
	R(write(pipes[1], "abcdef", 6));
	R(read(pipes[0], (void *)p, 3));
	R(mprotect((void *)p, PG, PROT_NONE));
	FAULT(c = p[0]);
	FAULT(p[5] = 0);
	R(write(pipes[1], (void *)p, 1));
	R(mprotect((void *)p, PG, PROT_WRITE));
	FAULT(p[1] = 3);
	FAULT(c = p[1]);
	R(mprotect((void *)p, PG, RW));
	IS(p[0] == 1 && p[1] == 3);
	FAULT(fn());
	IS(t_addr == (void *)fn);
	R(mprotect((void *)(p + PG), PG, PROT_READ | PROT_EXEC));
	FAULT(c = (char)fn());
	IS(fn() == 42);
	FAULT(p[PG] = 0);
	R(mprotect((void *)(p + PG), PG, PROT_EXEC));
	IS(fn() == 42);
	R(mprotect((void *)(p + 4 * PG), 4 * PG, PROT_READ));
	FAULT(p[3 * PG] = 1);
	FAULT(p[4 * PG] = 1);
	FAULT(p[8 * PG] = 1);
	R(mprotect((void *)(p + 2 * PG), 10 * PG, RW));
	FAULT(p[7 * PG] = 1);
	R(mprotect((void *)p, 16 * PG, PROT_NONE));
	FAULT(c = p[15 * PG]);
	R(mprotect((void *)p, 16 * PG, RW | PROT_EXEC));
	IS(fn() == 42);
	FAULT(c = *(volatile char *)0);
	IS(t_addr == NULL);
	FAULT(c = *(volatile char *)0xffffffff80000000);
	FAULT(c = *(volatile char *)0x800000000000);
	IS(t_addr == NULL);
	FAULT(c = *(volatile char *)0x7ffffffff000);
	FAULT(((int (*)(void))0x1000)());
	(void)c;
	return 0;
}
