// signalfd: reading signals, waiting, masks, epoll, threads.
//
// ldflags: -pthread
#include "t.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>

static void show(const struct signalfd_siginfo *s)
{
	printf("signo %u code %d mine %d uid %u int %d ptr %#lx tid %u overrun %u status %d\n",
	       s->ssi_signo, s->ssi_code, s->ssi_pid == (unsigned)getpid(), s->ssi_uid, s->ssi_int,
	       (unsigned long)s->ssi_ptr, s->ssi_tid, s->ssi_overrun, s->ssi_status);
}

static void take(int fd)
{
	struct signalfd_siginfo s[4];
	long n = read(fd, s, sizeof(s));

	if (n < 0)
		printf("read %s\n", t_errno(errno));
	for (long i = 0; i < n / (long)sizeof(*s); i++)
		show(&s[i]);
}

static void nap(long ms)
{
	struct timespec ts = { 0, ms * 1000000 };

	nanosleep(&ts, NULL);
}

static void *sender(void *arg)
{
	nap(10);
	kill(getpid(), (int)(long)arg);
	return NULL;
}

static void *poller(void *arg)
{
	struct pollfd p = { (int)(long)arg, POLLIN, 0 };

	return (void *)(long)poll(&p, 1, 20);
}

static int handled;

static void handler(int sig)
{
	handled++;
}

int main(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct sigaction sa = { .sa_handler = handler };
	union sigval v = { .sival_int = 77 };
	sigset_t set, all;
	pthread_t t;
	void *r;
	char small[100];
	int fd, ep;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, 40);
	sigaddset(&set, SIGKILL);
	fd = MUST(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	R(fcntl(fd, F_GETFD));
	R(fcntl(fd, F_GETFL));
	R(syscall(SYS_signalfd4, -1, &set, 4, 0));
	R(syscall(SYS_signalfd4, -1, &set, 8, 1));
	R(syscall(SYS_signalfd4, -1, 1, 8, 0));
	R(syscall(SYS_signalfd4, 99, &set, 8, 0));
	R(syscall(SYS_signalfd4, 0, &set, 8, 0));
	OK(syscall(SYS_signalfd, -1, &set, 8));
	R(read(fd, small, sizeof(small)));
	R(write(fd, small, sizeof(small)));
	R(lseek(fd, 0, SEEK_SET));
	take(fd);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), 40, v);
	v.sival_ptr = (void *)0x123456789abcul;
	sigqueue(getpid(), 40, v);
	pthread_kill(pthread_self(), SIGUSR1);
	take(fd);
	take(fd);
	take(fd);
	kill(getpid(), SIGUSR2);
	take(fd);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	R(signalfd(fd, &set, 0) == fd);
	take(fd);
	// Waiting.
	ep = MUST(epoll_create1(0));
	MUST(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	R(epoll_wait(ep, &e, 1, 0));
	pthread_create(&t, NULL, sender, (void *)(long)SIGUSR2);
	R(epoll_wait(ep, &e, 1, -1));
	pthread_join(t, NULL);
	take(fd);
	R(epoll_wait(ep, &e, 1, 0));
	fcntl(fd, F_SETFL, 0);
	pthread_create(&t, NULL, sender, (void *)(long)SIGUSR2);
	take(fd);
	pthread_join(t, NULL);
	// A signal for one thread is not for another's poll.
	pthread_kill(pthread_self(), SIGUSR2);
	pthread_create(&t, NULL, poller, (void *)(long)fd);
	pthread_join(t, &r);
	R((long)r);
	take(fd);
	// Another signal interrupts.
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	pthread_create(&t, NULL, sender, (void *)(long)SIGUSR1);
	take(fd);
	pthread_join(t, NULL);
	printf("handled %d\n", handled);
	// An ignored signal that is blocked is still taken.
	signal(SIGUSR2, SIG_IGN);
	kill(getpid(), SIGUSR2);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	take(fd);
	return 0;
}
