// A fault leaves the vector registers as they are, whatever the kernel clears and copies with: new
// pages of anonymous memory and of a memfd, copies of a file's pages and of the zero page, between
// a load of all registers and their store, with the upper halves in use and in their initial state.
#include "t.h"

#include <immintrin.h>

#define PAGES 32
#define PAGE  4096

static unsigned char want[16][32] __attribute__((aligned(32)));
static unsigned char got[16][32] __attribute__((aligned(32)));

#define EACH(x)                                                                                    \
	x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) x(8) x(9) x(10) x(11) x(12) x(13) x(14) x(15)
#define NAME(i) "xmm" #i,

// Writes one byte in each page with the registers loaded before and stored behind.
static void touch_sse(volatile char *p)
{
#define LOAD(i)  "movaps " #i "*32(%1), %%xmm" #i "\n"
#define STORE(i) "movaps %%xmm" #i ", " #i "*32(%2)\n"
	__asm__ volatile(
		EACH(LOAD) "1: movb $1, (%0)\n add $4096, %0\n dec %%ecx\n jnz 1b\n" EACH(STORE)
		: "+r"(p)
		: "r"(want), "r"(got), "c"(PAGES)
		: EACH(NAME) "memory", "cc");
#undef LOAD
#undef STORE
}

__attribute__((target("avx"))) static void touch_avx(volatile char *p)
{
#define LOAD(i)  "vmovaps " #i "*32(%1), %%ymm" #i "\n"
#define STORE(i) "vmovaps %%ymm" #i ", " #i "*32(%2)\n"
	__asm__ volatile(EACH(LOAD) "1: movb $1, (%0)\n add $4096, %0\n dec %%ecx\n jnz 1b\n" EACH(
				 STORE) "vzeroupper\n"
			 : "+r"(p)
			 : "r"(want), "r"(got), "c"(PAGES)
			 : EACH(NAME) "memory", "cc");
#undef LOAD
#undef STORE
}

// As a program that has done with AVX: the upper halves are clean, and must read as zeros.
__attribute__((target("avx"))) static void touch_clean(volatile char *p)
{
#define LOAD(i)  "movaps " #i "*32(%1), %%xmm" #i "\n"
#define STORE(i) "vmovaps %%ymm" #i ", " #i "*32(%2)\n"
	__asm__ volatile("vzeroupper\n" EACH(LOAD) "1: movb $1, (%0)\n add $4096, %0\n dec %%ecx\n "
						   "jnz 1b\n" EACH(STORE) "vzeroupper\n"
			 : "+r"(p)
			 : "r"(want), "r"(got), "c"(PAGES)
			 : EACH(NAME) "memory", "cc");
#undef LOAD
#undef STORE
}

enum { SSE, AVX, CLEAN };

static char *fresh(int kind)
{
	char *p = MAP_FAILED;
	int fd = -1;

	if (kind == 0)
		return mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	MUST(fd = memfd_create("simd", 0));
	MUST(ftruncate(fd, PAGES * PAGE));
	if (kind == 2)
		for (int i = 0; i < PAGES; i++)
			MUST(pwrite(fd, "7", 1, i * PAGE + 1));
	p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, kind == 1 ? MAP_SHARED : MAP_PRIVATE,
		 fd, 0);
	MUST(close(fd));
	return p;
}

static void check(const char *name, int how, int kind)
{
	char *p = fresh(kind);
	int same = 1, right = 1;

	memset(got, 0xee, sizeof(got));
	if (how == AVX)
		touch_avx(p);
	else if (how == CLEAN)
		touch_clean(p);
	else
		touch_sse(p);
	for (int i = 0; i < 16; i++) {
		same &= !memcmp(got[i], want[i], how == AVX ? 32 : 16);
		for (int k = 16; k < 32 && how == CLEAN; k++)
			same &= got[i][k] == 0;
	}
	for (int i = 0; i < PAGES * PAGE; i++)
		right &= p[i] == (i % PAGE == 0 ? 1 : i % PAGE == 1 && kind == 2 ? '7' : 0);
	printf("%s: registers %s, memory %s\n", name, same ? "same" : "CHANGED",
	       right ? "right" : "WRONG");
	MUST(munmap(p, PAGES * PAGE));
}

int main(void)
{
	int avx = __builtin_cpu_supports("avx");

	for (int i = 0; i < 16; i++)
		for (int k = 0; k < 32; k++)
			want[i][k] = (unsigned char)(i * 16 + k + 1);
	for (int kind = 0; kind < 3; kind++) {
		check("sse", SSE, kind);
		check("avx", avx ? AVX : SSE, kind);
		check("clean", avx ? CLEAN : SSE, kind);
	}
	return 0;
}
