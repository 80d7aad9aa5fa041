// Several threads that wait for one thing: as many wake as can go on, nobody is forgotten.
//
// ldflags: -pthread
// cpus: 1 2 4
// timeout: 60
#include "t.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#define WAITERS 8

static int fds[2], epfd;
static atomic_long switches, bytes, ended, interrupted;
static atomic_int waiting;

static long own_switches(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return u.ru_nvcsw;
}

static void settle(void)
{
	usleep(30000);
}

static void *read_one(void *arg)
{
	long before = own_switches();
	char c;
	ssize_t n;

	waiting++;
	n = read(fds[0], &c, 1);
	switches += own_switches() - before;
	if (n == 1)
		bytes++;
	else if (!n)
		ended++;
	else if (errno == EINTR)
		interrupted++;
	return arg;
}

static void *write_much(void *arg)
{
	static char data[65536];

	waiting++;
	if (write(fds[1], data, (size_t)(uintptr_t)arg) == (ssize_t)(uintptr_t)arg)
		bytes += (long)(uintptr_t)arg;
	return NULL;
}

static void *wait_event(void *arg)
{
	struct epoll_event e;

	waiting++;
	if (epoll_wait(epfd, &e, 1, (int)(intptr_t)arg) == 1)
		bytes++;
	else
		ended++;
	return NULL;
}

static void start(pthread_t *t, void *(*fn)(void *), void *arg)
{
	waiting = 0;
	bytes = ended = interrupted = switches = 0;
	for (int i = 0; i < WAITERS; i++)
		pthread_create(&t[i], NULL, fn, arg);
	while (waiting < WAITERS)
		usleep(1000);
	settle();
}

static void join(pthread_t *t)
{
	for (int i = 0; i < WAITERS; i++)
		pthread_join(t[i], NULL);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void readers(void)
{
	pthread_t t[WAITERS];

	start(t, read_one, NULL);
	for (int i = 0; i < WAITERS; i++) {
		MUST(write(fds[1], "x", 1));
		settle();
	}
	join(t);
	printf("one by one: %ld bytes, few switches: %d\n", (long)bytes, switches <= 2 * WAITERS);
	start(t, read_one, NULL);
	MUST(write(fds[1], "12345678", WAITERS));
	join(t);
	printf("all at once: %ld bytes\n", (long)bytes);
	start(t, read_one, NULL);
	pthread_kill(t[0], SIGUSR1);
	pthread_kill(t[3], SIGUSR1);
	settle();
	MUST(write(fds[1], "123456", WAITERS - 2));
	join(t);
	printf("two interrupted: %ld, %ld bytes\n", (long)interrupted, (long)bytes);
	start(t, read_one, NULL);
	for (int i = 0; i < WAITERS / 2; i++) { // the signal and the byte race: no byte is lost
		pthread_kill(t[i], SIGUSR1);
		MUST(write(fds[1], "x", 1));
	}
	settle();
	close(fds[1]);
	join(t);
	IS(bytes + ended + interrupted == WAITERS);
	for (char c; read(fds[0], &c, 1) == 1;)
		bytes++;
	printf("none lost: %d\n", bytes == WAITERS / 2);
	close(fds[0]);
}

static void writers(void)
{
	static char sink[WAITERS * 65536];
	pthread_t t[WAITERS];
	size_t got = 0;
	ssize_t n;

	MUST(pipe(fds));
	MUST(write(fds[1], sink, 65536));
	start(t, write_much, (void *)(uintptr_t)20000);
	while (got < 65536 + WAITERS * 20000ul && (n = read(fds[0], sink, 3000)) > 0)
		got += (size_t)n;
	join(t);
	printf("written %ld, read %zu\n", (long)bytes, got);
	// The readers' end wakes all.
	MUST(write(fds[1], sink, 65536));
	start(t, write_much, (void *)(uintptr_t)20000);
	signal(SIGPIPE, SIG_IGN);
	close(fds[0]);
	join(t);
	printf("written %ld after the end\n", (long)bytes);
	close(fds[1]);
}

// One epoll, several threads: an event wakes one of them.
static void event_waiters(uint32_t flags)
{
	struct epoll_event e = { .events = EPOLLIN | flags };
	pthread_t t[WAITERS];
	uint64_t one = 1;
	int fd = MUST(eventfd(0, 0));

	epfd = MUST(epoll_create1(0));
	MUST(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &e));
	start(t, wait_event, (void *)(intptr_t)600);
	MUST(write(fd, &one, sizeof(one)));
	join(t);
	printf("flags %x: %ld woken, %ld timed out\n", flags, (long)bytes, (long)ended);
	close(epfd);
	close(fd);
}

// An epoll for each thread, exclusively: an event wakes one of them at least, and not all.
static int own_epfd[WAITERS];
static void *wait_own(void *arg)
{
	static atomic_int next;
	struct epoll_event e;
	int me = next++ % WAITERS;

	waiting++;
	if (epoll_wait(own_epfd[me], &e, 1, 600) == 1)
		bytes++;
	return arg;
}

static void exclusive_epolls(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	pthread_t t[WAITERS];
	uint64_t one = 1;
	int fd = MUST(eventfd(0, 0));

	for (int i = 0; i < WAITERS; i++) {
		own_epfd[i] = MUST(epoll_create1(0));
		MUST(epoll_ctl(own_epfd[i], EPOLL_CTL_ADD, fd, &e));
	}
	start(t, wait_own, NULL);
	MUST(write(fd, &one, sizeof(one)));
	join(t);
	printf("exclusive: %ld woken\n", (long)bytes);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	MUST(pipe(fds));
	readers();
	writers();
	event_waiters(EPOLLET);
	event_waiters(EPOLLONESHOT);
	exclusive_epolls();
	return 0;
}
