// Clocks and sleeping: they advance, agree, and refuse what is wrong.
//
// link: static dynamic
#include "t.h"
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

static int64_t ns(struct timespec t)
{
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static long raw(int clock, struct timespec *ts)
{
	return syscall(SYS_clock_gettime, clock, ts);
}

int main(void)
{
	struct timespec a, b, c, res;
	struct timeval tv;
	int steps_back = 0;

	for (int i = 0; i < 13; i++) {
		if (i == 8 || i == 9 || i == 10)
			continue;
		printf("clock %d: get %ld res %ld", i, raw(i, &a),
		       syscall(SYS_clock_getres, i, &res));
		printf(" %s\n", i == 5 || i == 6 || i == 12 ? ""
				: res.tv_nsec == 1          ? "1ns"
							    : "other");
	}
	R(raw(-1, &a) == 0);
	R(raw(99, &a));
	R(raw(0, (void *)1));
	R(syscall(SYS_clock_getres, 0, NULL));
	for (int i = 0; i < 1000; i++) {
		clock_gettime(CLOCK_MONOTONIC, &a);
		raw(CLOCK_MONOTONIC, &b);
		clock_gettime(CLOCK_MONOTONIC, &c);
		steps_back += ns(b) < ns(a) || ns(c) < ns(b);
	}
	printf("vdso and call: %d steps back\n", steps_back);
	clock_gettime(CLOCK_REALTIME, &a);
	gettimeofday(&tv, NULL);
	IS(tv.tv_sec - a.tv_sec <= 1 && time(NULL) - tv.tv_sec <= 1);
	IS(a.tv_sec > 1500000000);
	raw(CLOCK_MONOTONIC, &a);
	res = (struct timespec){ 0, 30000000 };
	R(nanosleep(&res, NULL));
	raw(CLOCK_MONOTONIC, &b);
	IS(ns(b) - ns(a) >= 30000000 && ns(b) - ns(a) < 2000000000);
	b.tv_nsec += 20000000;
	if (b.tv_nsec >= 1000000000) {
		b.tv_nsec -= 1000000000;
		b.tv_sec++;
	}
	R(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &b, NULL));
	raw(CLOCK_MONOTONIC, &c);
	IS(ns(c) >= ns(b));
	R(syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &res, NULL));
	R(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &res, NULL));
	R(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &res, NULL));
	R(syscall(SYS_clock_nanosleep, 99, 0, &res, NULL));
	res.tv_nsec = 1000000000;
	R(syscall(SYS_nanosleep, &res, NULL));
	res.tv_nsec = 0;
	res.tv_sec = -1;
	R(syscall(SYS_nanosleep, &res, NULL));
	R(syscall(SYS_nanosleep, 1, NULL));
	raw(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (volatile int i = 0; i < 3000000; i++)
		;
	raw(CLOCK_PROCESS_CPUTIME_ID, &b);
	IS(ns(b) > ns(a));
	clockid_t id;
	R(clock_getcpuclockid(0, &id));
	R(raw(id, &a));
	IS(times(NULL) > 0);
	R(syscall(SYS_gettimeofday, 1, NULL));
	R(syscall(SYS_gettimeofday, NULL, NULL));
	R(syscall(SYS_time, 1));
	return 0;
}
