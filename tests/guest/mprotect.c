// Protection: what each right allows, split and merged ranges, execution.
#include "t.h"

#define RW (PROT_READ | PROT_WRITE)

static long protect(unsigned long addr, unsigned long bytes, unsigned long prot)
{
	return syscall(SYS_mprotect, addr, bytes, prot);
}

// Both ways to grow, alignment, no length (nothing else matters then), the end, unknown rights
// (those above 32 bits too), and only then what is mapped.
static void order_of_checks(char *p)
{
	const unsigned long a = (unsigned long)p, high = 1ul << 40,
			    both = PROT_GROWSDOWN | PROT_GROWSUP;

	R(protect(a + 1, 0, both));
	R(protect(a + 1, 0, 0));
	R(protect(a, 0, both));
	R(protect(a, 0, high));
	R(protect(a, 0, 0x80));
	R(protect(0x1000, 0, PROT_READ));
	R(protect(a, -PG, high));
	R(protect(a, -1ul, high));
	R(protect(a, PG, high | RW));
	R(protect(a, PG, 0x80));
	R(protect(a, PG, PROT_GROWSDOWN | 0x10));
	R(protect(0x1000, PG, 0x10));
	R(protect(0x1000, PG, PROT_READ));
	R(protect(a, PG, RW | PROT_EXEC | 0x8)); // PROT_SEM
	R(protect(a, PG, RW | PROT_EXEC | PROT_GROWSDOWN));
	R(protect(a, PG, RW | PROT_EXEC | PROT_GROWSUP));
	R(syscall(SYS_pkey_mprotect, a, 0ul, high, -1));
	R(syscall(SYS_pkey_mprotect, a, PG, high, -1));
}

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
	order_of_checks((char *)p);
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
