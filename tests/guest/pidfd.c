// pidfd_open, pidfd_send_signal, pidfd_getfd, CLONE_PIDFD, waitid(P_PIDFD), poll of a pidfd.
//
// needs: root
// since: 6.13
#include "t.h"
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#define SYS_pidfd_open        434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#define PIDFD_NONBLOCK    O_NONBLOCK
#define PIDFD_THREAD_FLAG O_EXCL
#define SIGNAL_THREAD     1
#define SIGNAL_GROUP      2
#define SIGNAL_PGRP       4

static int pidfd_open_(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static int send_(int fd, int sig, siginfo_t *info, unsigned flags)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, sig, info, flags);
}

static pid_t child(void (*fn)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fn();
		_exit(3);
	}
	return pid;
}

static void sleeps(void)
{
	for (;;)
		pause();
}

static int readiness(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void opening(void)
{
	char buf[64];
	int fd;

	R(pidfd_open_(0, 0));
	R(pidfd_open_(-1, 0));
	R(pidfd_open_(999999, 0));
	R(pidfd_open_(getpid(), 1));
	fd = pidfd_open_(getpid(), 0);
	OK(fd);
	R(fcntl(fd, F_GETFD));
	R(fcntl(fd, F_GETFL) & O_NONBLOCK);
	R(read(fd, buf, 1));
	R(write(fd, buf, 1));
	R(lseek(fd, 0, SEEK_SET));
	R(readiness(fd));
	R(send_(fd, 0, NULL, 0));
	R(send_(fd, 0, NULL, 8));
	R(send_(fd, 0, NULL, 3));
	R(send_(fd, 65, NULL, 0));
	R(send_(-1, 0, NULL, 0));
	R(send_(1, 0, NULL, 0));
	close(fd);
	fd = pidfd_open_(getpid(), PIDFD_NONBLOCK);
	R(!!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	close(fd);
}

static void life(void)
{
	pid_t pid = child(sleeps);
	int fd = pidfd_open_(pid, 0);
	siginfo_t info;

	R(readiness(fd));
	R(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG));
	memset(&info, 0, sizeof(info));
	R(send_(fd, SIGUSR1, &info, 0)); // wrong number inside
	info.si_signo = SIGUSR1;
	info.si_code = SI_USER;
	R(send_(fd, SIGUSR1, &info, 0));
	info.si_code = SI_QUEUE;
	R(send_(fd, SIGUSR1, &info, 0));
	R(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOWAIT));
	printf("code %d status %d same pid %d\n", info.si_code, info.si_status, info.si_pid == pid);
	R(readiness(fd));
	R(send_(fd, 0, NULL, 0)); // a zombie can be signalled
	R(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
	R(readiness(fd));
	R(send_(fd, 0, NULL, 0));
	R(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
	R(waitid(P_PIDFD, 1, &info, WEXITED));
	R(waitid(P_PIDFD, 99, &info, WEXITED));
	R(waitid(P_PIDFD, (id_t)-1, &info, WEXITED));
	close(fd);
	pid = child(sleeps);
	fd = pidfd_open_(pid, PIDFD_NONBLOCK);
	R(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
	R(send_(fd, SIGKILL, NULL, SIGNAL_GROUP));
	R(waitpid(pid, NULL, 0) == pid);
	close(fd);
}

static void poll_waits(void)
{
	pid_t pid = child(sleeps);
	struct pollfd p = { .fd = pidfd_open_(pid, 0), .events = POLLIN };

	kill(pid, SIGTERM);
	R(poll(&p, 1, 10000));
	R(p.revents);
	R(waitpid(pid, NULL, 0) == pid);
	close(p.fd);
}

static void from_clone(void)
{
	int pidfd = -1;
	struct clone_args a = { .flags = CLONE_PIDFD,
				.pidfd = (uint64_t)(uintptr_t)&pidfd,
				.exit_signal = SIGCHLD };
	siginfo_t info;
	long pid;

	fflush(stdout);
	pid = syscall(SYS_clone3, &a, sizeof(a));
	if (!pid)
		_exit(6);
	IS(pid > 0 && pidfd > 2);
	R(fcntl(pidfd, F_GETFD));
	R(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED));
	printf("status %d\n", info.si_status);
	close(pidfd);
	a.flags |= CLONE_PARENT_SETTID;
	a.parent_tid = (uint64_t)(uintptr_t)&pidfd;
	R(syscall(SYS_clone3, &a, sizeof(a)));
}

static void getfd(void)
{
	int fds[2], fd, copy;
	pid_t pid;
	char c = 0;

	MUST(pipe(fds));
	pid = child(sleeps);
	fd = pidfd_open_(pid, 0);
	R(syscall(SYS_pidfd_getfd, fd, fds[1], 1));
	R(syscall(SYS_pidfd_getfd, fd, 99, 0));
	R(syscall(SYS_pidfd_getfd, 1, fds[1], 0));
	copy = (int)syscall(SYS_pidfd_getfd, fd, fds[1], 0);
	IS(copy > 2);
	R(fcntl(copy, F_GETFD));
	IS(write(copy, "z", 1) == 1 && read(fds[0], &c, 1) == 1 && c == 'z');
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	R(syscall(SYS_pidfd_getfd, fd, fds[1], 0));
	close(fd);
}

static pid_t thread_tid;
static volatile int thread_got;

static void on_usr2(int sig)
{
	thread_got = (int)syscall(SYS_gettid) == thread_tid ? 1 : 2;
}

static void *thread(void *ready)
{
	thread_tid = (pid_t)syscall(SYS_gettid);
	if (write(*(int *)ready, "x", 1) != 1)
		return NULL;
	while (!thread_got)
		usleep(1000);
	return NULL;
}

static void threads(void)
{
	pthread_t t;
	int fds[2], fd;
	char c;

	signal(SIGUSR2, on_usr2);
	MUST(pipe(fds));
	pthread_create(&t, NULL, thread, &fds[1]);
	IS(read(fds[0], &c, 1) == 1);
	R(pidfd_open_(thread_tid, 0));
	fd = pidfd_open_(thread_tid, PIDFD_THREAD_FLAG);
	IS(fd > 2);
	R(readiness(fd));
	R(send_(fd, SIGUSR2, NULL, 0));
	pthread_join(t, NULL);
	R(thread_got);
	while (!readiness(fd))
		usleep(1000);
	R(readiness(fd));
	R(send_(fd, 0, NULL, 0));
	close(fd);
}

static void pgrp(void)
{
	pid_t pid = child(sleeps);
	int fd, s;

	setpgid(pid, pid);
	fd = pidfd_open_(pid, 0);
	R(send_(fd, SIGHUP, NULL, SIGNAL_PGRP));
	IS(waitpid(pid, &s, 0) == pid && WTERMSIG(s) == SIGHUP);
	close(fd);
}

int main(void)
{
	opening();
	life();
	poll_waits();
	from_clone();
	getfd();
	threads();
	pgrp();
	return 0;
}
