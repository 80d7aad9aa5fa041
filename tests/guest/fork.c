// fork, vfork, wait4, waitid: what is shared, what is copied, what a parent is told.
//
// needs: root
#include "t.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#ifndef __WNOTHREAD
#define __WNOTHREAD 0x20000000
#define __WALL      0x40000000
#define __WCLONE    0x80000000
#endif

static volatile sig_atomic_t chld_code, chld_status, chld_count;
static volatile pid_t chld_pid;

static void on_chld(int sig, siginfo_t *info, void *ctx)
{
	chld_code = info->si_code;
	chld_status = info->si_status;
	chld_pid = info->si_pid;
	chld_count++;
}

static void show_status(const char *what, int s)
{
	if (WIFEXITED(s))
		printf("%s: exited %d\n", what, WEXITSTATUS(s));
	else if (WIFSIGNALED(s))
		printf("%s: killed by %d%s\n", what, WTERMSIG(s), WCOREDUMP(s) ? " (core)" : "");
	else if (WIFSTOPPED(s))
		printf("%s: stopped by %d\n", what, WSTOPSIG(s));
	else if (WIFCONTINUED(s))
		printf("%s: continued\n", what);
	else
		printf("%s: ? %x\n", what, s);
}

static pid_t spawn(void (*fn)(void *), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fn(arg);
		fflush(stdout);
		_exit(0);
	}
	return pid;
}

static void exit_with(void *arg)
{
	_exit((int)(long)arg);
}

static void kill_self(void *arg)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	setpgid(0, 0); // an orphaned group would not stop at SIGTTIN
	kill(getpid(), (int)(long)arg);
	_exit(99);
}

static void statuses(void)
{
	int s;
	pid_t pid;

	for (int code = 0; code < 300; code += 97) {
		pid = spawn(exit_with, (void *)(long)code);
		IS(waitpid(pid, &s, 0) == pid);
		show_status("exit", s);
	}
	for (int sig = 1; sig < 32; sig += 4) {
		pid = spawn(kill_self, (void *)(long)sig);
		IS(waitpid(pid, &s, sig == SIGCONT || sig == SIGCHLD ? 0 : WUNTRACED) == pid);
		show_status("signal", s);
		if (WIFSTOPPED(s)) {
			kill(pid, SIGKILL);
			waitpid(pid, &s, 0);
		}
	}
}

struct views {
	char *private, *shared, *file, *wipe, *dont;
};

static void child_looks(void *arg)
{
	struct views *v = arg;

	printf("child sees %c %c %c wiped %d\n", *v->private, *v->shared, *v->file, *v->wipe);
	*v->private = 'x';
	*v->shared = 'x';
	*v->file = 'x';
	unsigned char vec;
	R(mincore(v->dont, PG, &vec));
}

static void memory(void)
{
	int fd = memfd_create("shared", 0);
	struct views v;

	IS(ftruncate(fd, PG) == 0);
	v.private = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	v.wipe = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	v.dont = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	v.shared = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	v.file = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	*v.private = *v.shared = *v.file = *v.wipe = *v.dont = 'p';
	R(madvise(v.wipe, PG, MADV_WIPEONFORK));
	R(madvise(v.dont, PG, MADV_DONTFORK));
	waitpid(spawn(child_looks, &v), NULL, 0);
	printf("parent sees %c %c %c %c %c\n", *v.private, *v.shared, *v.file, *v.wipe, *v.dont);
}

static void seek_and_close(void *arg)
{
	int fd = (int)(long)arg;

	lseek(fd, 3, SEEK_SET);
	fcntl(fd, F_SETFL, O_APPEND);
	close(fd);
	umask(077);
	if (chdir("/"))
		_exit(1);
}

static void descriptors(void)
{
	char cwd[64];
	int fd = memfd_create("offset", 0);
	mode_t mask = umask(022);

	IS(chdir("/proc") == 0);
	waitpid(spawn(seek_and_close, (void *)(long)fd), NULL, 0);
	printf("offset %ld, append %d\n", (long)lseek(fd, 0, SEEK_CUR),
	       !!(fcntl(fd, F_GETFL) & O_APPEND));
	printf("umask %o cwd %s\n", umask(mask), getcwd(cwd, sizeof(cwd)));
	IS(chdir("/") == 0);
}

