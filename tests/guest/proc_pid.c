// What /proc/PID tells of a sleeping child, of one that has ended, of one with a terminal; its
// directory as a pidfd; scheduling of pid 1; RLIMIT_NPROC.
//
// needs: root
#include "t.h"
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#define FIELDS 52

static long long field[FIELDS + 1];
static char comm[64], state;

// The numbers of /proc/PID/stat, counted from 1 as proc(5) does.
static bool read_stat(pid_t pid)
{
	char path[64], buf[1024], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = 0;
	p = strrchr(buf, ')');
	*p = 0;
	snprintf(comm, sizeof(comm), "%s", strchr(buf, '(') + 1);
	state = p[2];
	p += 3;
	for (int i = 4; i <= FIELDS; i++)
		field[i] = strtoll(p, &p, 10);
	return true;
}

static void show_status(pid_t pid)
{
	static const char *const keys[] = {
		"Name:",   "Umask:",  "State:",  "Uid:",    "Gid:",        "FDSize:",   "VmRSS:",
		"Threads", "SigPnd:", "SigBlk:", "SigCgt:", "NoNewPrivs:", "TracerPid:"
	};
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			if (!strncmp(line, keys[i], strlen(keys[i])))
				printf("%s%s", i == 6 ? "has memory\n" : line, "");
	if (f)
		fclose(f);
}

static void show_file(pid_t pid, const char *name)
{
	char path[64], buf[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		printf("%s: open %s\n", name, t_errno(errno));
		return;
	}
	n = read(fd, buf, sizeof(buf) - 1);
	if (n < 0)
		printf("%s: read %s\n", name, t_errno(errno));
	else
		printf("%s: %.*s\n", name, (int)n, buf);
	close(fd);
}

static void show_numbers(pid_t pid)
{
	printf("comm %s state %c\n", comm, state);
	IS(field[4] == getpid() && field[5] == getpgrp() && field[6] == getsid(0));
	printf("priority %lld nice %lld threads %lld zero %lld\n", field[18], field[19], field[20],
	       field[21]);
	printf("sleeps %lld exit signal %lld rt %lld policy %lld code %lld\n", field[35], field[38],
	       field[40], field[41], field[52]);
	printf("not exec'd %d\n", !!(field[9] & 0x40));
	printf("memory %d\n", field[23] > 0);
	IS(field[51] >= field[50] && field[46] >= field[45]);
	printf("signals %lld %lld %lld %lld\n", field[31], field[32], field[33], field[34]);
}

static void sleeping_and_ended(void)
{
	pid_t pid;
	siginfo_t si;
	char buf[64];
	int st;

	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		sigset_t s;

		sigemptyset(&s);
		sigaddset(&s, SIGUSR1);
		sigprocmask(SIG_BLOCK, &s, NULL);
		signal(SIGHUP, SIG_IGN);
		MUST(prctl(PR_SET_NAME, "a child"));
		MUST(setpriority(PRIO_PROCESS, 0, 5));
		syscall(SYS_pause);
		_exit(3);
	}
	usleep(50000);
	kill(pid, SIGUSR1);
	IS(read_stat(pid));
	show_numbers(pid);
	show_status(pid);
	snprintf(buf, sizeof(buf), "/proc/%d/syscall", pid);
	st = MUST(open(buf, O_RDONLY));
	MUST(read(st, buf, sizeof(buf)));
	printf("in call %d\n", atoi(buf));
	close(st);
	kill(pid, SIGTERM);
	MUST(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT));
	IS(read_stat(pid));
	show_numbers(pid);
	show_status(pid);
	show_file(pid, "comm");
	show_file(pid, "cmdline");
	show_file(pid, "maps");
	MUST(waitpid(pid, &st, 0));
	IS(read_stat(pid));
	show_file(pid, "comm");
}

static void terminal(void)
{
	int master = MUST(open("/dev/ptmx", O_RDWR | O_NOCTTY)), n, st;
	char path[64];
	struct stat sb;
	pid_t pid;

	MUST(ioctl(master, TIOCGPTN, &n));
	MUST(ioctl(master, TIOCSPTLCK, &(int){ 0 }));
	snprintf(path, sizeof(path), "/dev/pts/%d", n);
	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		MUST(setsid());
		read_stat(getpid());
		printf("none: %lld %lld\n", field[7], field[8]);
		MUST(open(path, O_RDWR)); // becomes the session's
		MUST(stat(path, &sb));
		read_stat(getpid());
		IS(field[7] == (long long)sb.st_rdev && field[8] == getpgrp());
		fflush(stdout);
		_exit(0);
	}
	MUST(waitpid(pid, &st, 0));
	close(master);
}

