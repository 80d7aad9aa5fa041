// Memory policies and page placement on a machine of one node: what is refused, kept and told.
//
// since: 6.18
#include <pthread.h>

#include "t.h"

#define RW (PROT_READ | PROT_WRITE)
enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, MANY, WEIGHTED };
#define STATIC   0x8000
#define RELATIVE 0x4000
#define BALANCE  0x2000
#define F_NODE   1
#define F_ADDR   2
#define F_MEMS   4

static long set(int mode, unsigned long nodes, unsigned long max)
{
	return syscall(SYS_set_mempolicy, mode, &nodes, max);
}
static long mbind_(volatile void *p, unsigned long n, int mode, unsigned long nodes, unsigned flags)
{
	return syscall(SYS_mbind, p, n, mode, &nodes, 64ul, flags);
}
static void get(const char *when, volatile void *addr, unsigned long flags)
{
	unsigned long nodes[3] = { 7, 7, 7 };
	int mode = -1;
	long r = syscall(SYS_get_mempolicy, &mode, nodes, 129ul, addr, flags);

	if (r)
		printf("%s: %s\n", when, t_errno(errno));
	else
		printf("%s: mode %#x nodes %lx %lx %lx\n", when, mode, nodes[0], nodes[1],
		       nodes[2]);
}
static void *in_thread(void *arg)
{
	get("thread inherits", NULL, 0);
	R(set(DEFAULT, 0, 64));
	return NULL;
}

int main(void)
{
	static unsigned long wide[17];
	volatile char *p = MUST(mmap(NULL, 16 * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	unsigned long one = 1, none = 0, big = 2;
	void *pages[6] = { (void *)p, (void *)(p + PG), (void *)(p + 2 * PG),
			   (void *)8, (void *)-1l,      (void *)(p + 1) };
	int nodes[6] = { 0 }, status[6];
	pthread_t t;

	get("at first", NULL, 0);
	get("allowed", NULL, F_MEMS);
	get("allowed and node", NULL, F_MEMS | F_NODE);
	get("address without flag", p, 0);
	get("unknown flag", NULL, 8);
	get("node of nothing special", NULL, F_NODE);
	for (int mode = 0; mode < 8; mode++)
		for (unsigned f = 0; f < 0x10000; f += 0x2000)
			for (unsigned long n = 0; n < 4; n++) {
				long r;

				// What they ask for beyond the node there is, is not kept.
				if (n > 1 && f & (STATIC | RELATIVE | BALANCE))
					continue;
				r = set(mode | (int)f, n, 64);
				printf("set %d %#x %lu: %s", mode, f, n, r ? t_errno(errno) : "ok");
				get("", NULL, 0);
			}
	R(set(BIND, 1, 0));
	R(set(BIND, 1, 1));
	R(set(BIND, 1, 2));
	R(set(BIND, 1, PG * 8 + 2));
	R(syscall(SYS_set_mempolicy, BIND, 8, 64ul));
	R(syscall(SYS_set_mempolicy, BIND, NULL, 64ul));
	R(syscall(SYS_set_mempolicy, DEFAULT, NULL, 0ul));
	wide[0] = 1;
	R(syscall(SYS_set_mempolicy, BIND, wide, 17 * 64 + 1ul));
	wide[16] = 1;
	R(syscall(SYS_set_mempolicy, BIND, wide, 17 * 64 + 1ul));
	R(set(INTERLEAVE, 1, 64));
	get("interleave, node", NULL, F_NODE);
	pthread_create(&t, NULL, in_thread, NULL);
	pthread_join(t, NULL);
	get("after the thread", NULL, 0);
	R(syscall(SYS_get_mempolicy, NULL, &one, 0ul, NULL, 0ul));
	R(syscall(SYS_get_mempolicy, NULL, &one, PG * 16, NULL, 0ul));
	R(syscall(SYS_get_mempolicy, 8, NULL, 0ul, NULL, 0ul));
	R(syscall(SYS_get_mempolicy, NULL, NULL, 0ul, NULL, 0ul));

	R(mbind_(p, 4 * PG, BIND, 1, 0));
	R(mbind_(p + 2 * PG, PG, PREFERRED, 1, 0));
	for (int i = 0; i < 5; i++)
		get("mapping", p + i * (long)PG, F_ADDR);
	get("hole", (void *)8, F_ADDR);
	get("its node", p, F_ADDR | F_NODE);
	R(mbind_(p, 4 * PG, MANY, 1, 7));
	R(mbind_(p, 4 * PG, MANY, 1, 8));
	R(mbind_(p + 1, 4 * PG, MANY, 1, 0));
	R(mbind_(p, 0, MANY, 1, 0));
	R(mbind_(p, -PG, MANY, 1, 0));
	R(mbind_(p, PG, MANY, 0, 0));
	R(mbind_(p, PG, 9, 1, 0));
	R(munmap((void *)(p + 8 * PG), PG));
	R(mbind_(p + 6 * PG, 4 * PG, BIND, 1, 0));
	get("before the hole", p + 6 * PG, F_ADDR);
	R(mbind_(p + 8 * PG, PG, BIND, 1, 0));
	R(syscall(450, p, 4 * PG, 0ul, 0ul));
	R(syscall(450, p, 16 * PG, 0ul, 0ul));
	R(syscall(450, p + 5 * PG, PG, 0ul, 0ul));
	R(syscall(450, p, PG, 1ul, 0ul));
	R(syscall(450, p, PG, 0ul, 1ul));
	R(syscall(450, p + 1, PG, 0ul, 0ul));
	R(syscall(450, p, 0ul, 0ul, 0ul));
	R(mbind_(p, PG, INTERLEAVE, 1, 0));
	R(syscall(450, p, PG, 0ul, 0ul));

	R(syscall(SYS_migrate_pages, 0, 64ul, &one, &one));
	R(syscall(SYS_migrate_pages, 0, 64ul, &one, &none));
	R(syscall(SYS_migrate_pages, 0, 64ul, &one, &big));
	R(syscall(SYS_migrate_pages, 0, 64ul, 8, &one));
	R(syscall(SYS_migrate_pages, 999999, 64ul, &one, &one));
	p[0] = 1;
	(void)p[PG];
	R(syscall(SYS_move_pages, 0, 6ul, pages, NULL, status, 0));
	for (int i = 0; i < 6; i++)
		printf("status %d\n", status[i]);
	nodes[3] = 0;
	memset(status, 1, sizeof(status));
	R(syscall(SYS_move_pages, 0, 3ul, pages, nodes, status, 2));
	for (int i = 0; i < 3; i++)
		printf("status %d\n", status[i]);
	nodes[0] = 1;
	R(syscall(SYS_move_pages, 0, 1ul, pages, nodes, status, 2));
	R(syscall(SYS_move_pages, 0, 1ul, pages, NULL, status, 8));
	R(syscall(SYS_move_pages, 0, 1ul, NULL, NULL, status, 0));
	R(syscall(SYS_move_pages, 0, 1ul, pages, NULL, 8, 0));
	R(syscall(SYS_move_pages, 999999, 1ul, pages, NULL, status, 0));
	R(syscall(SYS_move_pages, 0, 0ul, NULL, NULL, NULL, 0));
	return 0;
}
