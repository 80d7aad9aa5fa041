// threads: yes
// epoll: level, edge, one shot, exclusive, nesting, files that go away, threads, signals, timeouts.
#include "t.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <time.h>

static struct epoll_event ev[64];

static int ctl(int ep, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event e = { .events = events, .data.u64 = data };

	return epoll_ctl(ep, op, fd, &e);
}

// Prints what is ready now.
static void look(const char *what, int ep)
{
	int n = epoll_wait(ep, ev, 64, 0);

	printf("%s: %d", what, n);
	for (int i = 0; i < n; i++)
		printf(" [%lu %#x]", (unsigned long)ev[i].data.u64, ev[i].events);
	printf("\n");
}

static void put(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, 8) != 8)
		printf("write %s\n", t_errno(errno));
}

static uint64_t get(int fd)
{
	uint64_t v = 0;

	return read(fd, &v, 8) == 8 ? v : 0;
}

static void errors(void)
{
	int ep = MUST(epoll_create1(EPOLL_CLOEXEC)), other = MUST(epoll_create(1));
	int file = t_memfd_sized(0, PG), efd = MUST(eventfd(0, EFD_NONBLOCK)), null;
	struct epoll_event e = { 0 };

	null = MUST(open("/dev/null", O_RDWR));
	R(fcntl(ep, F_GETFD));
	R(fcntl(other, F_GETFD));
	R(fcntl(other, F_GETFL));
	R(syscall(SYS_epoll_create, 0));
	R(syscall(SYS_epoll_create, -1));
	R(epoll_create1(1));
	R(ctl(ep, EPOLL_CTL_ADD, 99, EPOLLIN, 0));
	R(ctl(99, EPOLL_CTL_ADD, efd, EPOLLIN, 0));
	R(ctl(ep, EPOLL_CTL_ADD, file, EPOLLIN, 0));
	R(ctl(ep, EPOLL_CTL_ADD, null, EPOLLIN, 0));
	R(ctl(ep, EPOLL_CTL_ADD, ep, EPOLLIN, 0));
	R(ctl(efd, EPOLL_CTL_ADD, ep, EPOLLIN, 0));
	R(ctl(efd, EPOLL_CTL_ADD, file, EPOLLIN, 0));
	R(ctl(ep, 77, efd, EPOLLIN, 0));
	R(ctl(ep, EPOLL_CTL_MOD, efd, EPOLLIN, 0));
	R(ctl(ep, EPOLL_CTL_DEL, efd, EPOLLIN, 0));
	R(ctl(ep, EPOLL_CTL_ADD, efd, EPOLLIN, 0));
	R(ctl(ep, EPOLL_CTL_ADD, efd, EPOLLIN, 0));
	R(epoll_ctl(ep, EPOLL_CTL_MOD, efd, NULL));
	R(epoll_ctl(ep, EPOLL_CTL_DEL, efd, NULL));
	R(epoll_ctl(ep, EPOLL_CTL_ADD, efd, (void *)1));
	R(epoll_wait(ep, ev, 0, 0));
	R(epoll_wait(ep, ev, -1, 0));
	R(epoll_wait(ep, ev, 1 << 29, 0));
	R(epoll_wait(99, ev, 0, 0));
	R(epoll_wait(efd, ev, 1, 0));
	R(epoll_wait(ep, (void *)-8ul, 1, 0));
	R(epoll_wait(ep, NULL, 1, 0));
	R(read(ep, &e, 8));
	R(write(ep, &e, 8));
	R(lseek(ep, 3, SEEK_SET));
	R(ctl(ep, EPOLL_CTL_ADD, efd, EPOLLIN, 5));
	put(efd);
	R(epoll_wait(ep, NULL, 1, 0));
	look("still there after EFAULT", ep);
	R(ctl(ep, EPOLL_CTL_MOD, efd, EPOLLIN | EPOLLEXCLUSIVE, 0));
	R(ctl(ep, EPOLL_CTL_ADD, other, EPOLLIN | EPOLLEXCLUSIVE, 0));
	R(ctl(ep, EPOLL_CTL_DEL, efd, 0, 0));
	R(ctl(ep, EPOLL_CTL_ADD, efd, EPOLLIN | EPOLLONESHOT | EPOLLEXCLUSIVE, 0));
	R(ctl(ep, EPOLL_CTL_ADD, efd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLET, 0));
	R(ctl(ep, EPOLL_CTL_MOD, efd, EPOLLIN, 0));
	close(ep), close(other), close(file), close(efd), close(null);
}