static void wait_errors(void)
{
	siginfo_t info;
	int s = 77;
	pid_t pid;

	R(wait(&s));
	R(waitpid(-1, &s, WNOHANG));
	R(waitpid(1, &s, 0));
	R(waitpid(-99999, &s, 0));
	R(syscall(SYS_wait4, -1, &s, 0x1000, NULL));
	R(syscall(SYS_wait4, INT32_MIN, &s, 0, NULL));
	R(waitid(P_ALL, 0, &info, 0));
	R(waitid(P_ALL, 0, &info, WNOHANG));
	R(waitid(P_ALL, 0, &info, WEXITED | 0x100));
	R(waitid(77, 0, &info, WEXITED));
	R(waitid(P_PID, 0, &info, WEXITED));
	R(waitid(P_PID, (id_t)-5, &info, WEXITED));
	R(waitid(P_ALL, 0, &info, WEXITED));
	pid = spawn(exit_with, (void *)5L);
	R(waitid(P_PID, (id_t)pid, (siginfo_t *)1, WEXITED | WNOWAIT));
	memset(&info, 0xaa, sizeof(info));
	R(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	printf("signo %d code %d status %d errno %d same pid %d\n", info.si_signo, info.si_code,
	       info.si_status, info.si_errno, info.si_pid == pid);
	R(waitpid(pid, &s, __WCLONE));
	R(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG));
	IS(waitpid(pid, &s, __WALL) == pid);
	show_status("after WNOWAIT", s);
	R(waitpid(pid, &s, 0));
	pid = spawn(exit_with, (void *)5L);
	R(syscall(SYS_wait4, pid, 1, 0, NULL) == -1 ? -1 : 0);
	R(waitpid(pid, &s, 0));
}

static void sleeper(void *arg)
{
	for (;;)
		pause();
}

static void stop_and_continue(void)
{
	pid_t pid = spawn(sleeper, NULL);
	siginfo_t info;
	int s;

	setpgid(pid, pid);

	memset(&info, 0, sizeof(info));
	R(waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG));
	printf("nothing: pid %d signo %d\n", info.si_pid, info.si_signo);
	kill(pid, SIGSTOP);
	IS(waitpid(pid, &s, WUNTRACED) == pid);
	show_status("job", s);
	R(waitpid(pid, &s, WUNTRACED | WNOHANG));
	kill(pid, SIGCONT);
	IS(waitpid(pid, &s, WCONTINUED) == pid);
	show_status("job", s);
	R(waitpid(pid, &s, WCONTINUED | WNOHANG));
	kill(pid, SIGTSTP);
	R(waitid(P_PID, (id_t)pid, &info, WSTOPPED));
	printf("code %d status %d\n", info.si_code, info.si_status);
	kill(pid, SIGTERM); // waits until it goes on
	R(waitpid(pid, &s, WNOHANG));
	kill(pid, SIGCONT);
	IS(waitpid(pid, &s, 0) == pid);
	show_status("job", s);
}

static void sigchld(void)
{
	struct sigaction sa = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_RESTART };
	pid_t pid;
	int s;

	sigaction(SIGCHLD, &sa, NULL);
	pid = spawn(exit_with, (void *)9L);
	IS(waitpid(pid, &s, 0) == pid);
	printf("SIGCHLD %d code %d status %d same pid %d\n", chld_count, chld_code, chld_status,
	       chld_pid == pid);
	pid = spawn(sleeper, NULL);
	kill(pid, SIGSTOP);
	IS(waitpid(pid, &s, WUNTRACED) == pid);
	printf("SIGCHLD %d code %d status %d\n", chld_count, chld_code, chld_status);
	sa.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &sa, NULL);
	kill(pid, SIGCONT);
	IS(waitpid(pid, &s, WCONTINUED) == pid);
	printf("SIGCHLD %d\n", chld_count);
	kill(pid, SIGKILL);
	IS(waitpid(pid, &s, 0) == pid);
	printf("SIGCHLD %d code %d status %d\n", chld_count, chld_code, chld_status);
	sa.sa_flags |= SA_NOCLDWAIT;
	sigaction(SIGCHLD, &sa, NULL);
	pid = spawn(exit_with, (void *)9L);
	R(waitpid(pid, &s, 0));
	printf("SIGCHLD %d\n", chld_count);
	signal(SIGCHLD, SIG_IGN);
	pid = spawn(exit_with, (void *)9L);
	R(waitpid(pid, &s, 0));
	signal(SIGCHLD, SIG_DFL);
}

