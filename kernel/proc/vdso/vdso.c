// The vDSO: the calls that a program makes without entering the kernel. Compiled on its own as a
// shared object (kernel/proc/build.mk); it may use nothing but its own text and the vvar page.

#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "vvar.h"

#define NSEC_PER_SEC  1000000000ull
#define COARSE_RES_NS 4000000 // what Linux reports with HZ=250
#define SEL_CPU_NODE  0x7b    // kernel/base/desc.h: its limit is cpu | node << 12

#define EXPORT __attribute__((visibility("default")))

// Placed by vdso.lds one page below the image.
// lint: allow extern (the linker script makes it; no .c file defines it)
extern const volatile struct vvar vvar __attribute__((visibility("hidden")));

int __vdso_clock_gettime(int clock, struct __kernel_timespec *ts);
int __vdso_clock_getres(int clock, struct __kernel_timespec *res);
int __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz);
__kernel_old_time_t __vdso_time(__kernel_old_time_t *t);
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

static inline long call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline uint64_t read_tsc(void)
{
	uint64_t lo, hi; // RDTSC clears the upper halves

	// Not before the loads of the parameters.
	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return hi << 32 | lo;
}

// Nanoseconds of CLOCK_MONOTONIC (|real| 0) or CLOCK_REALTIME (1); false: ask the kernel.
static inline _Bool read_ns(uint64_t real, uint64_t *out)
{
	// The barriers do what volatile would, and leave the choice of instructions.
	const struct vvar *v = (const struct vvar *)&vvar;
	uint32_t seq = v->seq & ~1u;
	uint64_t tsc;

	__asm__ volatile("" ::: "memory");
	tsc = read_tsc() - v->base_tsc;
	// This CPU may be a little behind the one that set the base: rare, the kernel's.
	if (__builtin_expect((int64_t)tsc < 0, 0))
		return 0;
	*out = v->base_ns[real] + (uint64_t)((unsigned __int128)tsc * v->mult >> VVAR_SHIFT);
	__asm__ volatile("" ::: "memory");
	// An odd count (it changes, or is of no use) never matches; a change meanwhile is rare.
	return __builtin_expect(v->seq == seq, 1);
}

// Bit per clock id that is CLOCK_REALTIME's or CLOCK_MONOTONIC's time.
#define REAL_SET (1u << CLOCK_REALTIME | 1u << CLOCK_REALTIME_COARSE | 1u << CLOCK_TAI)
#define MONO_SET                                                                                   \
	(1u << CLOCK_MONOTONIC | 1u << CLOCK_MONOTONIC_RAW | 1u << CLOCK_MONOTONIC_COARSE |        \
	 1u << CLOCK_BOOTTIME)
#define COARSE_SET (1u << CLOCK_REALTIME_COARSE | 1u << CLOCK_MONOTONIC_COARSE)

static inline void put_ns(struct __kernel_timespec *ts, uint64_t ns)
{
	ts->tv_sec = (int64_t)(ns / NSEC_PER_SEC);
	ts->tv_nsec = (int64_t)(ns % NSEC_PER_SEC);
}

static __attribute__((noinline)) int other_clock(int clock, struct __kernel_timespec *ts)
{
	uint64_t ns;

	if ((unsigned)clock >= 32 || !((REAL_SET | MONO_SET) >> clock & 1) ||
	    !read_ns(REAL_SET >> clock & 1, &ns))
		return (int)call3(__NR_clock_gettime, clock, (long)ts, 0);
	put_ns(ts, ns);
	return 0;
}

_Static_assert(CLOCK_REALTIME == 0 && CLOCK_MONOTONIC == 1, "the usual clocks are the lowest");

EXPORT int __vdso_clock_gettime(int clock, struct __kernel_timespec *ts)
{
	uint64_t ns;

	if (__builtin_expect((unsigned)clock > CLOCK_MONOTONIC ||
				     !read_ns((uint64_t)(unsigned)clock ^ CLOCK_MONOTONIC, &ns),
			     0))
		return other_clock(clock, ts);
	put_ns(ts, ns);
	return 0;
}

EXPORT int __vdso_clock_getres(int clock, struct __kernel_timespec *res)
{
	if ((unsigned)clock >= 32 || !((REAL_SET | MONO_SET) >> clock & 1))
		return (int)call3(__NR_clock_getres, clock, (long)res, 0);
	if (res) {
		res->tv_sec = 0;
		res->tv_nsec = COARSE_SET >> clock & 1 ? COARSE_RES_NS : 1;
	}
	return 0;
}

EXPORT int __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz)
{
	uint64_t ns;

	if (!read_ns(1, &ns))
		return (int)call3(__NR_gettimeofday, (long)tv, (long)tz, 0);
	if (tv) {
		tv->tv_sec = (int64_t)(ns / NSEC_PER_SEC);
		tv->tv_usec = (int64_t)(ns % NSEC_PER_SEC / 1000);
	}
	if (tz)
		tz->tz_minuteswest = tz->tz_dsttime = 0;
	return 0;
}

EXPORT __kernel_old_time_t __vdso_time(__kernel_old_time_t *t)
{
	__kernel_old_time_t s;
	uint64_t ns;

	if (!read_ns(1, &ns))
		return call3(__NR_time, (long)t, 0, 0);
	s = (__kernel_old_time_t)(ns / NSEC_PER_SEC);
	if (t)
		*t = s;
	return s;
}

EXPORT long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	unsigned limit;
	_Bool ok;

	__asm__ volatile("lsl %2, %0" : "=r"(limit), "=@ccz"(ok) : "r"(SEL_CPU_NODE));
	if (!ok)
		return call3(__NR_getcpu, (long)cpu, (long)node, 0);
	if (cpu)
		*cpu = limit & 0xfff;
	if (node)
		*node = limit >> 12;
	return 0;
}

#define ALIAS(name) __attribute__((weak, alias("__vdso_" #name), visibility("default")))
ALIAS(clock_gettime) __typeof__(__vdso_clock_gettime) clock_gettime;
ALIAS(clock_getres) __typeof__(__vdso_clock_getres) clock_getres;
ALIAS(gettimeofday) __typeof__(__vdso_gettimeofday) gettimeofday;
ALIAS(time) __typeof__(__vdso_time) time;
ALIAS(getcpu) __typeof__(__vdso_getcpu) getcpu;
