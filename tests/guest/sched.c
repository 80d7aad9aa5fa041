// Scheduling policies, priorities, nice values, CPUs: what the calls answer, who inherits what, and
// that a real-time thread goes before others.
//
// ldflags: -pthread
// cpus: 1 2
#include "t.h"
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define ATTR_BYTES 56
#define P(...)     (printf(__VA_ARGS__), putchar(10))
struct attr { // struct sched_attr of the UAPI, by another name: libcs have one of their own
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static long setscheduler(int pid, int policy, int priority)
{
	int param = priority;

	return syscall(SYS_sched_setscheduler, pid, policy, &param);
}

static void show_attr(void)
{
	struct attr a;

	memset(&a, 0xee, sizeof(a));
	R(syscall(SYS_sched_getattr, 0, &a, ATTR_BYTES, 0));
	P("size %u policy %u flags %lx nice %d priority %u, has a slice %d", a.size, a.policy,
	  (long)a.flags, a.nice, a.priority, a.runtime != 0);
}

static void policies(void)
{
	struct timespec ts = { 7, 7 };

	R(setscheduler(0, SCHED_RR, 10));
	R(syscall(SYS_sched_rr_get_interval, 0, &ts));
	P("%ld %ld", (long)ts.tv_sec, ts.tv_nsec);
	show_attr();
	R(setscheduler(0, SCHED_FIFO | 0x40000000, 99));
	R(syscall(SYS_sched_getscheduler, 0));
	R(syscall(SYS_sched_rr_get_interval, 0, &ts));
	P("%ld %ld", (long)ts.tv_sec, ts.tv_nsec);
	R(setscheduler(0, SCHED_FIFO, 100));
	R(setscheduler(0, SCHED_FIFO, 0));
	R(setscheduler(0, SCHED_OTHER, 1));
	R(setscheduler(0, 4, 0));
	R(setscheduler(0, 7, 0));
	R(setscheduler(0, -1, 0));
	R(setscheduler(-5, SCHED_OTHER, 0));
	R(setscheduler(4000000, SCHED_OTHER, 0));
	R(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL));
	R(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, (void *)8));
	R(setscheduler(0, SCHED_IDLE, 0));
	show_attr();
	R(setscheduler(0, SCHED_BATCH, 0));
	R(syscall(SYS_sched_getscheduler, 0));
	R(setscheduler(0, SCHED_OTHER, 0));
	for (int policy = -1; policy < 9; policy++)
		P("%d: %ld to %ld", policy, syscall(SYS_sched_get_priority_min, policy),
		  syscall(SYS_sched_get_priority_max, policy));
}

static void attributes(void)
{
	struct attr a = { .size = ATTR_BYTES, .policy = SCHED_RR, .priority = 5 };
	unsigned char big[128] = { 0 };

	R(syscall(SYS_sched_setattr, 0, &a, 0));
	show_attr();
	a = (struct attr){ .size = ATTR_BYTES, .policy = SCHED_OTHER, .nice = 100 };
	R(syscall(SYS_sched_setattr, 0, &a, 0));
	show_attr();
	a = (struct attr){ .size = 48, .policy = SCHED_BATCH, .nice = -3, .flags = 1 };
	R(syscall(SYS_sched_setattr, 0, &a, 0));
	show_attr();
	a.flags = 8 | 16; // SCHED_FLAG_KEEP_ALL
	a.policy = SCHED_FIFO;
	R(syscall(SYS_sched_setattr, 0, &a, 0));
	show_attr();
	a.flags = 1ull << 40;
	R(syscall(SYS_sched_setattr, 0, &a, 0));
	a.flags = 0;
	R(syscall(SYS_sched_setattr, 0, &a, 1));
	R(syscall(SYS_sched_setattr, 0, NULL, 0));
	a.size = 47;
	R(syscall(SYS_sched_setattr, 0, &a, 0));
	P("size %u", a.size);
	*(struct attr *)big = (struct attr){ .size = 100, .policy = SCHED_OTHER };
	R(syscall(SYS_sched_setattr, 0, big, 0));
	big[99] = 1;
	R(syscall(SYS_sched_setattr, 0, big, 0));
	P("size %u", ((struct attr *)big)->size);
	R(syscall(SYS_sched_getattr, 0, big, 47, 0));
	R(syscall(SYS_sched_getattr, 0, big, 4097, 0));
	R(syscall(SYS_sched_getattr, 0, big, 100, 0));
	P("size %u", ((struct attr *)big)->size);
	R(syscall(SYS_sched_getattr, 0, big, 100, 1));
}

static void nice_values(void)
{
	R(setpriority(PRIO_PROCESS, 0, 5));
	R(getpriority(PRIO_PROCESS, 0));
	R(setpriority(PRIO_PROCESS, 0, -100));
	R(getpriority(PRIO_PROCESS, 0));
	R(syscall(SYS_getpriority, PRIO_PROCESS, 0));
	R(setpriority(PRIO_PROCESS, 4000000, 0));
	R(setpriority(3, 0, 0));
	R(setpriority(-1, 0, 0));
	R(getpriority(7, 0));
	R(setpriority(PRIO_PROCESS, 0, 0));
}

