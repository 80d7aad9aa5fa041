// Pipes as packets, their sizes, and what waiting calls leave behind: select's time, masks for the
// time of a call, eventfds as semaphores.
//
// since: 6.18
#include "t.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <time.h>

static char big[10000];

static void packets(void)
{
	int p[2], n;
	char b[64];

	MUST(pipe2(p, O_DIRECT | O_NONBLOCK));
	IS(fcntl(p[1], F_GETFL) & O_DIRECT);
	R(write(p[1], "one", 3));
	R(write(p[1], "second", 6));
	R(ioctl(p[0], FIONREAD, &n));
	printf("%d bytes\n", n);
	R(read(p[0], b, 2)); // the rest of the packet is lost
	R(read(p[0], b, sizeof(b)));
	printf("%.6s\n", b);
	R(read(p[0], b, sizeof(b)));
	R(write(p[1], big, 9000)); // as packets of a page
	R(read(p[0], big, 9000));
	R(read(p[0], big, 9000));
	R(read(p[0], big, 9000));
	R(write(p[1], "x", 0));
	R(read(p[0], b, 1));
	for (n = 0; write(p[1], "z", 1) == 1; n++)
		;
	printf("%d packets, %s\n", n, t_errno(errno));
	R(fcntl(p[1], F_SETFL, O_NONBLOCK)); // later writes go together again
	while (read(p[0], big, sizeof(big)) > 0)
		;
	R(write(p[1], "a", 1));
	R(write(p[1], "b", 1));
	R(read(p[0], b, sizeof(b)));
	close(p[0]);
	close(p[1]);
}

static void sizes(void)
{
	int p[2], f = MUST(open("/dev/null", O_RDWR));

	MUST(pipe2(p, O_NONBLOCK));
	R(fcntl(p[0], F_GETPIPE_SZ));
	R(fcntl(p[0], F_SETPIPE_SZ, 1));
	R(fcntl(p[1], F_SETPIPE_SZ, 4097));
	R(fcntl(p[1], F_SETPIPE_SZ, 0));
	R(fcntl(p[1], F_SETPIPE_SZ, -1));
	R(fcntl(p[1], F_SETPIPE_SZ, 1048576));
	R(fcntl(p[1], F_SETPIPE_SZ, 8192));
	R(write(p[1], big, 5000));
	R(fcntl(p[1], F_SETPIPE_SZ, 4096)); // does not fit
	R(fcntl(p[1], F_SETPIPE_SZ, 65536));
	R(read(p[0], big, 5000));
	R(fcntl(f, F_GETPIPE_SZ));
	R(fcntl(f, F_SETPIPE_SZ, 4096));
	close(f);
	close(p[0]);
	close(p[1]);
}

static volatile int got;
static void on_signal(int sig)
{
	got++;
}

static void times(void)
{
	struct timeval tv = { 10, 0 };
	struct timespec ts = { 10, 0 };
	int p[2];
	fd_set set;

	MUST(pipe(p));
	MUST(write(p[1], "x", 1));
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	R(syscall(SYS_select, p[0] + 1, &set, NULL, NULL, &tv));
	IS(tv.tv_sec == 9 && tv.tv_usec > 0);
	tv = (struct timeval){ 0, 20000 };
	read(p[0], big, 1);
	R(syscall(SYS_select, p[0] + 1, &set, NULL, NULL, &tv));
	IS(!tv.tv_sec && !tv.tv_usec);
	IS(!FD_ISSET(p[0], &set));
	tv = (struct timeval){ 0, -1 };
	R(syscall(SYS_select, 0, NULL, NULL, NULL, &tv));
	tv = (struct timeval){ 0, 2000000 }; // carried
	write(p[1], "x", 1);
	FD_SET(p[0], &set);
	R(syscall(SYS_select, p[0] + 1, &set, NULL, NULL, &tv));
	IS(tv.tv_sec == 1);
	R(syscall(SYS_pselect6, p[0] + 1, &set, NULL, NULL, &ts, NULL)); // writes back as well
	IS(ts.tv_sec == 9);
	ts.tv_sec = 10;
	R(syscall(SYS_ppoll, &(struct pollfd){ .fd = p[0], .events = POLLIN }, 1, &ts, NULL, 8));
	IS(ts.tv_sec == 9);
	close(p[0]);
	close(p[1]);
}

static void masks(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct timespec ts = { 5, 0 };
	struct epoll_event e = { .events = EPOLLIN };
	sigset_t usr1, none, now;
	int ep = MUST(epoll_create1(0)), fd = MUST(eventfd(0, 0));

	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	raise(SIGUSR1);
	R(syscall(SYS_ppoll, NULL, 0, &ts, &none, 8));
	printf("got %d\n", got);
	raise(SIGUSR1);
	R(syscall(441 /* epoll_pwait2 */, ep, &e, 1, &ts, &none, 8));
	printf("got %d\n", got);
	eventfd_write(fd, 1);
	raise(SIGUSR1);
	R(syscall(441, ep, &e, 1, &ts, &none, 8)); // ready: the signal waits
	printf("got %d\n", got);
	sigprocmask(SIG_SETMASK, NULL, &now);
	IS(sigismember(&now, SIGUSR1));
	sigpending(&now);
	IS(sigismember(&now, SIGUSR1));
	R(syscall(441, ep, &e, 1, &ts, &none, 7));
	ts.tv_nsec = -1;
	R(syscall(441, ep, &e, 1, &ts, NULL, 8));
	close(ep);
	close(fd);
}

static void semaphore(void)
{
	int fd = MUST(eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK));
	uint64_t v = 2;

	for (int i = 0; i < 4; i++) {
		v = 0;
		R(read(fd, &v, 8));
		printf("%lu\n", (unsigned long)v);
	}
	v = UINT64_MAX - 1;
	R(write(fd, &v, 8));
	v = 1;
	R(write(fd, &v, 8));
	R(read(fd, &v, 8));
	R(write(fd, &v, 8));
	v = UINT64_MAX;
	R(write(fd, &v, 8));
	R(read(fd, &v, 7));
	close(fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	packets();
	sizes();
	times();
	masks();
	semaphore();
	return 0;
}
