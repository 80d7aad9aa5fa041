// Operations with a second process and on descriptors in flight. A child is a fork of the episode's
// process; it makes an operation when it is told to, answers with the line, and waits again: so
// both sides go on, in one order. Its pipes are at descriptors that operations do not reach.
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

#define CHILDREN  2
#define CHILD_FDS 200 // four for each child
#define FLIGHT_FD 220 // a socket pair through which descriptors travel
#define CMD_END   0xfffffffful
#define CMD_EXEC  0xfffffffeul

static struct {
	long pid[CHILDREN]; // 0: none
	int is_child;
} procs;

// The ends of child |i|'s pipes: commands and answers.
static int end_of(unsigned i, unsigned which)
{
	return CHILD_FDS + (int)(4 * i + which);
}

enum {
	CMD_READ,
	CMD_WRITE,
	ANSWER_READ,
	ANSWER_WRITE,
};

static int make_pipe_at(int at)
{
	int fd[2];

	if (SYS(SYS_pipe2, fd, 0))
		return -1;
	for (int i = 0; i < 2; i++) {
		SYS(SYS_dup2, fd[i], at + i);
		SYS(SYS_close, fd[i]);
	}
	return 0;
}

static void close_ends(unsigned i)
{
	for (unsigned which = 0; which < 4; which++)
		SYS(SYS_close, end_of(i, which));
}

static int read_all(int fd, void *to, unsigned long n)
{
	for (char *p = to; n;) {
		long got = SYS(SYS_read, fd, p, n);

		if (got <= 0)
			return -1;
		p += got;
		n -= (unsigned long)got;
	}
	return 0;
}

// The line so far, as the answer.
static void answer(int fd)
{
	unsigned n = text.n, done = 0;

	SYS(SYS_write, fd, &n, sizeof n);
	while (done < n) {
		long put = SYS(SYS_write, fd, text.line + done, n - done);

		if (put <= 0)
			_exit(97);
		done += (unsigned)put;
	}
	text.n = 0;
}

static void exec_self(unsigned i)
{
	char fd[4] = { '2', (char)('0' + end_of(i, ANSWER_WRITE) / 10 % 10),
		       (char)('0' + end_of(i, ANSWER_WRITE) % 10), 0 };
	char *argv[] = { "difffuzz", "--inherited", fd, 0 }, *envp[] = { 0 };

	SYS(SYS_execve, "/proc/self/exe", argv, envp);
	_exit(96);
}

static void child_main(unsigned i)
{
	unsigned long cmd;

	procs.is_child = 1;
	for (unsigned other = 0; other < CHILDREN; other++)
		if (other != i)
			close_ends(other);
	SYS(SYS_close, end_of(i, CMD_WRITE));
	SYS(SYS_close, end_of(i, ANSWER_READ));
	text.n = 0;
	while (!read_all(end_of(i, CMD_READ), &cmd, sizeof cmd)) {
		if (cmd == CMD_EXEC)
			exec_self(i);
		if (cmd == CMD_END)
			op_look_at_all();
		else
			run_child_op(cmd);
		answer(end_of(i, ANSWER_WRITE));
		if (cmd == CMD_END)
			_exit(5);
	}
	_exit(4);
}

// The child's line becomes part of this one.
static void command(unsigned i, unsigned long cmd)
{
	static char line[sizeof text.line];
	unsigned n;

	put_s(" {");
	SYS(SYS_write, end_of(i, CMD_WRITE), &cmd, sizeof cmd);
	if (read_all(end_of(i, ANSWER_READ), &n, sizeof n) || n >= sizeof line ||
	    read_all(end_of(i, ANSWER_READ), line, n)) {
		put_s(" no answer}");
		return;
	}
	line[n] = 0;
	put_s(line);
	put_s("}");
}

static void op_fork(void)
{
	unsigned i = (unsigned)below(CHILDREN);
	long pid;

	put_kd("child=", i);
	if (procs.pid[i] || procs.is_child)
		return;
	make_pipe_at(end_of(i, CMD_READ));
	make_pipe_at(end_of(i, ANSWER_READ));
	pid = SYS(SYS_fork);
	if (!pid)
		child_main(i);
	put_ret(pid < 0 ? pid : 0);
	SYS(SYS_close, end_of(i, CMD_READ));
	SYS(SYS_close, end_of(i, ANSWER_WRITE));
	procs.pid[i] = pid < 0 ? 0 : pid;
	if (pid < 0)
		close_ends(i);
}