static void io_priorities(void)
{
	static const int values[] = { 2 << 13 | 4, 3 << 13 | 7, 0,       1,
				      1 << 13 | 8, 4 << 13,     7 << 13, 2 << 13 | 1 << 3 | 3 };

	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		R(syscall(SYS_ioprio_set, 1, 0, values[i]));
		R(syscall(SYS_ioprio_get, 1, 0));
	}
	R(syscall(SYS_ioprio_set, 0, 0, 0));
	R(syscall(SYS_ioprio_get, 4, 0));
	R(syscall(SYS_ioprio_get, 1, 4000000));
	R(syscall(SYS_ioprio_set, 1, 0, 0));
}

static void *inherits(void *arg)
{
	show_attr();
	return NULL;
}

static void inheritance(void)
{
	pthread_t t;
	int status;

	setpriority(PRIO_PROCESS, 0, 7);
	setscheduler(0, SCHED_BATCH, 0);
	pthread_create(&t, NULL, inherits, NULL);
	pthread_join(t, NULL);
	setscheduler(0, SCHED_FIFO | 0x40000000, 3);
	pthread_create(&t, NULL, inherits, NULL);
	pthread_join(t, NULL);
	fflush(stdout);
	if (!fork()) {
		show_attr();
		fflush(stdout);
		_exit(0);
	}
	wait(&status);
	setscheduler(0, SCHED_OTHER, 0);
	setpriority(PRIO_PROCESS, 0, 0);
}

// A real-time thread that is woken runs before its waker goes on, on one CPU.
static volatile int order, first;
static int pipe_fds[2];
static void *urgent(void *arg)
{
	char c;

	setscheduler(0, SCHED_FIFO, 50);
	order = 1;
	(void)!read(pipe_fds[0], &c, 1);
	if (!first)
		first = 1;
	return NULL;
}

static void preemption(void)
{
	pthread_t t;
	cpu_set_t one, all;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	R(sched_setaffinity(0, sizeof(one), &one));
	pipe(pipe_fds);
	pthread_create(&t, NULL, urgent, NULL);
	while (!order)
		sched_yield();
	usleep(20000);
	(void)!write(pipe_fds[1], "x", 1);
	if (!first)
		first = 2;
	pthread_join(t, NULL);
	P("the %s ran first", first == 1 ? "woken thread" : "waker");
	R(sched_setaffinity(0, sizeof(all), &all));
}

// Two threads of different nice values that compete for one CPU share it by their weights.
static volatile int go_on = 1;
static void *spinner(void *arg)
{
	volatile unsigned long *n = arg;

	setpriority(PRIO_PROCESS, 0, (int)n[1]);
	while (go_on)
		n[0]++;
	return NULL;
}

static void weights(void)
{
	static unsigned long n[2][2] = { { 0, 0 }, { 0, 15 } };
	pthread_t t[2];
	cpu_set_t one, all;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, spinner, n[i]);
	usleep(500000);
	go_on = 0;
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	P("nice 15 gets less than half of it: %d", n[1][0] < n[0][0] / 2);
	P("nice 15 gets something: %d", n[1][0] > 0);
	sched_setaffinity(0, sizeof(all), &all);
}

static void affinity(void)
{
	unsigned long mask[16] = { 0 };

	P("as many CPUs as sysconf says: %d",
	  syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) > 0 &&
		  __builtin_popcountl(mask[0]) == sysconf(_SC_NPROCESSORS_ONLN));
	R(syscall(SYS_sched_getaffinity, 0, 7, mask));
	R(syscall(SYS_sched_getaffinity, 4000000, sizeof(mask), mask));
	R(syscall(SYS_sched_getaffinity, -1, sizeof(mask), mask));
	R(syscall(SYS_sched_setaffinity, 0, 0, mask));
	R(syscall(SYS_sched_setaffinity, -1, 8, mask));
	memset(mask, 0, sizeof(mask));
	R(syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask));
	mask[0] = 1;
	R(syscall(SYS_sched_setaffinity, 0, 1, mask));
	P("cpu %d", sched_getcpu());
	memset(mask, 0xff, sizeof(mask));
	R(syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask));
}

static void unprivileged(void)
{
	int status;

	fflush(stdout);
	if (!fork()) {
		setpriority(PRIO_PROCESS, 0, 5);
		R(setresuid(1000, 1000, 1000));
		R(setpriority(PRIO_PROCESS, 0, 4));
		R(setpriority(PRIO_PROCESS, 0, 6));
		R(setpriority(PRIO_PROCESS, getppid(), 6));
		R(setscheduler(0, SCHED_FIFO, 1));
		R(setscheduler(0, SCHED_BATCH, 0));
		R(setscheduler(0, SCHED_IDLE, 0));
		R(setscheduler(0, SCHED_OTHER, 0));
		R(setscheduler(getppid(), SCHED_OTHER, 0));
		R(syscall(SYS_ioprio_set, 1, 0, 1 << 13));
		R(syscall(SYS_ioprio_set, 1, getppid(), 2 << 13));
		fflush(stdout);
		_exit(0);
	}
	wait(&status);
}

int main(void)
{
	show_attr();
	policies();
	attributes();
	R(setscheduler(0, SCHED_OTHER, 0));
	nice_values();
	io_priorities();
	inheritance();
	affinity();
	preemption();
	weights();
	unprivileged();
	return 0;
}
