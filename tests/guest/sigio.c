// O_ASYNC: signals when pipes, sockets and terminals become ready; F_SETOWN, F_SETSIG, FIOASYNC.
#include "t.h"
#include <poll.h>
#include <sys/socket.h>

static volatile sig_atomic_t count, last_fd, last_code, last_band;

static void on_io(int sig, siginfo_t *info, void *ctx)
{
	count++;
	last_fd = info->si_fd;
	last_code = info->si_code;
	last_band = (int)info->si_band;
}

static void wait_for(int n)
{
	for (int i = 0; i < 1000 && count < n; i++)
		usleep(1000);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_io, .sa_flags = SA_SIGINFO | SA_RESTART };
	int p[2], s[2], on = 1, efd = t_memfd("x", 0);
	char c;

	sigaction(SIGIO, &sa, NULL);
	sigaction(SIGRTMIN + 3, &sa, NULL);
	MUST(pipe(p));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	R(fcntl(p[0], F_GETOWN));
	R(fcntl(p[0], F_SETOWN, getpid()));
	R(fcntl(p[0], F_GETOWN) == getpid());
	R(fcntl(p[0], F_SETFL, O_ASYNC));
	R(!!(fcntl(p[0], F_GETFL) & O_ASYNC));
	MUST(write(p[1], "a", 1));
	wait_for(1);
	printf("pipe: %d signals\n", count);
	R(fcntl(p[0], F_SETSIG, SIGRTMIN + 3));
	R(fcntl(p[0], F_GETSIG) - SIGRTMIN);
	count = 0;
	MUST(read(p[0], &c, 1));
	usleep(10000);
	count = 0;
	MUST(write(p[1], "a", 1));
	wait_for(1);
	printf("pipe: same fd %d, POLL_IN %d, band in %d\n", last_fd == p[0], last_code == POLL_IN,
	       !!(last_band & POLLIN));
	R(fcntl(p[0], F_SETFL, 0));
	count = 0;
	MUST(write(p[1], "b", 1));
	usleep(20000);
	printf("off: %d\n", count);
	R(ioctl(s[0], FIOASYNC, &on));
	R(!!(fcntl(s[0], F_GETFL) & O_ASYNC));
	R(fcntl(s[0], F_SETOWN, getpid()));
	count = 0;
	MUST(write(s[1], "x", 1));
	wait_for(1);
	printf("socket: %s\n", count ? "signalled" : "not");
	on = 0;
	R(ioctl(s[0], FIOASYNC, &on));
	R(!!(fcntl(s[0], F_GETFL) & O_ASYNC));
	on = 1;
	R(ioctl(efd, FIOASYNC, &on));
	R(ioctl(s[0], FIOASYNC, 8));
	R(fcntl(efd, F_SETFL, O_ASYNC));
	R(!!(fcntl(efd, F_GETFL) & O_ASYNC));
	return 0;
}
