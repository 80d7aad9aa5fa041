// flock and record locks: kinds that change, ranges that are split and joined, lengths below zero,
// owners (process, description), waiting, signals while waiting, deadlocks.
//
// since: 6.18
#include <sys/file.h>
#include <sys/wait.h>

#include "t.h"

static int lock(int fd, int cmd, int type, long start, long bytes)
{
	struct flock l = { .l_type = (short)type, .l_start = start, .l_len = bytes };

	return fcntl(fd, cmd, &l);
}

static void get(int fd, int cmd, int type, long start, long bytes, pid_t other)
{
	struct flock l = { .l_type = (short)type, .l_start = start, .l_len = bytes };

	if (fcntl(fd, cmd, &l))
		printf("get %ld+%ld: %s\n", start, bytes, t_errno(errno));
	else if (l.l_type == F_UNLCK)
		printf("get %ld+%ld: free\n", start, bytes);
	else
		printf("get %ld+%ld: %s %ld+%ld %s\n", start, bytes,
		       l.l_type == F_RDLCK ? "read" : "write", (long)l.l_start, (long)l.l_len,
		       l.l_pid == other ? "the other"
		       : l.l_pid == -1  ? "description"
					: "?");
}

// Runs |what| in a child that has its own locks, and waits for it.
#define CHILD(what)                                                                                \
	do {                                                                                       \
		pid_t me_ = getpid(), child_;                                                      \
		fflush(stdout);                                                                    \
		child_ = MUST(fork());                                                             \
		if (!child_) {                                                                     \
			(void)me_;                                                                 \
			what;                                                                      \
			fflush(stdout);                                                            \
			_exit(0);                                                                  \
		}                                                                                  \
		waitpid(child_, NULL, 0);                                                          \
	} while (0)

static void on_alarm(int sig)
{
}

static void flocks(void)
{
	int a = MUST(open("f", O_RDWR)), b = MUST(open("f", O_RDWR)), c = dup(a);

	R(flock(a, LOCK_SH));
	R(flock(b, LOCK_SH | LOCK_NB));
	R(flock(a, LOCK_EX | LOCK_NB));
	R(flock(b, LOCK_EX | LOCK_NB)); // what |a| had is gone
	R(flock(a, LOCK_SH | LOCK_NB));
	R(flock(b, LOCK_SH | LOCK_NB));
	R(flock(c, LOCK_SH | LOCK_NB));
	R(flock(a, LOCK_UN));
	R(flock(b, LOCK_EX | LOCK_NB));
	R(flock(c, 7));
	close(b);
	R(flock(c, LOCK_EX | LOCK_NB));
	close(a);
	CHILD({
		int d = open("f", O_RDONLY);

		R(flock(d, LOCK_SH | LOCK_NB));
		R(flock(c, LOCK_UN));
		R(flock(d, LOCK_EX | LOCK_NB));
	});
	R(flock(c, LOCK_EX | LOCK_NB));
	R(flock(c, LOCK_UN));
	close(c);
}

static void ranges(void)
{
	int fd = MUST(open("f", O_RDWR)), ro = MUST(open("f", O_RDONLY));

	R(lock(fd, F_SETLK, F_WRLCK, 100, 100));
	R(lock(fd, F_SETLK, F_UNLCK, 140, 20));
	R(lock(fd, F_SETLK, F_RDLCK, 180, 20));
	CHILD({
		get(fd, F_GETLK, F_WRLCK, 0, 0, me_);
		get(fd, F_GETLK, F_WRLCK, 140, 20, me_);
		get(fd, F_GETLK, F_WRLCK, 145, 0, me_);
		get(fd, F_GETLK, F_WRLCK, 180, 0, me_);
		get(fd, F_GETLK, F_RDLCK, 180, 0, me_);
		R(lock(fd, F_SETLK, F_RDLCK, 190, 5));
		R(lock(fd, F_SETLK, F_WRLCK, 190, 5));
		R(lock(fd, F_SETLK, F_WRLCK, 139, 1));
		R(lock(fd, F_SETLK, F_WRLCK, 140, -1));
		R(lock(fd, F_SETLK, F_WRLCK, 160, -20));
		R(lock(fd, F_SETLK, F_WRLCK, 10, -20));
		R(lock(fd, F_SETLK, F_WRLCK, -1, 1));
	});
	R(lock(fd, F_SETLK, F_WRLCK, 140, 20));
	R(lock(fd, F_SETLK, F_WRLCK, 180, 20));
	CHILD(get(fd, F_GETLK, F_WRLCK, 0, 0, me_)); // one again
	R(lock(fd, F_SETLK, F_WRLCK, 0, 0));
	CHILD(get(fd, F_GETLK, F_WRLCK, 1ul << 40, 1, me_));
	R(lock(fd, F_SETLK, F_UNLCK, 50, 0));
	CHILD(get(fd, F_GETLK, F_WRLCK, 0, 0, me_));
	R(lock(ro, F_SETLK, F_WRLCK, 0, 1));
	R(lock(fd, F_SETLK, F_WRLCK, 0x7fffffffffffffffl, 2));
	R(lock(fd, F_SETLK, F_WRLCK, 0x7fffffffffffffffl, 1));
	R(lock(fd, F_SETLK, 9, 0, 1));
	close(ro); // closing any descriptor of the file drops the process's locks
	CHILD(get(fd, F_GETLK, F_WRLCK, 0, 0, me_));
	close(fd);
}

