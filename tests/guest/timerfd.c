// timerfd: one shot, intervals, absolute times, polling, setting the clock, errors.
//
// needs: root
// ldflags: -pthread
#include "t.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>

#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET 2
#endif

static int64_t now(int clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int set(int fd, int flags, int64_t value, int64_t interval)
{
	struct itimerspec s = { { interval / 1000000000, interval % 1000000000 },
				{ value / 1000000000, value % 1000000000 } };

	return timerfd_settime(fd, flags, &s, NULL);
}

static long get(int fd)
{
	uint64_t n = 0;
	long r = read(fd, &n, 8);

	return r == 8 ? (long)n : -errno;
}

static void nap(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

#define MS 1000000ll

static void errors(void)
{
	struct itimerspec s = { { 0, 0 }, { 1, 0 } }, o;
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	char small[4];

	R(fcntl(fd, F_GETFD));
	R(fcntl(fd, F_GETFL));
	OK(timerfd_create(CLOCK_REALTIME, 0));
	OK(timerfd_create(CLOCK_BOOTTIME, 0));
	OK(timerfd_create(CLOCK_BOOTTIME_ALARM, 0));
	R(timerfd_create(CLOCK_TAI, 0));
	R(timerfd_create(CLOCK_MONOTONIC_RAW, 0));
	R(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
	R(timerfd_create(CLOCK_MONOTONIC, 1));
	R(timerfd_settime(99, 0, &s, NULL));
	R(timerfd_settime(0, 0, &s, NULL));
	R(timerfd_settime(fd, 4, &s, NULL));
	R(syscall(SYS_timerfd_settime, fd, 0, NULL, NULL));
	R(syscall(SYS_timerfd_settime, fd, 0, 1, NULL));
	s.it_value.tv_nsec = 1000000000;
	R(timerfd_settime(fd, 0, &s, NULL));
	s.it_value.tv_nsec = 0;
	s.it_interval.tv_nsec = -1;
	R(timerfd_settime(fd, 0, &s, NULL));
	s.it_interval.tv_nsec = 0;
	R(syscall(SYS_timerfd_settime, fd, 0, &s, 1));
	R(syscall(SYS_timerfd_gettime, fd, 1));
	R(syscall(SYS_timerfd_gettime, 99, &o));
	R(syscall(SYS_timerfd_gettime, 0, &o));
	R(read(fd, small, 4));
	R(read(fd, &o, 8));
	R(write(fd, &o, 8));
	R(pread(fd, &o, 8, 0));
	R(lseek(fd, 1, SEEK_SET));
	s.it_value.tv_sec = INT64_MAX;
	R(timerfd_settime(fd, 0, &s, NULL));
	R(timerfd_gettime(fd, &o));
	IS(o.it_value.tv_sec > 1000000000);
	R(timerfd_settime(fd, TFD_TIMER_ABSTIME, &s, NULL));
	R(get(fd));
	close(fd);
}

static void one_shot(void)
{
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	struct itimerspec o;
	int64_t a = now(CLOCK_MONOTONIC), b;
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	R(set(fd, 0, 200 * MS, 0));
	R(timerfd_gettime(fd, &o));
	IS(o.it_value.tv_sec == 0 && o.it_value.tv_nsec > 0 && o.it_value.tv_nsec <= 200 * MS);
	R(poll(&p, 1, 0));
	R(get(fd));
	b = now(CLOCK_MONOTONIC);
	IS(b - a >= 200 * MS);
	R(timerfd_gettime(fd, &o));
	IS(o.it_value.tv_sec == 0 && o.it_value.tv_nsec == 0);
	R(set(fd, 0, 5 * MS, 0));
	R(poll(&p, 1, -1));
	printf("%#x\n", p.revents);
	R(timerfd_gettime(fd, &o));
	R(poll(&p, 1, 0));
	R(set(fd, 0, 0, 0));
	R(poll(&p, 1, 0));
	R(set(fd, TFD_TIMER_ABSTIME, now(CLOCK_MONOTONIC) + 5 * MS, 0));
	R(get(fd));
	R(set(fd, TFD_TIMER_ABSTIME, 1, 0));
	R(get(fd));
	close(fd);
	fd = MUST(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	R(set(fd, TFD_TIMER_ABSTIME, now(CLOCK_REALTIME) + 5 * MS, 0));
	R(get(fd));
	nap(10);
	R(get(fd));
	R(get(fd));
	close(fd);
}

static void intervals(void)
{
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)), ep = MUST(epoll_create1(0));
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	struct itimerspec o;
	long n;

	R(set(fd, 0, 1 * MS, 100 * MS));
	nap(350);
	n = get(fd);
	IS(n >= 4 && n < 20);
	R(get(fd));
	R(timerfd_gettime(fd, &o));
	IS(o.it_value.tv_nsec > 0 && o.it_value.tv_nsec <= 100 * MS);
	IS(o.it_interval.tv_nsec == 100 * MS);
	nap(250);
	// Asking counts what has passed and does not lose it.
	R(timerfd_gettime(fd, &o));
	IS(o.it_value.tv_nsec > 0);
	n = get(fd);
	IS(n >= 2);
	R(set(fd, 0, 1, 1));
	nap(2);
	n = get(fd);
	IS(n > 1000);
	R(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	R(set(fd, 0, 5 * MS, 5 * MS));
	for (int i = 0; i < 3; i++) {
		R(epoll_wait(ep, &e, 1, 1000));
		IS(get(fd) >= 1);
	}
	R(set(fd, 0, 0, 5 * MS));
	nap(10);
	R(get(fd));
	close(fd), close(ep);
}

static void *reader(void *arg)
{
	return (void *)get((int)(long)arg);
}

// Setting the clock to what it is: nobody else is disturbed.
static void touch_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	MUST(clock_settime(CLOCK_REALTIME, &t));
}

static void clock_set(void)
{
	int fd = MUST(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	int blocking = MUST(timerfd_create(CLOCK_REALTIME, 0));
	struct pollfd p = { fd, POLLIN, 0 };
	struct timespec bad = { 1, -1 };
	struct timex tx = { 0 };
	pthread_t t;
	void *r;

	R(set(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, now(CLOCK_REALTIME) + 9000 * MS, 0));
	R(get(fd));
	touch_clock();
	R(poll(&p, 1, 0));
	R(get(fd));
	R(get(fd));
	touch_clock();
	R(set(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, now(CLOCK_REALTIME) + 9000 * MS, 0));
	R(set(fd, TFD_TIMER_ABSTIME, now(CLOCK_REALTIME) + 9000 * MS, 0));
	touch_clock();
	R(get(fd));
	R(set(blocking, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
	      now(CLOCK_REALTIME) + 9000 * MS, 0));
	pthread_create(&t, NULL, reader, (void *)(long)blocking);
	nap(10);
	touch_clock();
	pthread_join(t, &r);
	R((long)r);
	R(clock_settime(CLOCK_REALTIME, &bad));
	R(clock_settime(CLOCK_MONOTONIC, &(struct timespec){ 1, 0 }));
	R(syscall(SYS_clock_settime, CLOCK_REALTIME, 1));
	R(syscall(SYS_settimeofday, 1, NULL));
	R(adjtimex(&tx));
	printf("status %d tick %ld tolerance %ld\n", tx.status, tx.tick, tx.tolerance);
	for (int c = -1; c < 13; c++)
		printf("clock_adjtime %d: %ld\n", c, syscall(SYS_clock_adjtime, c, &tx));
	close(fd), close(blocking);
}

int main(void)
{
	errors();
	one_shot();
	intervals();
	clock_set();
	return 0;
}
