// The memory of other processes: process_vm_readv and writev, /proc/PID/mem; and who may.
//
// needs: root
// cpus: 1 4
#include "t.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define BIG 100000

static char text[] = "some text that a child changes";
static const char fixed[] = "that nobody may write";
static char big[BIG];
static char *shared, *none, *reader;

static long vm(int write, pid_t pid, const struct iovec *l, unsigned long nl, const struct iovec *r,
	       unsigned long nr, unsigned long flags)
{
	return syscall(write ? SYS_process_vm_writev : SYS_process_vm_readv, pid, l, nl, r, nr,
		       flags);
}

static int to_parent[2], to_child[2];

// A child that changes what it has, waits for word, and says what it finds.
static pid_t child(uid_t uid)
{
	pid_t pid;
	char c;

	MUST(pipe(to_parent));
	MUST(pipe(to_child));
	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		close(to_child[1]);
		memset(text, 'c', 4);
		for (int i = 0; i < BIG; i++)
			big[i] = (char)(i * 7);
		if (uid)
			MUST(syscall(SYS_setresuid, uid, uid, uid));
		MUST(write(to_parent[1], "x", 1));
		if (read(to_child[0], &c, 1) == 1)
			printf("child: %.30s|%.10s\n", text, big);
		fflush(stdout);
		_exit(0);
	}
	MUST(read(to_parent[0], &c, 1));
	return pid;
}

static void end(pid_t pid)
{
	int st;

	fflush(stdout); // the child prints now
	MUST(write(to_child[1], "x", 1));
	MUST(waitpid(pid, &st, 0));
	printf("end %x\n", (unsigned)st);
	for (int i = 0; i < 2; i++) {
		close(to_parent[i]);
		close(to_child[i]);
	}
}

static void calls(void)
{
	static char buf[BIG + 8];
	pid_t pid = child(0);
	struct iovec l = { buf, 30 }, r = { text, 30 };
	struct iovec l3[3] = { { buf, 5 }, { buf + 100, 0 }, { buf + 200, 5 } };
	struct iovec r2[2] = { { text, 3 }, { text + 5, 4 } };

	R(vm(0, pid, &l, 1, &r, 1, 0));
	printf("%.30s\n", buf);
	R(vm(0, pid, &l, 1, &r, 1, 1));
	R(vm(0, 999999, &l, 1, &r, 1, 0));
	R(vm(0, 999999, &l, 1, &r, 0, 0));
	R(vm(0, 999999, &l, 0, &r, 1, 0));
	R(vm(0, pid, &l, 2000, &r, 1, 0));
	R(vm(0, pid, &l, 1, &r, 2000, 0));
	R(vm(0, pid, (void *)8, 1, &r, 1, 0));
	R(vm(0, pid, &l, 1, (void *)8, 1, 0));
	memset(buf, 0, sizeof(buf));
	R(vm(0, pid, l3, 3, r2, 2, 0));
	printf("%s %s\n", buf, buf + 200);
	l = (struct iovec){ buf, 10 };
	R(vm(0, pid, &l, 1, &r, 1, 0)); // the shorter one decides
	r.iov_len = -1;
	R(vm(0, pid, &l, 1, &r, 1, 0));
	r = (struct iovec){ (void *)16, 10 };
	R(vm(0, pid, &l, 1, &r, 1, 0));
	r = (struct iovec){ none, 10 };
	R(vm(0, pid, &l, 1, &r, 1, 0));
	r = (struct iovec){ none - 4, 10 };
	R(vm(0, pid, &l, 1, &r, 1, 0)); // part of it
	l = (struct iovec){ (void *)16, 10 };
	r = (struct iovec){ text, 10 };
	R(vm(0, pid, &l, 1, &r, 1, 0));
	l = (struct iovec){ buf, BIG };
	r = (struct iovec){ big, BIG };
	R(vm(0, pid, &l, 1, &r, 1, 0));
	IS(buf[1] == 7 && buf[BIG - 1] == (char)((BIG - 1) * 7));
	l = (struct iovec){ (char *)fixed, 9 };
	r = (struct iovec){ text + 5, 9 };
	R(vm(1, pid, &l, 1, &r, 1, 0));
	r = (struct iovec){ (char *)fixed, 9 };
	R(vm(1, pid, &l, 1, &r, 1, 0));
	r = (struct iovec){ reader, 9 };
	R(vm(1, pid, &l, 1, &r, 1, 0));
	r = (struct iovec){ shared, 9 };
	R(vm(1, pid, &l, 1, &r, 1, 0));
	printf("%.9s\n", shared);
	r = (struct iovec){ buf, 9 };
	R(vm(0, getpid(), &l, 1, &r, 1, 0)); // ours: l is read-only
	l = (struct iovec){ text, 4 };
	R(vm(1, getpid(), &l, 1, &r, 1, 0));
	printf("%.4s\n", buf);
	end(pid);
}