static void descriptions(void)
{
	int a = MUST(open("f", O_RDWR)), b = MUST(open("f", O_RDWR));

	R(lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
	R(lock(b, F_OFD_SETLK, F_WRLCK, 5, 10));
	R(lock(b, F_OFD_SETLK, F_WRLCK, 10, 10));
	get(a, F_OFD_GETLK, F_WRLCK, 0, 0, 0);
	get(b, F_OFD_GETLK, F_RDLCK, 0, 0, 0);
	get(b, F_GETLK, F_RDLCK, 0, 0, 0);
	R(lock(b, F_SETLK, F_WRLCK, 0, 5));
	close(a);
	R(lock(b, F_SETLK, F_WRLCK, 0, 5));
	close(b);
}

// F_UNLCK in F_OFD_GETLK asks for one's own locks; l_pid must be 0, which is seen last.
static void own_locks(void)
{
	int a = MUST(open("f", O_RDWR)), b = MUST(open("f", O_RDWR)), ro = MUST(open("f", 0));
	struct flock l = { .l_type = F_WRLCK, .l_len = 10, .l_pid = 5 };

	R(lock(a, F_OFD_SETLK, F_WRLCK, 100, 10));
	get(a, F_OFD_GETLK, F_UNLCK, 0, 0, 0);
	get(a, F_OFD_GETLK, F_UNLCK, 0, 50, 0);
	get(b, F_OFD_GETLK, F_UNLCK, 0, 0, 0);
	get(b, F_GETLK, F_UNLCK, 0, 0, 0);
	R(fcntl(b, F_OFD_GETLK, &l));
	R(fcntl(b, F_OFD_SETLK, &l));
	R(fcntl(ro, F_OFD_SETLK, &l));
	R(fcntl(ro, F_SETLK, &l));
	R(lock(ro, F_SETLK, 7, 0x7fffffffffffffffl, 2)); // the range first
	R(lock(ro, F_GETLK, 7, 0x7fffffffffffffffl, 2));
	close(a);
	close(b);
	close(ro);
}

static void waiting(void)
{
	int fd = MUST(open("f", O_RDWR)), go[2];
	struct sigaction sa = { .sa_handler = on_alarm };
	char c;
	pid_t child;

	MUST(pipe(go));
	sigaction(SIGALRM, &sa, NULL);
	R(lock(fd, F_SETLK, F_WRLCK, 0, 1));
	fflush(stdout);
	child = MUST(fork());
	if (!child) {
		MUST(lock(fd, F_SETLK, F_WRLCK, 1, 1));
		MUST(write(go[1], "x", 1));
		// Waits for the parent, which then waits for us.
		_exit(lock(fd, F_SETLKW, F_WRLCK, 0, 1) ? 1 : 0);
	}
	MUST(read(go[0], &c, 1));
	usleep(100000);
	R(lock(fd, F_SETLKW, F_WRLCK, 1, 1)); // EDEADLK
	alarm(1);
	R(lock(fd, F_OFD_SETLKW, F_WRLCK, 1, 1)); // no such check: EINTR
	R(lock(fd, F_SETLK, F_UNLCK, 0, 0));
	R(lock(fd, F_SETLKW, F_WRLCK, 1, 1));
	R(waitpid(child, NULL, 0) == child);
	close(fd);
}

int main(void)
{
	t_workdir();
	close(MUST(open("f", O_CREAT | O_RDWR, 0644)));
	flocks();
	ranges();
	descriptions();
	own_locks();
	waiting();
	unlink("f");
	t_rm_workdir();
	return 0;
}
