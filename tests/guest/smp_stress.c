// Threads that do all at once what is hard on several CPUs: mapping and unmapping under the feet of
// others, changing what a page shows while others read it, protection faults, futexes, signals,
// timers, pipes, thread and process churn. Each checks what it gets; nothing but "ok" is printed.
// Longer: smp_stress SECONDS [MULTIPLE of the usual threads] (make soak-threads).
//
// args: 1
// cpus: 1 2 4
// ldflags: -pthread
// timeout: 60
#include "t.h"
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#ifndef MREMAP_MAYMOVE
#define MREMAP_MAYMOVE 1
#endif

static atomic_bool stop;
static atomic_ulong rounds[16];

static void fail(const char *what, unsigned long a, unsigned long b)
{
	char line[160];
	int n = snprintf(line, sizeof(line), "FAILED: %s (%lx, %lx, errno %d)\n", what, a, b,
			 errno);

	(void)!write(1, line, (size_t)n);
	_exit(1);
}

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fail(#cond, __LINE__, 0);                                                  \
	} while (0)

// ---- private memory comes and goes, and holds what was stored ----

static void *map_churn(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	while (!stop) {
		size_t pages = 1 + (size_t)(rand_r(&seed) % 64);
		unsigned long *p = mmap(NULL, pages * PG, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		CHECK(p != MAP_FAILED);
		for (size_t i = 0; i < pages; i++) {
			CHECK(p[i * 512] == 0);
			p[i * 512] = (unsigned long)p + i;
		}
		if (rand_r(&seed) & 1) {
			CHECK(madvise(p, pages / 2 * PG, MADV_DONTNEED) == 0);
			for (size_t i = 0; i < pages / 2; i++)
				CHECK(p[i * 512] == 0);
		}
		for (size_t i = pages / 2; i < pages; i++)
			CHECK(p[i * 512] == (unsigned long)p + i);
		CHECK(munmap(p, pages * PG) == 0);
		atomic_fetch_add(&rounds[0], 1);
	}
	return NULL;
}

// ---- one page shows another file page from time to time; who reads must never see an old one ----

#define SHOWN 16u
static volatile unsigned long *window;
static atomic_ulong generation; // odd while it changes
static int pages_fd;

static void *show_writer(void *arg)
{
	while (!stop) {
		unsigned long g = atomic_load(&generation);

		atomic_store(&generation, g + 1);
		CHECK(mmap((void *)window, PG, PROT_READ, MAP_SHARED | MAP_FIXED, pages_fd,
			   (off_t)((g / 2 + 1) % SHOWN * PG)) == (void *)window);
		atomic_store(&generation, g + 2);
		atomic_fetch_add(&rounds[1], 1);
		if (g % 64 == 0)
			usleep(100);
	}
	return NULL;
}

static void *show_reader(void *arg)
{
	while (!stop) {
		unsigned long before = atomic_load(&generation), v = window[5];

		atomic_thread_fence(memory_order_seq_cst);
		if (!(before & 1) && atomic_load(&generation) == before && v != before / 2 % SHOWN)
			fail("an old page is still shown", v, before / 2 % SHOWN);
		atomic_fetch_add_explicit(&rounds[2], 1, memory_order_relaxed);
	}
	return NULL;
}

static void show_init(void)
{
	pages_fd = memfd_create("shown", 0);
	CHECK(pages_fd >= 0 && ftruncate(pages_fd, SHOWN * PG) == 0);
	for (unsigned long i = 0; i < SHOWN; i++)
		CHECK(pwrite(pages_fd, &i, sizeof(i), (off_t)(i * PG + 40)) == sizeof(i));
	window = mmap(NULL, PG, PROT_READ, MAP_SHARED, pages_fd, 0);
	CHECK(window != MAP_FAILED);
}

// ---- a page loses the right to be written; a write after that must fault ----

static __thread sigjmp_buf *jump;
static void on_segv(int sig, siginfo_t *si, void *uc)
{
	if (!jump)
		fail("unexpected fault", (unsigned long)si->si_addr, (unsigned long)sig);
	siglongjmp(*jump, 1);
}

static void *protect_churn(void *arg)
{
	static _Thread_local sigjmp_buf here;
	volatile unsigned long *p =
		mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	while (!stop) {
		volatile bool faulted = true;

		p[512] = 1;
		CHECK(mprotect((void *)p, 4 * PG, PROT_READ) == 0);
		jump = &here;
		if (sigsetjmp(here, 1) == 0) {
			p[512] = 2;
			faulted = false;
		}
		jump = NULL;
		CHECK(faulted && p[512] == 1);
		CHECK(mprotect((void *)p, 4 * PG, PROT_READ | PROT_WRITE) == 0);
		p[512] = 3;
		atomic_fetch_add(&rounds[3], 1);
	}
	munmap((void *)p, 4 * PG);
	return NULL;
}

// ---- a memfd by two views; holes are zero; its size changes ----

static void *memfd_churn(void *arg)
{
	while (!stop) {
		int fd = memfd_create("stress", 0);
		volatile unsigned long *a, *b;

		CHECK(fd >= 0 && ftruncate(fd, 8 * PG) == 0);
		a = mmap(NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		b = mmap(NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		CHECK(a != MAP_FAILED && b != MAP_FAILED);
		for (size_t i = 0; i < 8; i++) {
			a[i * 512 + 3] = (unsigned long)a + i;
			CHECK(b[i * 512 + 3] == (unsigned long)a + i);
		}
		CHECK(fallocate(fd, 3, PG, 2 * PG) == 0); // a hole
		CHECK(b[512 + 3] == 0 && a[1024 + 3] == 0 && a[1536 + 3] == (unsigned long)a + 3);
		CHECK(ftruncate(fd, 4 * PG) == 0 && ftruncate(fd, 8 * PG) == 0);
		CHECK(a[2048 + 3] == 0);
		munmap((void *)a, 8 * PG);
		munmap((void *)b, 8 * PG);
		close(fd);
		atomic_fetch_add(&rounds[4], 1);
	}
	return NULL;
}

// ---- a mutex, a condition variable ----

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static unsigned long counter, turns;

static void *futex_churn(void *arg)
{
	unsigned long mine = (unsigned long)arg, seen = 0;

	while (!stop) {
		pthread_mutex_lock(&lock);
		counter++;
		seen++;
		turns++;
		pthread_cond_broadcast(&cond);
		if (seen % 8 == mine % 8) {
			struct timespec until;

			clock_gettime(CLOCK_REALTIME, &until);
			until.tv_nsec += 300000;
			if (until.tv_nsec >= 1000000000)
				until = (struct timespec){ until.tv_sec + 1, 0 };
			pthread_cond_timedwait(&cond, &lock, &until);
		}
		pthread_mutex_unlock(&lock);
	}
	atomic_fetch_add(&rounds[5], seen);
	return (void *)seen;
}

// ---- signals to threads that compute, sleep and make calls ----

static atomic_ulong sent, got;
static void on_usr1(int sig)
{
	atomic_fetch_add(&got, 1);
}

static void *signal_target(void *arg)
{
	while (!stop) {
		for (volatile int i = 0; i < 2000; i++)
			;
		usleep(50);
		syscall(SYS_gettid);
	}
	return NULL;
}

static pthread_t targets[2];
static void *signal_sender(void *arg)
{
	while (!stop) {
		unsigned long before = got;

		if (pthread_kill(targets[sent & 1], SIGRTMIN + 3) == 0)
			atomic_fetch_add(&sent, 1);
		for (int i = 0; i < 1000 && got == before && !stop; i++)
			sched_yield();
		atomic_fetch_add(&rounds[6], 1);
	}
	return NULL;
}

// ---- threads and processes come and go ----

static void *nothing(void *arg)
{
	*(volatile long *)arg += 1;
	return arg;
}

static void *thread_churn(void *arg)
{
	while (!stop) {
		pthread_t t[4];
		long n[4] = { 0 };

		for (int i = 0; i < 4; i++)
			CHECK(pthread_create(&t[i], NULL, nothing, &n[i]) == 0);
		for (int i = 0; i < 4; i++) {
			pthread_join(t[i], NULL);
			CHECK(n[i] == 1);
		}
		atomic_fetch_add(&rounds[7], 1);
	}
	return NULL;
}

static void *fork_churn(void *arg)
{
	volatile unsigned long *p =
		mmap(NULL, 16 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long v = 0;

	CHECK(p != MAP_FAILED);
	while (!stop) {
		int status = 0;
		pid_t pid;

		v++;
		for (int i = 0; i < 16; i++)
			p[i * 512] = v;
		pid = fork();
		if (pid == 0) {
			for (int i = 0; i < 16; i++) {
				if (p[i * 512] != v)
					_exit(1);
				p[i * 512] = ~v;
			}
			_exit(42);
		}
		CHECK(pid > 0);
		for (int i = 0; i < 16; i += 2)
			p[i * 512] = v + 7;
		CHECK(waitpid(pid, &status, 0) == pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 42)
			fail("child's view", (unsigned long)status, v);
		for (int i = 0; i < 16; i++)
			CHECK(p[i * 512] == (i & 1 ? v : v + 7));
		atomic_fetch_add(&rounds[8], 1);
	}
	return NULL;
}

// ---- bytes through a pipe, counts through an eventfd ----

static int pipe_fds[2], event_fd;

static void *pipe_writer(void *arg)
{
	unsigned char buf[777];
	unsigned n = 0;

	while (!stop) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (unsigned char)(n + i);
		CHECK(write(pipe_fds[1], buf, sizeof(buf)) == sizeof(buf));
		n += sizeof(buf);
		eventfd_write(event_fd, 3);
	}
	close(pipe_fds[1]);
	return (void *)(uintptr_t)n;
}

static void *pipe_reader(void *arg)
{
	unsigned char buf[1000];
	unsigned n = 0;
	ssize_t r;

	while ((r = read(pipe_fds[0], buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < r; i++)
			if (buf[i] != (unsigned char)(n + (unsigned)i))
				fail("pipe's bytes", buf[i], n + (unsigned)i);
		n += (unsigned)r;
		atomic_fetch_add(&rounds[9], 1);
	}
	return (void *)(uintptr_t)n;
}

// ---- the clock never steps back, whichever CPU reads it ----

static atomic_ulong last_ns;
static void *clock_reader(void *arg)
{
	while (!stop) {
		unsigned long before = atomic_load(&last_ns), now;
		struct timespec ts;
		unsigned cpu;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		now = (unsigned long)ts.tv_sec * 1000000000ul + (unsigned long)ts.tv_nsec;
		if (now < before)
			fail("time stepped back", before - now, 0);
		atomic_compare_exchange_strong(&last_ns, &before, now);
		CHECK((cpu = (unsigned)sched_getcpu()) < 64 &&
		      cpu < (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
		atomic_fetch_add(&rounds[10], 1);
	}
	return NULL;
}

// ---- migration by hand ----

static void *mover(void *arg)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned seed = 11;

	while (!stop) {
		unsigned to = (unsigned)rand_r(&seed) % (unsigned)cpus, cpu = ~0u;
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(to, &set);
		CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
		for (int i = 0; i < 50; i++) {
			CHECK((cpu = (unsigned)sched_getcpu()) < 64);
			if (cpu != to)
				fail("not on the CPU asked for", cpu, to);
			if (i % 10 == 0)
				sched_yield();
		}
		atomic_fetch_add(&rounds[11], 1);
	}
	return NULL;
}

static const struct {
	void *(*fn)(void *);
	const char *name;
	int count; // per multiple; 0: one in all
} jobs[] = {
	{ map_churn, "map", 2 },
	{ show_writer, "show", 0 },
	{ show_reader, "read shown", 1 },
	{ protect_churn, "protect", 1 },
	{ memfd_churn, "memfd", 2 },
	{ futex_churn, "futex", 3 },
	{ signal_sender, "signal", 0 },
	{ thread_churn, "threads", 1 },
	{ fork_churn, "fork", 0 },
	{ pipe_writer, "pipe", 0 },
	{ pipe_reader, "pipe reader", 0 },
	{ clock_reader, "clock", 1 },
	{ mover, "move", 0 },
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 1, multiple = argc > 2 ? atoi(argv[2]) : 1;
	struct sigaction segv = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction usr = { .sa_handler = on_usr1, .sa_flags = SA_RESTART };
	struct itimerval tick = { { 0, 2000 }, { 0, 2000 } };
	pthread_t t[256];
	unsigned long futexes = 0;
	void *result, *written = NULL, *read_ = NULL;
	int n = 0, kind[256];

	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGRTMIN + 3, &usr, NULL);
	sigaction(SIGALRM, &usr, NULL);
	show_init();
	CHECK(pipe(pipe_fds) == 0);
	event_fd = eventfd(0, EFD_NONBLOCK);
	for (int i = 0; i < 2; i++)
		CHECK(pthread_create(&targets[i], NULL, signal_target, NULL) == 0);
	for (size_t j = 0; j < JOBS; j++) {
		int count = jobs[j].count ? jobs[j].count * multiple : 1;

		for (int i = 0; i < count && n < 256; i++) {
			kind[n] = (int)j;
			CHECK(pthread_create(&t[n], NULL, jobs[j].fn, (void *)(uintptr_t)(n + 1)) ==
			      0);
			n++;
		}
	}
	setitimer(ITIMER_REAL, &tick, NULL);
	for (int s = 0; s < seconds; s++) {
		struct timespec one = { 1, 0 };

		while (nanosleep(&one, &one) != 0)
			;
	}
	stop = true;
	for (int i = 0; i < n; i++) {
		pthread_join(t[i], &result);
		if (jobs[kind[i]].fn == futex_churn)
			futexes += (unsigned long)result;
		if (jobs[kind[i]].fn == pipe_writer)
			written = result;
		if (jobs[kind[i]].fn == pipe_reader)
			read_ = result;
	}
	CHECK(futexes == counter && written == read_);
	for (int i = 0; i < 2; i++)
		pthread_join(targets[i], NULL);
	if (seconds > 1)
		for (int i = 0; i < 12; i++)
			printf("%d: %lu\n", i, rounds[i]);
	puts("ok");
	return 0;
}
