// POSIX timers and interval timers: signals, overruns, threads, clocks, limits, errors.
//
// ldflags: -pthread
// since: 6.15
#include "t.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define MS 1000000ll

static long create(int clock, struct sigevent *ev, int *id)
{
	return syscall(SYS_timer_create, clock, ev, id);
}

static long set(int id, int flags, int64_t value, int64_t interval)
{
	struct itimerspec s = { { interval / 1000000000, interval % 1000000000 },
				{ value / 1000000000, value % 1000000000 } };

	return syscall(SYS_timer_settime, id, flags, &s, NULL);
}

static int64_t left(int id)
{
	struct itimerspec s;

	if (syscall(SYS_timer_gettime, id, &s))
		return -errno;
	return s.it_value.tv_sec * 1000000000ll + s.it_value.tv_nsec;
}

static int64_t now(int clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void nap(long ms)
{
	struct timespec ts = { 0, ms * 1000000 };

	while (nanosleep(&ts, &ts))
		;
}

static volatile uint64_t sink;

static void burn(int64_t ns)
{
	int64_t end = now(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (now(CLOCK_PROCESS_CPUTIME_ID) < end)
		for (int i = 0; i < 1000; i++)
			sink += i;
}

static volatile int count, last_code, last_overrun, last_id, last_value, on_main;
static pthread_t main_thread;

static void handler(int sig, siginfo_t *info, void *uc)
{
	count++;
	last_code = info->si_code;
	last_overrun = info->si_overrun;
	last_id = info->si_timerid;
	last_value = info->si_value.sival_int;
	on_main = pthread_equal(pthread_self(), main_thread);
}

static void *threads_timer(void *arg)
{
	struct sigevent ev = { 0 };
	int id;

	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_signo = SIGUSR2;
	ev.sigev_notify_thread_id = (int)syscall(SYS_gettid);
	MUST(create(CLOCK_MONOTONIC, &ev, &id));
	count = 0;
	MUST(set(id, 0, 5 * MS, 0));
	nap(30);
	printf("for a thread: %d on main %d\n", count, on_main);
	return (void *)(long)id;
}

static void errors(void)
{
	struct sigevent ev = { 0 };
	struct itimerspec s = { { 0, 0 }, { 0, 1000000000 } };
	int id = -7;

	for (int c = 0; c < 13; c++)
		if (c < 8 || c > 9) {
			long r = create(c, NULL, &id);
			printf("clock %d: %s\n", c, r ? t_errno(errno) : "ok");
			if (!r)
				syscall(SYS_timer_delete, id);
		}
	R(create(-1, NULL, &id));
	R(create(CLOCK_MONOTONIC, (void *)1, &id));
	R(create(CLOCK_MONOTONIC, NULL, (void *)1));
	ev.sigev_notify = 77;
	R(create(CLOCK_MONOTONIC, &ev, &id));
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = 65;
	R(create(CLOCK_MONOTONIC, &ev, &id));
	ev.sigev_signo = 0;
	R(create(CLOCK_MONOTONIC, &ev, &id));
	ev.sigev_signo = SIGUSR1;
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_notify_thread_id = 1;
	R(create(CLOCK_MONOTONIC, &ev, &id));
	MUST(create(CLOCK_MONOTONIC, NULL, &id));
	R(syscall(SYS_timer_settime, id, 0, NULL, NULL));
	R(syscall(SYS_timer_settime, id, 0, 1, NULL));
	R(syscall(SYS_timer_settime, id, 0, &s, NULL));
	s.it_value.tv_nsec = 0;
	R(syscall(SYS_timer_settime, 12345, 0, &s, NULL));
	R(syscall(SYS_timer_settime, -1, 0, &s, NULL));
	R(syscall(SYS_timer_gettime, id, 1));
	R(syscall(SYS_timer_gettime, 12345, &s));
	R(syscall(SYS_timer_getoverrun, 12345));
	R(syscall(SYS_timer_delete, id));
	R(syscall(SYS_timer_delete, id));
}

static void signals(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigevent ev = { 0 };
	struct itimerspec s;
	sigset_t set_, old;
	int id, other;
	siginfo_t info;

	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	MUST(create(CLOCK_MONOTONIC, NULL, &id));
	R(left(id));
	R(set(id, 0, 5000 * MS, 0));
	IS(left(id) > 0 && left(id) <= 5000 * MS);
	R(set(id, 0, 5 * MS, 0));
	nap(20);
	printf("once %d code %d id %d value %d overrun %d\n", count, last_code, last_id == id,
	       last_value == id, last_overrun);
	R(left(id));
	R(syscall(SYS_timer_getoverrun, id));
	count = 0;
	R(set(id, TIMER_ABSTIME, now(CLOCK_MONOTONIC) + 5 * MS, 0));
	nap(20);
	printf("absolute %d\n", count);
	R(set(id, TIMER_ABSTIME, 1, 0));
	nap(5);
	printf("past %d\n", count);
	count = 0;
	R(set(id, 0, 2 * MS, 2 * MS));
	nap(25);
	R(syscall(SYS_timer_settime, id, 0, &(struct itimerspec){ 0 }, &s));
	IS(count >= 4);
	IS(s.it_interval.tv_nsec == 2 * MS && s.it_value.tv_nsec <= 2 * MS);
	R(left(id));
	// Blocked: one signal, and how often it expired besides.
	sigemptyset(&set_);
	sigaddset(&set_, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set_, &old);
	ev.sigev_signo = SIGUSR1;
	ev.sigev_value.sival_int = 4711;
	MUST(create(CLOCK_REALTIME, &ev, &other));
	count = 0;
	R(set(other, 0, 1 * MS, 1 * MS));
	nap(20);
	R(sigwaitinfo(&set_, &info) == SIGUSR1);
	IS(info.si_code == SI_TIMER && info.si_overrun >= 15 && info.si_value.sival_int == 4711);
	IS(syscall(SYS_timer_getoverrun, other) == info.si_overrun);
	R(set(other, 0, 1, 1));
	nap(2);
	sigwaitinfo(&set_, &info);
	IS(info.si_overrun > 1000);
	// A signal that waits goes with its timer.
	R(set(other, 0, 1 * MS, 0));
	nap(5);
	sigpending(&old);
	printf("pending %d\n", sigismember(&old, SIGUSR1));
	R(set(other, 0, 0, 0));
	IS(sigtimedwait(&set_, &info, &(struct timespec){ 0, 0 }) == -1);
	R(set(other, 0, 1 * MS, 0));
	nap(5);
	R(syscall(SYS_timer_delete, other));
	IS(sigtimedwait(&set_, &info, &(struct timespec){ 0, 0 }) == -1);
	sigprocmask(SIG_UNBLOCK, &set_, NULL);
	// Nothing is sent.
	ev.sigev_notify = SIGEV_NONE;
	MUST(create(CLOCK_MONOTONIC, &ev, &other));
	count = 0;
	R(set(other, 0, 5 * MS, 0));
	nap(10);
	R(left(other));
	R(set(other, 0, 5 * MS, 7 * MS));
	nap(10);
	IS(left(other) > 0 && left(other) <= 7 * MS);
	printf("none %d\n", count);
	syscall(SYS_timer_delete, other);
	syscall(SYS_timer_delete, id);
}

// A timer that repeats while its signal is ignored: one signal once it no longer is, which counts
// all of them.
static void ignored(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigevent ev = { .sigev_signo = SIGUSR1 };
	sigset_t set_;
	int id;

	sigemptyset(&set_);
	sigaddset(&set_, SIGUSR1);
	MUST(create(CLOCK_MONOTONIC, &ev, &id));
	for (int block = 0; block < 2; block++) {
		count = 0;
		if (block) { // pending when it becomes ignored
			sigaction(SIGUSR1, &sa, NULL);
			sigprocmask(SIG_BLOCK, &set_, NULL);
			R(set(id, 0, 2 * MS, 2 * MS));
			nap(10);
			signal(SIGUSR1, SIG_IGN);
			nap(10);
		} else {
			signal(SIGUSR1, SIG_IGN);
			R(set(id, 0, 2 * MS, 2 * MS));
			nap(20);
		}
		printf("ignored %d\n", count);
		sigaction(SIGUSR1, &sa, NULL);
		nap(block ? 10 : 0);
		if (block)
			sigprocmask(SIG_UNBLOCK, &set_, NULL);
		IS(count >= 1 && (!block || last_overrun >= 10));
		R(set(id, 0, 0, 0));
	}
	count = 0;
	signal(SIGUSR1, SIG_IGN); // once: lost
	R(set(id, 0, 1 * MS, 0));
	nap(5);
	sigaction(SIGUSR1, &sa, NULL);
	nap(5);
	printf("once, ignored %d\n", count);
	R(syscall(SYS_timer_delete, id));
}

static void *burner(void *arg)
{
	struct sigevent ev = { .sigev_signo = SIGUSR2 };
	int id, other = 0;

	nap(5); // until the main thread sleeps
	MUST(create(CLOCK_PROCESS_CPUTIME_ID, &ev, &id));
	count = 0;
	MUST(set(id, 0, 2 * MS, 2 * MS));
	for (int seen = 0; seen < 10;) {
		if (count == seen)
			continue;
		seen = count;
		other += on_main;
	}
	syscall(SYS_timer_delete, id);
	printf("of the thread that runs: %d\n", !other);
	return NULL;
}

// Overruns of a CPU clock's timer are counted up to the moment the signal is taken.
static void cpu_overrun(int clock)
{
	struct sigevent ev = { .sigev_signo = SIGUSR1 };
	sigset_t set_;
	int64_t end;
	int id;

	sigemptyset(&set_);
	sigaddset(&set_, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set_, NULL);
	MUST(create(clock, &ev, &id));
	count = 0;
	R(set(id, 0, 10 * MS, 10 * MS));
	for (end = now(clock) + 50 * MS; now(clock) < end;)
		;
	sigprocmask(SIG_UNBLOCK, &set_, NULL);
	printf("signals %d\n", count);
	IS(last_overrun >= 4);
	R(syscall(SYS_timer_delete, id));
}

static void cpu(void)
{
	struct sigevent ev = { 0 };
	int id;
	clockid_t clock;

	ev.sigev_signo = SIGUSR1;
	MUST(create(CLOCK_PROCESS_CPUTIME_ID, &ev, &id));
	count = 0;
	R(set(id, 0, 20 * MS, 0));
	nap(30);
	printf("asleep %d\n", count);
	IS(left(id) > 0);
	burn(60 * MS);
	printf("burnt %d\n", count);
	R(left(id));
	count = 0;
	R(set(id, 0, 10 * MS, 10 * MS));
	burn(100 * MS);
	IS(count >= 3);
	R(syscall(SYS_timer_delete, id));
	MUST(create(CLOCK_THREAD_CPUTIME_ID, &ev, &id));
	count = 0;
	R(set(id, 0, 10 * MS, 0));
	burn(50 * MS);
	printf("thread %d\n", count);
	syscall(SYS_timer_delete, id);
	R(clock_getcpuclockid(0, &clock));
	IS(now(clock) > 0);
	R(pthread_getcpuclockid(pthread_self(), &clock));
	IS(now(clock) > 0);
	IS(clock_getcpuclockid(999999, &clock) != 0);
}

static void intervals(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerval v = { { 0, 10000 }, { 0, 10000 } }, o;

	sigaction(SIGVTALRM, &sa, NULL);
	sigaction(SIGPROF, &sa, NULL);
	for (int which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
		count = 0;
		R(setitimer(which, &v, NULL));
		burn(100 * MS);
		memset(&o, 0, sizeof(o));
		R(getitimer(which, &o));
		IS(o.it_interval.tv_usec >= 10000 && o.it_value.tv_usec > 0);
		R(setitimer(which, &(struct itimerval){ 0 }, &o));
		IS(count >= 3 && last_code == SI_KERNEL);
		R(getitimer(which, &o));
		IS(o.it_value.tv_usec == 0);
		count = 0;
		burn(20 * MS);
		printf("off %d\n", count);
	}
	R(setitimer(3, &v, NULL));
	R(getitimer(-1, &o));
}

static void limits(void)
{
	struct rlimit r = { 10, 10 };
	int id, made = 0;

	MUST(setrlimit(RLIMIT_SIGPENDING, &r));
	while (made < 100 && !create(CLOCK_MONOTONIC, NULL, &id))
		made++;
	IS(made <= 10);
	printf("%s\n", t_errno(errno));
}

int main(void)
{
	pthread_t t;
	void *id;

	main_thread = pthread_self();
	errors();
	signals();
	pthread_create(&t, NULL, threads_timer, NULL);
	pthread_join(t, &id);
	count = 0;
	R(set((int)(long)id, 0, 1 * MS, 0));
	nap(5);
	printf("its thread is gone: %d\n", count);
	ignored();
	pthread_create(&t, NULL, burner, NULL);
	pthread_join(t, NULL);
	cpu_overrun(CLOCK_PROCESS_CPUTIME_ID);
	cpu_overrun(CLOCK_THREAD_CPUTIME_ID);
	cpu();
	intervals();
	limits();
	return 0;
}