static void modes(void)
{
	int ep = MUST(epoll_create1(0)), fd = MUST(eventfd(0, EFD_NONBLOCK)), p[2];
	char big[70000] = { 0 };

	ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN, 1);
	look("empty", ep);
	put(fd);
	look("level", ep);
	look("level again", ep);
	get(fd);
	look("level, taken", ep);
	ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT | EPOLLET, 2);
	look("edge, room", ep);
	look("edge, no news", ep);
	put(fd);
	look("edge", ep);
	look("edge, no news", ep);
	put(fd);
	look("edge, more", ep);
	ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET, 3);
	look("edge, modified", ep);
	get(fd);
	put(fd);
	get(fd);
	look("edge, gone before", ep);
	ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT, 4);
	put(fd);
	look("one shot", ep);
	put(fd);
	look("one shot, spent", ep);
	ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT, 5);
	look("one shot, armed", ep);
	ctl(ep, EPOLL_CTL_MOD, fd, 0, 6);
	look("no events", ep);
	close(fd);
	MUST(pipe2(p, O_NONBLOCK));
	ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLRDHUP | EPOLLET, 7);
	ctl(ep, EPOLL_CTL_ADD, p[1], EPOLLOUT, 8);
	look("pipe", ep);
	while (write(p[1], big, sizeof(big)) > 0)
		;
	look("pipe, full", ep);
	look("pipe, full again", ep);
	while (read(p[0], big, sizeof(big)) > 0)
		;
	look("pipe, drained", ep);
	close(p[1]);
	look("pipe, hung up", ep);
	ctl(ep, EPOLL_CTL_MOD, p[0], 0, 9);
	look("hang-up is always told", ep);
	close(p[0]);
	MUST(pipe(p));
	ctl(ep, EPOLL_CTL_ADD, p[1], 0, 10);
	look("writer", ep);
	close(p[0]);
	look("writer without readers", ep);
	close(p[1]), close(ep);
}

static void files(void)
{
	int ep = MUST(epoll_create1(0)), fd = MUST(eventfd(1, 0)), copy = MUST(dup(fd)), n = 0;
	int many[200];

	R(ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN, 1));
	R(ctl(ep, EPOLL_CTL_ADD, copy, EPOLLIN, 2));
	look("both", ep);
	close(fd);
	look("one closed, the file lives", ep);
	R(ctl(ep, EPOLL_CTL_DEL, fd, 0, 0));
	close(copy);
	look("gone", ep);
	fd = MUST(eventfd(1, 0));
	R(ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN, 3));
	close(ep);
	close(fd);
	ep = MUST(epoll_create1(0));
	for (int i = 0; i < 200; i++) {
		many[i] = MUST(eventfd(i % 2, 0));
		MUST(ctl(ep, EPOLL_CTL_ADD, many[i], EPOLLIN, i));
	}
	// All get their turn.
	char seen[200] = { 0 };
	for (int i = 0; i < 10; i++) {
		int got = epoll_wait(ep, ev, 10, 0);

		for (int k = 0; k < got; k++)
			n += !seen[ev[k].data.u64]++;
	}
	printf("turns: %d\n", n);
	for (int i = 0; i < 200; i += 3)
		close(many[i]);
	n = 0;
	for (int i = 0; i < 20; i++)
		n += epoll_wait(ep, ev, 5, 0) == 5;
	printf("rounds: %d\n", n);
	for (int i = 0; i < 200; i++)
		if (i % 3)
			close(many[i]);
	look("all closed", ep);
	close(ep);
}

