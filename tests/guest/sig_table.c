// What a signal does to every call that blocks: with and without SA_RESTART, with a handler in the
// middle of a timeout, and with a stop and a continuation without any handler.
//
// ldflags: -pthread
// since: 6.18
// timeout: 120
#include "t.h"
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#ifndef F_OFD_SETLKW
#define F_OFD_SETLKW 38
#endif
#define SHORT_MS 150

static int p[2], full[2], ev, ep, tfd, sfd, lock1, lock2;
static uint32_t word;
static sigset_t usr2, none;
static volatile int handled;
static volatile int begun, ended, idle; // rounds: the call is about to be made, has ended, is over
static pthread_t main_thread;
static volatile int owner_go;
static struct iovec iov[1];
static char buf[4096];
static pid_t child;

static struct timespec rel(long ms)
{
	return (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
}

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	ts.tv_nsec += ms * 1000000;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return ts;
}

// ---- the calls; each is ended by its `end` below if it is still there ----
static long c_read(void)
{
	return read(p[0], buf, 1);
}
static long c_readv(void)
{
	return readv(p[0], iov, 1);
}
static long c_write(void)
{
	return write(full[1], buf, 4096);
}
static long c_poll(void)
{
	struct pollfd f = { p[0], POLLIN, 0 };
	return poll(&f, 1, -1);
}
static long c_poll_time(void)
{
	struct pollfd f = { p[0], POLLIN, 0 };
	return poll(&f, 1, SHORT_MS);
}
static long c_ppoll(void)
{
	struct pollfd f = { p[0], POLLIN, 0 };
	struct timespec ts = rel(SHORT_MS);
	return ppoll(&f, 1, &ts, NULL);
}
static long c_select(void)
{
	fd_set s;
	FD_ZERO(&s);
	FD_SET(p[0], &s);
	return select(p[0] + 1, &s, NULL, NULL, NULL);
}
static long c_pselect(void)
{
	struct timespec ts = rel(SHORT_MS);
	fd_set s;
	FD_ZERO(&s);
	FD_SET(p[0], &s);
	return pselect(p[0] + 1, &s, NULL, NULL, &ts, NULL);
}
static long c_epoll(void)
{
	struct epoll_event e;
	return epoll_wait(ep, &e, 1, -1);
}
static long c_epoll_time(void)
{
	struct epoll_event e;
	return epoll_pwait(ep, &e, 1, SHORT_MS, NULL);
}
static long c_nanosleep(void)
{
	struct timespec ts = rel(SHORT_MS), left = { 0 };
	long r = nanosleep(&ts, &left);
	if (r && !(left.tv_sec == 0 && left.tv_nsec > 0 && left.tv_nsec < SHORT_MS * 1000000))
		printf("time left is wrong ");
	return r;
}
static long c_sleep_rel(void)
{
	struct timespec ts = rel(SHORT_MS);
	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, NULL);
}
static long c_sleep_abs(void)
{
	struct timespec ts = in_ms(CLOCK_REALTIME, SHORT_MS);
	return syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL);
}
static long c_futex(void)
{
	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}
static long c_futex_time(void)
{
	struct timespec ts = rel(SHORT_MS);
	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &ts, NULL, 0);
}
static long c_futex_bitset(void)
{
	struct timespec ts = in_ms(CLOCK_MONOTONIC, SHORT_MS);
	return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &ts, NULL, 1);
}
static long c_futex2(void)
{
	struct timespec ts = in_ms(CLOCK_MONOTONIC, SHORT_MS);
	return syscall(455, &word, 0, ~0u, 2, &ts, CLOCK_MONOTONIC);
}
static long c_futex_waitv(void)
{
	struct timespec ts = in_ms(CLOCK_MONOTONIC, SHORT_MS);
	struct futex_waitv w = { 0, (uintptr_t)&word, 2, 0 };
	return syscall(449, &w, 1, 0, &ts, CLOCK_MONOTONIC);
}
static long c_requeue_pi(void)
{
	static uint32_t target;
	struct timespec ts = in_ms(CLOCK_MONOTONIC, SHORT_MS);
	return syscall(SYS_futex, &word, FUTEX_WAIT_REQUEUE_PI, 0, &ts, &target, 0);
}
static long c_sigsuspend(void)
{
	return sigsuspend(&none);
}
static long c_pause(void)
{
	return pause();
}
static long c_sigwait(void)
{
	siginfo_t i;
	return syscall(SYS_rt_sigtimedwait, &usr2, &i, NULL,
		       8); // some libcs try again by themselves
}
static long c_sigwait_time(void)
{
	struct timespec ts = rel(SHORT_MS);
	return syscall(SYS_rt_sigtimedwait, &usr2, NULL, &ts, 8);
}
static long c_flock(void)
{
	return flock(lock1, LOCK_EX);
}
static long c_ofd(void)
{
	struct flock f = { .l_type = F_WRLCK };
	return fcntl(lock1, F_OFD_SETLKW, &f);
}
static long c_eventfd(void)
{
	uint64_t n;
	return read(ev, &n, 8);
}
static long c_timerfd(void)
{
	uint64_t n;
	return read(tfd, &n, 8);
}
static long c_signalfd(void)
{
	struct signalfd_siginfo i;
	return read(sfd, &i, sizeof(i));
}
static long c_splice(void)
{
	return splice(p[0], NULL, full[1], NULL, 1, 0);
}
static long c_tee(void)
{
	return tee(p[0], full[1], 1, 0);
}
static long c_open_fifo(void)
{
	int fd = open("fifo", O_WRONLY);
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : -1;
}
static long c_wait4(void)
{
	return waitpid(child, NULL, 0) > 0 ? 1 : -1;
}
static long c_waitid(void)
{
	siginfo_t i;
	return waitid(P_PID, child, &i, WEXITED);
}

