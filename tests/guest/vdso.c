// The vDSO's functions: present, called without a system call's help, right, and errors pass
// through.
//
// libc: glibc
// link: static dynamic
#include "t.h"
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>

static void *find(ElfW(Ehdr) * e, const char *name)
{
	ElfW(Phdr) *ph = (void *)((char *)e + e->e_phoff);
	ElfW(Dyn) *dyn = NULL;
	uintptr_t base = 0;
	ElfW(Sym) *syms = NULL;
	const char *strings = NULL;
	uint32_t *hash = NULL, count = 0;

	for (int i = 0; i < e->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD)
			base = (uintptr_t)e + ph[i].p_offset - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (void *)((char *)e + ph[i].p_offset);
	}
	for (; dyn && dyn->d_tag; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			syms = (void *)(base + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_STRTAB)
			strings = (void *)(base + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_HASH)
			hash = (void *)(base + dyn->d_un.d_ptr);
	}
	count = hash ? hash[1] : 32;
	for (uint32_t i = 1; syms && i < count; i++)
		if (!strcmp(strings + syms[i].st_name, name))
			return (void *)(base + syms[i].st_value);
	return NULL;
}

int main(void)
{
	ElfW(Ehdr) *e = (void *)getauxval(AT_SYSINFO_EHDR);
	int (*gettime)(int, struct timespec *);
	int (*getres)(int, struct timespec *);
	int (*getday)(struct timeval *, void *);
	time_t (*gettimes)(time_t *);
	long (*cpu)(unsigned *, unsigned *, void *);
	struct timespec a, b;
	struct timeval tv;
	unsigned c = 99, n = 99;
	time_t t;

	IS(e != NULL);
	gettime = find(e, "__vdso_clock_gettime");
	getday = find(e, "__vdso_gettimeofday");
	gettimes = find(e, "__vdso_time");
	cpu = find(e, "__vdso_getcpu");
	getres = find(e, "__vdso_clock_getres");
	IS(gettime && getday && gettimes && cpu);
	for (int i = 0; i < 12; i++) {
		if (i == 8 || i == 9 || i == 10)
			continue;
		printf("clock %d: %d", i, gettime(i, &a));
		syscall(SYS_clock_gettime, i, &b);
		printf(" %s\n", b.tv_sec - a.tv_sec <= 1 ? "agrees" : "differs");
	}
	printf("clock -1: %d\n", gettime(-1, &a));
	printf("clock 99: %d\n", gettime(99, &a));
	printf("getres: %d\n", getres ? getres(CLOCK_MONOTONIC, &a) : 0);
	printf("gettimeofday: %d\n", getday(&tv, NULL));
	printf("time: %d\n", gettimes(&t) == t && t - tv.tv_sec <= 1);
	printf("time(NULL): %d\n", gettimes(NULL) - t <= 1);
	printf("getcpu: %ld\n", cpu(&c, &n, NULL));
	IS(c < 1024 && n < 64);
	unsigned char *text = (unsigned char *)e;
	t_catch_faults();
	FAULT(*(volatile unsigned char *)text = 0);
	return 0;
}