static void nesting(void)
{
	int e[8], fd = MUST(eventfd(0, EFD_NONBLOCK));
	struct pollfd p;
	fd_set r;

	for (int i = 0; i < 8; i++)
		e[i] = MUST(epoll_create1(0));
	R(ctl(e[0], EPOLL_CTL_ADD, e[1], EPOLLIN, 1));
	R(ctl(e[1], EPOLL_CTL_ADD, e[0], EPOLLIN, 1));
	R(ctl(e[1], EPOLL_CTL_ADD, e[2], EPOLLIN, 2));
	R(ctl(e[2], EPOLL_CTL_ADD, e[0], EPOLLIN, 2));
	R(ctl(e[2], EPOLL_CTL_ADD, e[3], EPOLLIN, 3));
	R(ctl(e[3], EPOLL_CTL_ADD, e[4], EPOLLIN, 4));
	R(ctl(e[4], EPOLL_CTL_ADD, e[5], EPOLLIN, 5));
	R(ctl(e[5], EPOLL_CTL_ADD, e[6], EPOLLIN, 6));
	R(ctl(e[6], EPOLL_CTL_ADD, e[7], EPOLLIN, 7));
	R(ctl(e[7], EPOLL_CTL_ADD, e[0], EPOLLIN, 7));
	R(ctl(e[3], EPOLL_CTL_ADD, fd, EPOLLIN, 99));
	look("nested, empty", e[0]);
	p = (struct pollfd){ e[0], POLLIN | POLLOUT, 0 };
	R(poll(&p, 1, 0));
	put(fd);
	look("nested", e[0]);
	look("nested, inner", e[3]);
	R(poll(&p, 1, 0));
	printf("%#x\n", p.revents);
	FD_ZERO(&r);
	FD_SET(e[1], &r);
	R(select(e[1] + 1, &r, NULL, NULL, NULL));
	get(fd);
	look("nested, taken", e[0]);
	R(poll(&p, 1, 0));
	R(ctl(e[0], EPOLL_CTL_MOD, e[1], EPOLLIN | EPOLLET, 1));
	put(fd);
	look("nested, edge", e[0]);
	look("nested, edge, no news", e[0]);
	close(e[2]);
	look("cut", e[0]);
	put(fd);
	look("cut", e[0]);
	for (int i = 0; i < 8; i++)
		close(e[i]);
	close(fd);
}

static int shared_ep, shared_fd, woken;

static void *waiter(void *arg)
{
	struct epoll_event e;
	long n = epoll_wait(shared_ep, &e, 1, (int)(long)arg);

	if (n == 1)
		__atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
	return (void *)n;
}

static void nap(long ms)
{
	struct timespec ts = { 0, ms * 1000000 };

	nanosleep(&ts, NULL);
}

static void threads(void)
{
	pthread_t t[4];
	long n, sum = 0;

	shared_ep = MUST(epoll_create1(0));
	shared_fd = MUST(eventfd(0, EFD_NONBLOCK));
	ctl(shared_ep, EPOLL_CTL_ADD, shared_fd, EPOLLIN | EPOLLET, 1);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, waiter, (void *)-1l);
	nap(20);
	put(shared_fd);
	nap(20);
	printf("edge wakes %d\n", woken);
	for (int i = 0; i < 3; i++) {
		put(shared_fd);
		nap(10);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], (void **)&n);
		sum += n;
	}
	printf("edge, four wakes: %ld\n", sum);
	get(shared_fd);
	// Added while somebody waits.
	pthread_create(&t[0], NULL, waiter, (void *)-1l);
	nap(10);
	int p[2];
	MUST(pipe(p));
	write(p[1], "x", 1);
	R(ctl(shared_ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 2));
	pthread_join(t[0], (void **)&n);
	printf("added while waiting: %ld\n", n);
	close(p[0]), close(p[1]);
	// Closed while somebody waits: only the deadline ends it.
	pthread_create(&t[0], NULL, waiter, (void *)50l);
	nap(10);
	close(shared_fd);
	pthread_join(t[0], (void **)&n);
	printf("closed while waiting: %ld\n", n);
	close(shared_ep);
}