// ---- what is made before, and what ends the call ----
static void nothing(void)
{
}
static void feed(void)
{
	write(p[1], "x", 1);
}
static void drain(void)
{
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	(void)!read(p[0], buf, 1);
	fcntl(p[0], F_SETFL, 0);
}
static void fill(void)
{
	fcntl(full[1], F_SETFL, O_NONBLOCK);
	while (write(full[1], buf, 4096) > 0)
		;
	fcntl(full[1], F_SETFL, 0);
}
static void empty(void)
{
	for (int i = 0; i < 2; i++)
		(void)!read(full[0], buf, 4096);
}
static void empty_all(void)
{
	fcntl(full[0], F_SETFL, O_NONBLOCK);
	while (read(full[0], buf, 4096) > 0)
		;
	fcntl(full[0], F_SETFL, 0);
}
// What does not last is done until the call has ended: it may not have begun yet.
static void wake(void)
{
	while (ended != begun && !syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0))
		usleep(1000);
}
static void send_usr2(void)
{
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
}
static void take_usr2(void)
{
	struct timespec zero = { 0 };
	sigtimedwait(&usr2, NULL, &zero);
}
static void hold_flock(void)
{
	flock(lock2, LOCK_EX);
}
static void drop_flock(void)
{
	flock(lock2, LOCK_UN);
}
static void unflock(void)
{
	flock(lock1, LOCK_UN);
}
static void hold_ofd(void)
{
	struct flock f = { .l_type = F_WRLCK };
	fcntl(lock2, F_OFD_SETLKW, &f);
}
static void drop_ofd(void)
{
	struct flock f = { .l_type = F_UNLCK };
	fcntl(lock2, F_OFD_SETLKW, &f);
}
static void unofd(void)
{
	struct flock f = { .l_type = F_UNLCK };
	fcntl(lock1, F_OFD_SETLKW, &f);
}
static void count(void)
{
	eventfd_write(ev, 1);
}
static void uncount(void)
{
	eventfd_t n;
	fcntl(ev, F_SETFL, O_NONBLOCK);
	eventfd_read(ev, &n);
	fcntl(ev, F_SETFL, 0);
}
static void expire(void)
{
	struct itimerspec t = { .it_value = { 0, 1 } };
	timerfd_settime(tfd, 0, &t, NULL);
}
static void disarm(void)
{
	struct itimerspec t = { 0 };
	timerfd_settime(tfd, 0, &t, NULL);
}
static void open_reader(void)
{
	int fd = open("fifo", O_RDONLY | O_NONBLOCK);
	while (ended != begun)
		usleep(1000);
	close(fd);
}
static void start_child(void)
{
	char c;
	fflush(stdout);
	child = fork();
	if (!child) {
		close(p[1]);
		(void)!read(p[0], &c, 1);
		_exit(3);
	}
}
static void reap(void)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
static void kill_child(void)
{
	kill(child, SIGKILL);
}

