// What threads share and what they have of their own: CLONE_FS and CLONE_FILES left out, unshare,
// limits, names, membarrier, exec while other threads run.
//
// ldflags: -pthread
// since: 6.18
#include "t.h"
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static char stack[16][65536] __attribute__((aligned(16)));
static volatile int step, child_tid[16];
#define THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

// A bare thread: no thread-local storage of its own, so nothing of libc but system calls.
static long sys(long n, long a, long b, long c, long d)
{
	long r;
	register long r10 __asm__("r10") = d;
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "0"(n), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return r;
}

static void wait_step(int n)
{
	while (__atomic_load_n(&step, __ATOMIC_SEQ_CST) < n)
		sys(SYS_sched_yield, 0, 0, 0, 0);
}

static void next(int n)
{
	__atomic_store_n(&step, n, __ATOMIC_SEQ_CST);
}

struct seen {
	long chdir, open, dup, umask, fcntl, unshare;
	char cwd[64];
};
static struct seen seen[8];

static int child(void *arg)
{
	struct seen *s = &seen[(long)arg];

	s->chdir = sys(SYS_chdir, (long)"/proc", 0, 0, 0);
	s->umask = sys(SYS_umask, 077, 0, 0, 0);
	s->dup = sys(SYS_dup2, 1, 77, 0, 0);
	next(1);
	wait_step(2);
	s->fcntl = sys(SYS_fcntl, 1, F_GETFD, 0, 0);
	sys(SYS_exit, 0, 0, 0, 0);
	return 0;
}

