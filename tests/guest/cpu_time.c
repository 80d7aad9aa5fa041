// Waiting for CPU time: clock_nanosleep on the clocks of processes and threads, and RLIMIT_CPU.
//
// since: 6.18
// cpus: 1 4
// cflags: -pthread
// timeout: 120
#include "t.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define NS 1000000000ll

static long long now(clockid_t c)
{
	struct timespec t;

	MUST(clock_gettime(c, &t));
	return t.tv_sec * NS + t.tv_nsec;
}

static long raw_sleep(clockid_t c, int flags, long long ns, struct timespec *rem)
{
	struct timespec t = { ns / NS, ns % NS };

	return syscall(SYS_clock_nanosleep, c, flags, &t, rem);
}

static void spin(long long ns)
{
	long long end = now(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (now(CLOCK_PROCESS_CPUTIME_ID) < end)
		;
}

static volatile int stop;
static volatile clockid_t spinner;
static void *spinning(void *arg)
{
	clockid_t c;

	pthread_getcpuclockid(pthread_self(), &c);
	spinner = c;
	while (!stop)
		;
	return NULL;
}

static void on_signal(int sig)
{
}

static void sleeping(void)
{
	struct timespec rem = { 77, 77 };
	struct sigaction sa = { .sa_handler = on_signal };
	clockid_t self, other;
	long long start;
	pthread_t t;
	pid_t p;

	MUST(pthread_create(&t, NULL, spinning, NULL));
	while (!spinner)
		usleep(1000);
	start = now(CLOCK_PROCESS_CPUTIME_ID);
	R(raw_sleep(CLOCK_PROCESS_CPUTIME_ID, 0, 30000000, NULL));
	IS(now(CLOCK_PROCESS_CPUTIME_ID) - start >= 30000000);
	start = now(spinner);
	R(raw_sleep(spinner, 0, 30000000, NULL));
	IS(now(spinner) - start >= 30000000);
	start = now(CLOCK_PROCESS_CPUTIME_ID) + 20000000;
	R(raw_sleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, start, NULL));
	IS(now(CLOCK_PROCESS_CPUTIME_ID) >= start);
	R(raw_sleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, 1, NULL));
	stop = 1;
	pthread_join(t, NULL);
	// Errors.
	pthread_getcpuclockid(pthread_self(), &self);
	R(raw_sleep(self, 0, 1, NULL));
	R(raw_sleep(-2, 0, 1, NULL)); // the caller's thread by number 0
	R(raw_sleep(CLOCK_THREAD_CPUTIME_ID, 0, 1, NULL));
	R(raw_sleep(CLOCK_PROCESS_CPUTIME_ID, 0, -1, NULL));
	R(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, 1, NULL));
	R(raw_sleep((clockid_t)(~4000000u << 3 | 2), 0, 1, NULL));
	// Nothing runs: only a signal ends it.
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	R(raw_sleep(CLOCK_PROCESS_CPUTIME_ID, 0, 100 * NS, &rem));
	IS(rem.tv_sec == 99);
	alarm(1);
	rem.tv_sec = 77;
	R(raw_sleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, 1000 * NS, &rem));
	IS(rem.tv_sec == 77);
	// Another process.
	p = fork();
	if (!p)
		for (;;)
			;
	R(clock_getcpuclockid(p, &other));
	R(raw_sleep(other, 0, 50000000, NULL));
	IS(now(other) >= 50000000);
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
	R(raw_sleep(other, 0, 1, NULL));
}

static volatile int xcpu;
static void on_xcpu(int sig)
{
	xcpu++;
}

static int limit(long cur, long max)
{
	struct rlimit r = { (rlim_t)cur, (rlim_t)max };

	return setrlimit(RLIMIT_CPU, &r);
}

static void ended(pid_t p)
{
	int s;

	MUST(waitpid(p, &s, 0));
	printf("status %d signal %d\n", WEXITSTATUS(s), WTERMSIG(s));
}

static void limits(void)
{
	struct rlimit r;
	pid_t p;

	fflush(stdout);
	p = fork();
	if (!p) { // caught, then the hard limit
		signal(SIGXCPU, on_xcpu);
		limit(1, 2);
		while (xcpu < 1)
			;
		getrlimit(RLIMIT_CPU, &r);
		printf("cur %ld max %ld\n", (long)r.rlim_cur, (long)r.rlim_max);
		fflush(stdout);
		for (;;)
			;
	}
	ended(p);
	p = fork();
	if (!p) { // by a child, which starts from 0
		limit(1, 1);
		spin(NS / 2);
		p = fork();
		if (!p) {
			spin(NS * 3 / 4);
			_exit(5);
		}
		ended(p);
		fflush(stdout);
		_exit(6);
	}
	ended(p);
	p = fork();
	if (!p) { // what it has used counts
		spin(NS * 9 / 8);
		limit(1, 100); // the default ends it
		spin(NS);
		_exit(1);
	}
	ended(p);
	p = fork();
	if (!p) { // taken back in time
		limit(1, -1);
		spin(NS / 2);
		limit(-1, -1);
		spin(NS * 3 / 4);
		_exit(7);
	}
	ended(p);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	sleeping();
	limits();
	return 0;
}