static const struct call {
	const char *name;
	void (*before)(void);
	long (*call)(void);
	void (*end)(void);
	void (*after)(void);
} calls[] = {
	{ "read", nothing, c_read, feed, drain },
	{ "readv", nothing, c_readv, feed, drain },
	{ "write", fill, c_write, empty, empty_all },
	{ "poll", nothing, c_poll, feed, drain },
	{ "poll with a time", nothing, c_poll_time, nothing, nothing },
	{ "ppoll", nothing, c_ppoll, nothing, nothing },
	{ "select", nothing, c_select, feed, drain },
	{ "pselect", nothing, c_pselect, nothing, nothing },
	{ "epoll_wait", nothing, c_epoll, feed, drain },
	{ "epoll_pwait", nothing, c_epoll_time, nothing, nothing },
	{ "nanosleep", nothing, c_nanosleep, nothing, nothing },
	{ "clock_nanosleep", nothing, c_sleep_rel, nothing, nothing },
	{ "clock_nanosleep until", nothing, c_sleep_abs, nothing, nothing },
	{ "futex", nothing, c_futex, wake, nothing },
	{ "futex with a time", nothing, c_futex_time, nothing, nothing },
	{ "futex until", nothing, c_futex_bitset, nothing, nothing },
	{ "futex_wait", nothing, c_futex2, nothing, nothing },
	{ "futex_waitv", nothing, c_futex_waitv, nothing, nothing },
	{ "futex requeue_pi", nothing, c_requeue_pi, nothing, nothing },
	{ "sigwaitinfo", nothing, c_sigwait, send_usr2, take_usr2 },
	{ "sigtimedwait", nothing, c_sigwait_time, nothing, take_usr2 },
	{ "flock", hold_flock, c_flock, drop_flock, unflock },
	{ "OFD lock", hold_ofd, c_ofd, drop_ofd, unofd },
	{ "eventfd", nothing, c_eventfd, count, uncount },
	{ "timerfd", nothing, c_timerfd, expire, disarm },
	{ "signalfd", nothing, c_signalfd, send_usr2, take_usr2 },
	{ "splice", empty_all, c_splice, feed, drain },
	{ "tee", empty_all, c_tee, feed, drain },
	{ "open", nothing, c_open_fifo, open_reader, nothing },
	{ "wait4", start_child, c_wait4, kill_child, reap },
	{ "waitid", start_child, c_waitid, kill_child, reap },
};

static const struct call handler_only[] = {
	{ "pause", nothing, c_pause, nothing, nothing },
	{ "sigsuspend", nothing, c_sigsuspend, nothing, nothing },
};

static void on_usr1(int sig)
{
	handled++;
}

static int how; // 0: a handler, 1: stop and continue
static void (*volatile ending)(void);

static void *poker(void *arg)
{
	sigset_t s;

	sigfillset(&s);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	for (int round = 1;; round++) {
		while (begun != round)
			usleep(1000);
		usleep(20000);
		if (how == 0)
			pthread_kill(main_thread, SIGUSR1);
		else
			write(full[1] + 100, "s", 1);
		usleep(30000);
		// Only what still waits is ended.
		if (ended != round)
			ending();
		idle = round;
	}
	return NULL;
}

// A process that stops this one for a moment whenever it is told to.
static int stopper_pipe[2];
static void stopper(void)
{
	pid_t pid = getppid();
	char c;

	while (read(stopper_pipe[0], &c, 1) == 1) {
		kill(pid, SIGSTOP);
		usleep(10000);
		kill(pid, SIGCONT);
	}
	_exit(0);
}

static void one(const struct call *c, const char *what)
{
	long r;

	drain();
	uncount();
	c->before();
	handled = 0;
	errno = 0;
	ending = c->end;
	begun++;
	r = c->call();
	int e = errno;
	ended = begun;
	while (idle != begun)
		usleep(1000);
	printf("%s, %s: %s, handled %d\n", c->name, what,
	       r == -1  ? t_errno(e)
	       : r == 0 ? "0"
			: "more than 0",
	       handled);
	c->after();
}

static void all(const struct call *c, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		one(&c[i], what);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_usr1 };
	struct epoll_event e = { .events = EPOLLIN };
	pthread_t t;

	setvbuf(stdout, NULL, _IOLBF, 0);
	t_workdir();
	MUST(pipe(stopper_pipe));
	pid_t stop_pid = fork();
	if (!stop_pid) {
		close(stopper_pipe[1]);
		stopper();
	}
	close(stopper_pipe[0]);
	MUST(pipe(p));
	MUST(pipe(full));
	MUST(dup2(stopper_pipe[1], full[1] + 100));
	ev = MUST(eventfd(0, 0));
	ep = MUST(epoll_create1(0));
	MUST(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e));
	tfd = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	sigprocmask(SIG_BLOCK, &usr2, NULL);
	sigemptyset(&none);
	sfd = MUST(signalfd(-1, &usr2, 0));
	lock1 = MUST(open("lock", O_RDWR | O_CREAT, 0600));
	lock2 = MUST(open("lock", O_RDWR));
	MUST(mkfifo("fifo", 0600));
	iov[0] = (struct iovec){ buf, 1 };
	main_thread = pthread_self();
	pthread_create(&t, NULL, poker, NULL);

	sigaction(SIGUSR1, &sa, NULL);
	all(handler_only, 2, "handler");
	all(calls, sizeof(calls) / sizeof(calls[0]), "handler");
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
	all(handler_only, 2, "SA_RESTART");
	all(calls, sizeof(calls) / sizeof(calls[0]), "SA_RESTART");
	how = 1;
	all(calls, sizeof(calls) / sizeof(calls[0]), "stopped");
	unlink("lock");
	unlink("fifo");
	t_rm_workdir();
	kill(stop_pid, SIGKILL);
	return 0;
}