static void *exclusive_waiter(void *arg)
{
	struct epoll_event e;
	int ep = (int)(long)arg;

	if (epoll_wait(ep, &e, 1, 200) == 1)
		__atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void exclusive(void)
{
	pthread_t t[4];
	int ep[4], fd = MUST(eventfd(0, EFD_NONBLOCK));

	for (int edge = 0; edge < 2; edge++) {
		woken = 0;
		for (int i = 0; i < 4; i++) {
			ep[i] = MUST(epoll_create1(0));
			MUST(ctl(ep[i], EPOLL_CTL_ADD, fd,
				 EPOLLIN | EPOLLEXCLUSIVE | (edge ? EPOLLET : 0), i));
			pthread_create(&t[i], NULL, exclusive_waiter, (void *)(long)ep[i]);
		}
		nap(20);
		put(fd);
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
		IS(woken >= 1 && woken < 4);
		get(fd);
		for (int i = 0; i < 4; i++)
			close(ep[i]);
	}
	close(fd);
}

static int signals;

static void on_signal(int sig)
{
	signals++;
}

static pthread_t main_thread;

static void *killer(void *arg)
{
	nap(20);
	pthread_kill(main_thread, SIGUSR1);
	return NULL;
}

static void signals_and_time(void)
{
	int ep = MUST(epoll_create1(0));
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct timespec a, b, ts = { 0, 20000000 }, bad = { 0, 1000000000 }, zero = { 0, 0 };
	sigset_t none, usr1;
	pthread_t t;

	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigaction(SIGUSR1, &sa, NULL);
	main_thread = pthread_self();
	pthread_create(&t, NULL, killer, NULL);
	R(epoll_wait(ep, ev, 1, -1));
	pthread_join(t, NULL);
	printf("signals %d\n", signals);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	pthread_kill(main_thread, SIGUSR1);
	R(epoll_wait(ep, ev, 1, 5));
	R(epoll_pwait(ep, ev, 1, 100, &none));
	printf("signals %d\n", signals);
	pthread_kill(main_thread, SIGUSR1);
	R(epoll_pwait(ep, ev, 1, 0, &none));
	printf("signals %d\n", signals);
	R(epoll_pwait(ep, ev, 1, 5, &usr1));
	R(syscall(SYS_epoll_pwait, ep, ev, 1, 0, &none, 4));
	R(syscall(SYS_epoll_pwait, ep, ev, 1, 0, 1, 8));
	pthread_kill(main_thread, SIGUSR1);
	R(syscall(441, ep, ev, 1, &ts, &none, 8));
	printf("signals %d\n", signals);
	clock_gettime(CLOCK_MONOTONIC, &a);
	R(syscall(441, ep, ev, 1, &ts, NULL, 8));
	clock_gettime(CLOCK_MONOTONIC, &b);
	IS((b.tv_sec - a.tv_sec) * 1000000000l + b.tv_nsec - a.tv_nsec >= 20000000l);
	R(syscall(441, ep, ev, 1, &bad, NULL, 8));
	R(syscall(441, ep, ev, 1, &zero, NULL, 8));
	R(syscall(441, ep, ev, 1, 1, NULL, 8));
	clock_gettime(CLOCK_MONOTONIC, &a);
	R(epoll_wait(ep, ev, 1, 15));
	clock_gettime(CLOCK_MONOTONIC, &b);
	IS((b.tv_sec - a.tv_sec) * 1000000000l + b.tv_nsec - a.tv_nsec >= 15000000l);
	close(ep);
}

static void info(void)
{
	int ep = MUST(epoll_create1(0)), fd = MUST(eventfd(0, 0));
	char path[64], text[512];

	MUST(dup2(ep, 50));
	MUST(dup2(fd, 51));
	ctl(50, EPOLL_CTL_ADD, 51, EPOLLIN | EPOLLET, 0x1234567890abcdefull);
	int in = MUST(open("/proc/self/fdinfo/50", O_RDONLY));
	long n = read(in, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	char *line = strstr(text, "tfd:");
	if (line)
		printf("%.58s\n", line);
	snprintf(path, sizeof(path), "/proc/self/fd/50");
	n = readlink(path, text, sizeof(text));
	printf("%.*s\n", (int)n, text);
}

int main(void)
{
	errors();
	modes();
	files();
	nesting();
	threads();
	exclusive();
	signals_and_time();
	info();
	return 0;
}
