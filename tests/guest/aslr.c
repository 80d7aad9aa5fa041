// Addresses differ from one exec to the next: stack, heap, mmap area, program, vDSO, AT_RANDOM.
//
// link: static static-pie dynamic
// cflags: -fPIE
// ldflags: -Wl,--as-needed
#include "t.h"
#include <elf.h>
#include <sys/auxv.h>

#define RUNS  6
#define KINDS 6

static const char *const names[KINDS] = { "stack", "heap", "mmap", "program", "vdso", "random" };

int main(int argc, char **argv)
{
	unsigned long now[KINDS], seen[RUNS][KINDS];
	char text[RUNS + 1][200], *next[RUNS + 3];
	int local, runs = argc - 1;

	now[0] = (unsigned long)&local & -PG;
	now[1] = (unsigned long)syscall(SYS_brk, 0) & -PG;
	now[2] = (unsigned long)mmap(NULL, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	now[3] = (unsigned long)getauxval(AT_PHDR) & -PG;
	now[4] = getauxval(AT_SYSINFO_EHDR);
	memcpy(&now[5], (void *)getauxval(AT_RANDOM), 8);
	if (runs < RUNS) {
		for (int i = 0; i < runs; i++)
			next[i + 1] = argv[i + 1];
		snprintf(text[0], sizeof(text[0]), "%lx,%lx,%lx,%lx,%lx,%lx", now[0], now[1],
			 now[2], now[3], now[4], now[5]);
		next[0] = argv[0];
		next[runs + 1] = text[0];
		next[runs + 2] = NULL;
		execv((char *)getauxval(AT_EXECFN), next);
		printf("exec: %s\n", t_errno(errno));
		return 1;
	}
	for (int i = 0; i < RUNS; i++)
		sscanf(argv[i + 1], "%lx,%lx,%lx,%lx,%lx,%lx", &seen[i][0], &seen[i][1],
		       &seen[i][2], &seen[i][3], &seen[i][4], &seen[i][5]);
	for (int k = 0; k < KINDS; k++) {
		int different = 0;

		for (int i = 1; i < RUNS; i++)
			different += seen[i][k] != seen[0][k];
		if (k == 3 && seen[0][k] < 0x10000000)
			printf("program: %s\n", different ? "moved" : "varies");
		else
			printf("%s: %s\n", names[k],
			       different >= RUNS - 2 ? "varies" : "does not vary");
	}
	IS(seen[0][0] > 0x7ff000000000 && seen[0][2] > 0x7e0000000000);
	if (seen[0][3] < 0x10000000)
		printf("program where its kind belongs: 1\n");
	else if (getauxval(AT_BASE)) // with an interpreter: at two thirds
		printf("program where its kind belongs: %d\n",
		       seen[0][3] > 0x550000000000 && seen[0][3] < 0x570000000000);
	else // static-pie: in the mmap area
		printf("program where its kind belongs: %d\n", seen[0][3] > 0x7e0000000000);
	return 0;
}