static void directories(void)
{
	char path[64];
	int fd, st, path_fd;
	pid_t pid;

	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = MUST(open(path, O_RDONLY | O_DIRECTORY));
	path_fd = MUST(open(path, O_PATH));
	R(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	R(syscall(SYS_pidfd_send_signal, path_fd, 0, NULL, 0));
	R(syscall(SYS_pidfd_send_signal, 0, 0, NULL, 0));
	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, pid);
	st = MUST(open(path, O_RDONLY | O_DIRECTORY));
	R(syscall(SYS_pidfd_send_signal, st, 0, NULL, 0));
	close(st);
	R(syscall(SYS_pidfd_send_signal, fd, 65, NULL, 0));
	R(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	MUST(waitpid(pid, &st, 0));
	printf("%x\n", (unsigned)st);
	R(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	close(fd);
	close(path_fd);
}

static void owners(void)
{
	struct stat sb;
	char path[64];
	int ready[2], st;
	pid_t pid;
	char c;

	MUST(pipe(ready));
	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		MUST(syscall(SYS_setresgid, 1001, 1001, 1001));
		MUST(syscall(SYS_setresuid, 1000, 1000, 1000));
		MUST(write(ready[1], "x", 1));
		for (;;)
			pause();
	}
	MUST(read(ready[0], &c, 1));
	snprintf(path, sizeof(path), "/proc/%d", pid);
	MUST(stat(path, &sb));
	printf("directory %u %u\n", sb.st_uid, sb.st_gid);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	MUST(stat(path, &sb)); // it may not be looked at after that change
	printf("file %u %u\n", sb.st_uid, sb.st_gid);
	kill(pid, SIGKILL);
	MUST(waitpid(pid, &st, 0));
}

static void pid_one(void)
{
	struct sched_param sp;
	struct timespec ts;
	cpu_set_t set;

	R(syscall(SYS_sched_getscheduler, 1));
	R(syscall(SYS_sched_getparam, 1, &sp));
	R(syscall(SYS_getpriority, PRIO_PROCESS, 1));
	OK(syscall(SYS_sched_getaffinity, 1, sizeof(set), &set));
	OK(syscall(SYS_sched_rr_get_interval, 1, &ts));
	R(syscall(SYS_ioprio_get, 1, 1));
	R(kill(1, 0));
}

static void nproc(void)
{
	struct rlimit rl = { 2, 2 };
	pid_t pid, kid;
	uid_t user = 100000 + 2 * (uid_t)getpid(); // nobody else's
	int st;

	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		MUST(setrlimit(RLIMIT_NPROC, &rl));
		kid = fork(); // root: no limit
		if (!kid)
			_exit(0);
		IS(kid > 0);
		MUST(waitpid(kid, &st, 0));
		MUST(syscall(SYS_setresuid, user, user, user));
		kid = fork();
		if (!kid)
			pause();
		IS(kid > 0);
		R(fork());
		kill(kid, SIGKILL);
		MUST(waitpid(kid, &st, 0));
		kid = fork();
		if (!kid)
			_exit(0);
		IS(kid > 0);
		MUST(waitpid(kid, &st, 0));
		fflush(stdout);
		_exit(0);
	}
	MUST(waitpid(pid, &st, 0));
	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		rl = (struct rlimit){ 0, 0 };
		MUST(setrlimit(RLIMIT_NPROC, &rl));
		user++;
		R(syscall(SYS_setresuid, user, user, user));
		fflush(stdout);
		R(fork());
		execl("/proc/self/exe", "x", "exec", NULL);
		printf("exec: %s\n", t_errno(errno));
		fflush(stdout);
		_exit(0);
	}
	MUST(waitpid(pid, &st, 0));
	printf("%x\n", (unsigned)st);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 6;
	sleeping_and_ended();
	terminal();
	directories();
	owners();
	pid_one();
	nproc();
	return 0;
}