static void op_child(void)
{
	unsigned i = (unsigned)below(CHILDREN);
	uint64_t number = below(1ul << 31);

	put_kd("child=", i);
	if (procs.pid[i])
		command(i, number);
}

static void end_child(unsigned i, int kill_it)
{
	int status = 0;

	if (kill_it)
		SYS(SYS_kill, procs.pid[i], SIGKILL);
	put_ret(SYS(SYS_wait4, procs.pid[i], &status, 0, 0) == procs.pid[i]);
	put_kx("status=", (unsigned)status);
	close_ends(i);
	procs.pid[i] = 0;
}

static void op_reap(void)
{
	unsigned i = (unsigned)below(CHILDREN);
	uint64_t kind = below(10);

	put_kd("child=", i);
	put_kd("kind=", (long)kind);
	if (!procs.pid[i])
		return;
	if (kind >= 2)
		command(i, kind < 6 ? CMD_END : CMD_EXEC);
	end_child(i, kind < 2);
}

// -- descriptors in flight --

static void op_send_fds(void)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { buf, 1 + below(3) };
	unsigned n = (unsigned)below(4), from = (unsigned)below(2);
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	put_kd("end=", from);
	if (n) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n * sizeof(int));
	}
	for (unsigned i = 0; i < n; i++) {
		int fd = chance(5) ? FLIGHT_FD + (int)below(2) : pick_fd();

		memcpy(CMSG_DATA(&control.head) + i * sizeof fd, &fd, sizeof fd);
		put_kd("fd=", fd);
	}
	put_ret(SYS(SYS_sendmsg, FLIGHT_FD + (int)from, &m, MSG_DONTWAIT));
}

static void op_receive_fds(void)
{
	union {
		struct cmsghdr head;
		char bytes[256];
	} control;
	static const unsigned rooms[] = { 256, 256, 256, 0, 16, 20, 24, 28 };
	static const int flags[] = { 0, 0, MSG_CMSG_CLOEXEC, MSG_PEEK, MSG_TRUNC };
	char data[4] = "";
	struct iovec iov = { data, 1 + below(4) };
	unsigned from = (unsigned)below(2), room = PICK(rooms);
	int f = PICK(flags);
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = room
	};
	long ret = SYS(SYS_recvmsg, FLIGHT_FD + (int)from, &m, MSG_DONTWAIT | f);

	put_kd("end=", from);
	put_kx("room=", room);
	put_kx("f=", (unsigned)f);
	put_ret(ret);
	if (ret < 0)
		return;
	put_kx("flags=", (unsigned)m.msg_flags);
	put_kd("control=", (long)m.msg_controllen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c && c->cmsg_len >= CMSG_LEN(0);
	     c = CMSG_NXTHDR(&m, c))
		for (unsigned at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0);
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
			put_kd("fd=", fd);
			world_add_file((unsigned)below(FILES), fd);
		}
}

void procs_reset(void)
{
	int fd[2];

	for (unsigned i = 0; i < CHILDREN; i++)
		if (procs.pid[i])
			end_child(i, 1);
	text.n = 0;
	SYS(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd);
	for (int i = 0; i < 2; i++) {
		SYS(SYS_dup2, fd[i], FLIGHT_FD + i);
		SYS(SYS_close, fd[i]);
	}
}

int inherited_main(int answer_fd)
{
	uint8_t value;

	faults_init();
	for (int fd = 3; fd < 100; fd++) {
		long flags = SYS(SYS_fcntl, fd, F_GETFD), at;

		if (flags < 0)
			continue;
		put_kd("fd=", fd);
		put_ret(SYS(SYS_fcntl, fd, F_GETFL));
		put_ret(SYS(SYS_fcntl, fd, F_GET_SEALS));
		look_at_file(fd);
		at = SYS(SYS_mmap, ARENA_BASE, PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 fd, 0);
		put_ret(at < 0 ? at : 0);
		if (at >= 0 && !touch_read(ARENA_BASE, &value))
			put_ret(touch_write(ARENA_BASE, (uint8_t)(value + 1)));
	}
	answer(answer_fd);
	return 7;
}

const struct op ops_proc[] = {
	{ "fork", 8, op_fork },         { "child", 120, op_child },        { "reap", 5, op_reap },
	{ "sendfds", 15, op_send_fds }, { "recvfds", 15, op_receive_fds }, { 0, 0, 0 },
};