// A child's child loses its parent: its new one is the subreaper.
static void orphan(void *arg)
{
	int *fds = arg;
	pid_t middle = getpid();

	if (!fork()) {
		char c = 0;

		prctl(PR_SET_PDEATHSIG, SIGUSR1);
		signal(SIGUSR1, SIG_IGN);
		close(fds[1]);
		if (read(fds[0], &c, 1)) // until the middle one is gone
			_exit(1);
		_exit(getppid() != middle ? 42 : 43);
	}
	_exit(7);
}

static void orphans(void)
{
	int fds[2], s;
	pid_t pid;

	R(prctl(PR_SET_CHILD_SUBREAPER, 1));
	IS(pipe(fds) == 0);
	pid = spawn(orphan, fds);
	IS(waitpid(pid, &s, 0) == pid);
	show_status("middle", s);
	R(waitpid(-1, &s, WNOHANG));
	close(fds[1]);
	IS(wait(&s) > 0);
	show_status("orphan", s);
	close(fds[0]);
	R(prctl(PR_SET_CHILD_SUBREAPER, 0));
}

static void die_with_parent(void *arg)
{
	int *fds = arg;

	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(fds[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	char c;
	if (read(fds[0], &c, 1) != 1)
		_exit(1);
	_exit(0);
}

static void pdeath(void)
{
	int fds[2], s;
	char c;

	IS(pipe(fds) == 0);
	IS(waitpid(spawn(die_with_parent, fds), &s, 0) > 0);
	show_status("parent", s);
	close(fds[1]);
	printf("end of pipe %d\n", (int)read(fds[0], &c, 1)); // the grandchild is gone
	close(fds[0]);
}

static void groups(void)
{
	pid_t a = spawn(sleeper, NULL), b = spawn(sleeper, NULL);
	int s;

	R(setpgid(a, a));
	R(setpgid(b, a));
	IS(getpgid(b) == a);
	R(setpgid(b, 99999));
	R(kill(-a, SIGTERM));
	IS(waitpid(-a, &s, 0) > 0);
	show_status("group", s);
	IS(waitpid(-a, &s, 0) > 0);
	show_status("group", s);
	R(waitpid(-a, &s, 0));
	R(kill(-a, 0));
	R(setpgid(a, a));
}

static void vfork_shares(void)
{
	volatile int seen = 0;
	pid_t pid = vfork();
	int s;

	if (!pid) {
		seen = 1;
		_exit(4);
	}
	printf("vfork: seen %d\n", seen);
	IS(waitpid(pid, &s, 0) == pid);
	show_status("vfork", s);
}

static void usage(void)
{
	struct rusage ru;
	pid_t pid = spawn(exit_with, NULL);
	int s;

	IS(wait4(pid, &s, 0, &ru) == pid);
	IS(ru.ru_minflt > 0);
	R(getrusage(RUSAGE_CHILDREN, &ru));
	IS(ru.ru_minflt > 0);
	pid = spawn(exit_with, NULL);
	R(syscall(SYS_wait4, pid, &s, 0, 1) == -1 ? -1 : 0);
}

// PAM gives sessions the limits of pid 1.
static void limits_of_init(void)
{
	FILE *f = fopen("/proc/1/limits", "r");
	char line[128];
	long soft = 0;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "Max open files %ld", &soft);
	IS(soft >= 1024);
	fclose(f);
}

int main(void)
{
	statuses();
	memory();
	descriptors();
	wait_errors();
	stop_and_continue();
	sigchld();
	orphans();
	pdeath();
	groups();
	vfork_shares();
	usage();
	limits_of_init();
	return 0;
}