static void bare(const char *what, int flags, int n)
{
	char cwd[64];

	MUST(chdir("/"));
	umask(022);
	close(77);
	next(0);
	child_tid[n] = 1;
	MUST(clone(child, stack[n] + sizeof(stack[n]), THREAD | CLONE_CHILD_CLEARTID | flags,
		   (void *)(long)n, NULL, NULL, (void *)&child_tid[n]));
	wait_step(1);
	printf("%s: cwd %s", what, getcwd(cwd, sizeof(cwd)));
	mode_t m = umask(022);
	printf(" umask %#o fd %s\n", m, fcntl(77, F_GETFD) < 0 ? "closed" : "open");
	next(2);
	while (__atomic_load_n(&child_tid[n], __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &child_tid[n], 0, 1, NULL, NULL, 0);
	printf("child: %ld %#lo %ld %ld\n", seen[n].chdir, seen[n].umask, seen[n].dup,
	       seen[n].fcntl);
}

static void *unsharer(void *arg)
{
	char cwd[64];

	R(unshare(CLONE_FS | CLONE_FILES));
	R(unshare(0));
	R(unshare(CLONE_VM));
	R(unshare(CLONE_SIGHAND));
	R(unshare(CLONE_THREAD));
	R(unshare(CLONE_SYSVSEM));
	R(unshare(CLONE_SETTLS));
	R(unshare(CLONE_VFORK));
	R(chdir("/proc"));
	R(dup2(1, 78));
	struct rlimit l = { 200, 1000 };
	R(setrlimit(RLIMIT_NOFILE, &l));
	R(dup2(1, 300));
	next(1);
	wait_step(2);
	R(dup2(1, 150));
	printf("its cwd %s\n", getcwd(cwd, sizeof(cwd)));
	return NULL;
}

static void unshared(void)
{
	struct rlimit l = { 100, 1000 };
	pthread_t t;
	char cwd[64];

	MUST(chdir("/"));
	next(0);
	pthread_create(&t, NULL, unsharer, NULL);
	wait_step(1);
	printf("cwd %s\n", getcwd(cwd, sizeof(cwd)));
	R(fcntl(78, F_GETFD));
	R(dup2(1, 250));
	R(setrlimit(RLIMIT_NOFILE, &l));
	next(2);
	pthread_join(t, NULL);
	l.rlim_cur = 1000;
	R(setrlimit(RLIMIT_NOFILE, &l));
	R(unshare(CLONE_FS | CLONE_FILES));
}

// The reading end sees the end of the file once every copy of the writing end is closed.
static void *holder(void *arg)
{
	R(unshare(CLONE_FILES));
	next(1);
	wait_step(2);
	return NULL;
}

static void last_close(void)
{
	pthread_t t;
	int p[2];
	char c;

	MUST(pipe2(p, O_NONBLOCK));
	next(0);
	pthread_create(&t, NULL, holder, NULL);
	wait_step(1);
	close(p[1]);
	R(read(p[0], &c, 1));
	next(2);
	pthread_join(t, NULL);
	usleep(20000);
	R(read(p[0], &c, 1));
	close(p[0]);
}

static int member(int cmd, unsigned flags, int cpu)
{
	return (int)syscall(SYS_membarrier, cmd, flags, cpu);
}

static void membarriers(void)
{
	R(member(MEMBARRIER_CMD_QUERY, 0, 0));
	R(member(MEMBARRIER_CMD_QUERY, 1, 0));
	R(member(512, 0, 0));
	R(member(MEMBARRIER_CMD_GLOBAL, 0, 0));
	R(member(MEMBARRIER_CMD_GLOBAL, 1, 0));
	R(member(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0));
	for (int bit = 3; bit < 8; bit += 2) {
		printf("bit %d\n", bit);
		R(member(1 << bit, 0, 0));
		R(member(1 << bit, 1, 0));
		R(member(2 << bit, 1, 0));
		R(member(2 << bit, 0, 0));
		R(member(1 << bit, 0, 0));
	}
	R(member(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 0));
	R(member(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 1 << 20));
	R(member(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, -1));
	R(member(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 2, 0));
	R(member(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0));
	R(member(512, 0, 0));
	R(member(1024, 0, 0));
	R(member(3, 0, 0));
	R(member(-1, 0, 0));
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		printf("in a child:\n");
		R(member(512, 0, 0));
		R(member(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static volatile int named_tid;
static void *named(void *arg)
{
	named_tid = (int)syscall(SYS_gettid);
	prctl(PR_SET_NAME, "a name that is too long");
	next(1);
	wait_step(2);
	char name[17] = { 0 };
	prctl(PR_GET_NAME, name);
	printf("its name %s\n", name);
	return NULL;
}

static void names(void)
{
	char path[64], text[64] = { 0 };
	pthread_t t;
	int fd;

	next(0);
	pthread_create(&t, NULL, named, NULL);
	wait_step(1);
	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", named_tid);
	fd = MUST(open(path, O_RDWR));
	printf("%ld %s", (long)read(fd, text, sizeof(text)), text);
	R(write(fd, "renamed\n", 8));
	R(write(fd, "", 0));
	close(fd);
	fd = MUST(open(path, O_RDWR));
	memset(text, 0, sizeof(text));
	printf("%ld %s\n", (long)read(fd, text, sizeof(text)), text);
	R(write(fd, "this is also too long", 21));
	close(fd);
	next(2);
	pthread_join(t, NULL);
	usleep(50000); // joined a little before its end
	R(open(path, O_RDONLY));
}

static void clone_errors(void)
{
	struct {
		const char *what;
		unsigned long flags;
	} bad[] = {
		{ "THREAD", CLONE_THREAD | CLONE_VM },
		{ "SIGHAND", CLONE_SIGHAND },
		{ "THREAD|SIGHAND", CLONE_THREAD | CLONE_SIGHAND },
		{ "NEWNS|FS", CLONE_NEWNS | CLONE_FS },
		{ "PIDFD|DETACHED", CLONE_PIDFD | CLONE_DETACHED | THREAD },
	};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		long r = sys(SYS_clone, (long)bad[i].flags, 0, 0, 0);
		printf("clone %s: %s\n", bad[i].what, t_errno((int)-r));
	}
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls,
			set_tid, set_tid_size, cgroup, more;
	} a;
	memset(&a, 0, sizeof(a));
	R(syscall(SYS_clone3, &a, 8));
	R(syscall(SYS_clone3, &a, 63));
	R(syscall(SYS_clone3, &a, 5000));
	R(syscall(SYS_clone3, 8, 64));
	a.more = 1;
	R(syscall(SYS_clone3, &a, sizeof(a)));
	a.more = 0;
	a.flags = CLONE_DETACHED;
	R(syscall(SYS_clone3, &a, 88));
	a.flags = 1;
	R(syscall(SYS_clone3, &a, 88));
	a.flags = 1ull << 40;
	R(syscall(SYS_clone3, &a, 88));
	a.flags = THREAD;
	a.exit_signal = SIGCHLD;
	R(syscall(SYS_clone3, &a, 88));
	a.exit_signal = 0;
	a.stack = (uintptr_t)stack[0];
	R(syscall(SYS_clone3, &a, 88));
	a.stack = 0;
	a.stack_size = 4096;
	R(syscall(SYS_clone3, &a, 88));
	a.stack_size = 0;
	a.exit_signal = 65;
	a.flags = 0;
	R(syscall(SYS_clone3, &a, 88));
}

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static void *execer(void *arg)
{
	char *argv[] = { arg, "again", NULL }, *envp[] = { NULL };

	fflush(stdout);
	execve("/proc/self/exe", argv, envp);
	printf("exec: %s\n", t_errno(errno));
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1) {
		char n[8] = { 0 };
		IS(getpid() == syscall(SYS_gettid));
		R(member(512, 0, 0));
		R(access("/proc/self/task", F_OK));
		R(fcntl(77, F_GETFD));
		int fd = open("/proc/self/stat", O_RDONLY);
		(void)!read(fd, n, 1);
		return 0;
	}
	R(unshare(CLONE_SIGHAND));
	R(unshare(CLONE_VM | CLONE_THREAD | CLONE_SYSVSEM));
	bare("shares both", CLONE_FS | CLONE_FILES, 0);
	bare("shares FS", CLONE_FS, 1);
	bare("shares FILES", CLONE_FILES, 2);
	bare("shares nothing", 0, 3);
	close(77);
	unshared();
	last_close();
	membarriers();
	names();
	clone_errors();
	pthread_create(&t, NULL, sleeper, NULL);
	pthread_create(&t, NULL, sleeper, NULL);
	pthread_create(&t, NULL, execer, argv[0]);
	pthread_join(t, NULL);
	return 1;
}