static int open_mem(pid_t pid, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return open(path, flags);
}

static void file(void)
{
	pid_t pid = child(0);
	char buf[64] = "";
	int fd = open_mem(pid, O_RDWR), self = open_mem(getpid(), O_RDONLY);

	R(pread(fd, buf, 30, (off_t)text));
	printf("%.30s\n", buf);
	R(lseek(fd, (off_t)text + 5, SEEK_SET) == (off_t)text + 5);
	R(read(fd, buf, 4));
	R(lseek(fd, 1, SEEK_CUR) == (off_t)text + 10);
	R(lseek(fd, 0, SEEK_END));
	R(pread(fd, buf, 10, 16));
	R(pread(fd, buf, 0, 16));
	R(pread(fd, buf, 10, (off_t)none - 4));
	R(pread(fd, buf, 10, (off_t)none)); // what its own program may not, a debugger may
	R(pread(fd, (char *)16, 10, (off_t)text));
	R(pwrite(fd, "TEXT", 4, (off_t)text + 5));
	R(pwrite(fd, "THAT", 4, (off_t)fixed));
	R(pread(fd, buf, 9, (off_t)fixed));
	printf("%.9s, here %.9s\n", buf, fixed);
	R(pwrite(fd, "x", 1, (off_t)reader));
	R(pwrite(fd, "x", 1, (off_t)shared));
	R(pwrite(fd, (char *)16, 1, (off_t)text));
	R(pread(self, buf, 9, (off_t)fixed));
	R(pwrite(self, buf, 9, (off_t)fixed));
	end(pid);
	R(pread(fd, buf, 9, (off_t)fixed)); // it has ended
	R(pwrite(fd, buf, 9, (off_t)text));
	R(open_mem(pid, O_RDONLY));
	close(fd);
	close(self);
}

static void as_user(pid_t root, pid_t other, pid_t own, pid_t closed)
{
	static char buf[8];
	struct iovec l = { buf, 4 }, r = { text, 4 };
	const struct {
		const char *name;
		pid_t pid;
	} of[] = {
		{ "root's", root }, { "another's", other }, { "own", own }, { "closed", closed }
	};

	for (int i = 0; i < 4; i++) {
		printf("%s:\n", of[i].name);
		R(vm(0, of[i].pid, &l, 1, &r, 1, 0));
		R(open_mem(of[i].pid, O_RDONLY) >= 0);
		R(ptrace(PTRACE_SEIZE, of[i].pid, 0, 0));
	}
}

static pid_t idle(uid_t uid, int dumpable)
{
	int ready[2];
	pid_t pid;
	char c;

	MUST(pipe(ready));
	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		if (uid) {
			MUST(syscall(SYS_setresgid, uid, uid, uid));
			MUST(syscall(SYS_setresuid, uid, uid, uid));
		}
		MUST(prctl(PR_SET_DUMPABLE, dumpable));
		MUST(write(ready[1], "x", 1));
		for (;;)
			pause();
	}
	MUST(read(ready[0], &c, 1));
	return pid;
}

static void rights(void)
{
	pid_t root = idle(0, 1), other = idle(1001, 1), own = idle(1000, 1), closed = idle(1000, 0);
	pid_t pid;
	int st;

	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		MUST(syscall(SYS_setresgid, 1000, 1000, 1000));
		MUST(syscall(SYS_setresuid, 1000, 1000, 1000));
		as_user(root, other, own, closed);
		fflush(stdout);
		_exit(0);
	}
	MUST(waitpid(pid, &st, 0));
	R(ptrace(PTRACE_SEIZE, closed, 0, 0)); // root may
	kill(root, SIGKILL);
	kill(other, SIGKILL);
	kill(own, SIGKILL);
	kill(closed, SIGKILL);
	for (int i = 0; i < 4; i++)
		MUST(wait(&st));
}

int main(void)
{
	char *two = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = t_memfd_sized(0, PG);

	none = two + PG;
	mprotect(none, PG, PROT_NONE);
	shared = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	reader = mmap(NULL, PG, PROT_READ, MAP_SHARED, fd, 0);
	calls();
	file();
	rights();
	return 0;
}
