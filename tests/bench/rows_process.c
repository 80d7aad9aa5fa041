// Rows of what more than one process asks of a kernel: fork, exec, switches between address spaces,
// AF_UNIX sockets. Each row makes what it needs at its first operation and gives it back at its
// end.
#define _GNU_SOURCE
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/ubench.h"

#define MIB   ((size_t)1 << 20)
#define CHUNK ((size_t)65536)

// A static program that only returns from main; run.py puts it there.
#define LEAVE "/leave"

// ---- fork and exec ----

// Private memory that the process holds while it forks, every page of it written.
static struct {
	char *at;
	size_t bytes;
} held;

static void let_go(void)
{
	munmap(held.at, held.bytes);
	held.at = NULL;
}

// At a multiple of 2 MiB, so that what asks for 2 MiB pages has nothing but them.
static bool hold(size_t bytes, int advice)
{
	char *p = mmap(0, bytes + 2 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = (char *)(((uintptr_t)p + 2 * MIB - 1) & -(2 * MIB));

	if (p == MAP_FAILED || mprotect(at, bytes, RW))
		return false;
	munmap(p, (size_t)(at - p));
	munmap(at + bytes, 2 * MIB - (size_t)(at - p));
	madvise(at, bytes, advice);
	touch_write(at, bytes);
	held.at = at;
	held.bytes = bytes;
	return true;
}

static bool fork_exit_wait(int n)
{
	while (n--) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return false;
	}
	return true;
}

static bool fork_small_pages(int n, size_t bytes)
{
	return (held.at || hold(bytes, MADV_NOHUGEPAGE)) && fork_exit_wait(n);
}

static bool fork_huge_pages(int n, size_t bytes)
{
	return (held.at || hold(bytes, MADV_HUGEPAGE)) && fork_exit_wait(n);
}

static bool vfork_exec_wait(int n, size_t bytes)
{
	static char *const argv[] = { (char *)LEAVE, NULL }, *const envp[] = { NULL };
	int status;

	(void)bytes;
	while (n--) {
		pid_t pid = vfork();

		if (!pid) {
			execve(LEAVE, argv, envp);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return false;
	}
	return true;
}

// ---- switches between two processes ----

static int asks[2], answers[2];

// The parent's and the child's ends of what carries the bytes: pipes here, a socket below.
struct ends {
	int in, out;
};

static void close_ends(void)
{
	close(asks[0]);
	close(asks[1]);
	close(answers[0]);
	close(answers[1]);
}

static void *answer(struct ends e, void *rounds)
{
	char c;

	for (intptr_t i = (intptr_t)rounds; i > 0; i--)
		if (read(e.in, &c, 1) != 1 || write(e.out, &c, 1) != 1)
			break;
	return NULL;
}

static bool ask(struct ends e, int n)
{
	char c = 1;

	while (n--)
		if (write(e.out, &c, 1) != 1 || read(e.in, &c, 1) != 1)
			return false;
	return true;
}

static bool open_pipes(void)
{
	return !pipe(asks) && !pipe(answers);
}

static void *pipe_peer(void *rounds)
{
	return answer((struct ends){ asks[0], answers[1] }, rounds);
}

static bool pipe_switch(int n, size_t bytes)
{
	(void)bytes;
	return ask((struct ends){ answers[0], asks[1] }, n);
}

// A word in a memfd that both map, the parent at one place and the child, after its fork, too.
static atomic_int *turn;

static bool share_turn(void)
{
	int fd = memfd_sized("turn", PAGE);

	turn = fd < 0 ? MAP_FAILED : mmap(0, PAGE, RW, MAP_SHARED, fd, 0);
	close(fd);
	if (turn == MAP_FAILED)
		return false;
	atomic_store(turn, 0);
	return true;
}

static void unshare_turn(void)
{
	munmap(turn, PAGE);
}

static void await_turn(int mine, int other)
{
	while (atomic_load(turn) != mine)
		syscall(SYS_futex, turn, FUTEX_WAIT, other, NULL, NULL, 0);
}

static void pass_turn(int to)
{
	atomic_store(turn, to);
	syscall(SYS_futex, turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void *futex_peer(void *rounds)
{
	for (intptr_t i = (intptr_t)rounds; i > 0; i--) {
		await_turn(1, 0);
		pass_turn(0);
	}
	return NULL;
}

static bool futex_switch(int n, size_t bytes)
{
	(void)bytes;
	while (n--) {
		pass_turn(1);
		await_turn(0, 1);
	}
	return true;
}

// ---- AF_UNIX ----

static int sockets[2];

static void close_sockets(void)
{
	close(sockets[0]);
	close(sockets[1]);
}

static bool open_streams(void)
{
	return !socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
}

static bool open_datagrams(void)
{
	return !socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets);
}

static void *socket_peer(void *rounds)
{
	return answer((struct ends){ sockets[1], sockets[1] }, rounds);
}

static bool socket_roundtrip(int n, size_t bytes)
{
	(void)bytes;
	return ask((struct ends){ sockets[0], sockets[0] }, n);
}

static char chunk[CHUNK];

// Reads chunks until there have been as many as were written, then says so.
static void *bulk_peer(void *chunks)
{
	size_t left = (size_t)(intptr_t)chunks * CHUNK;

	while (left) {
		ssize_t got = read(sockets[1], chunk, CHUNK);

		if (got <= 0)
			break;
		left -= (size_t)got;
	}
	return NULL;
}

static bool bulk_write(int n, size_t bytes)
{
	while (n--)
		if (write(sockets[0], chunk, bytes) != (ssize_t)bytes)
			return false;
	return true;
}

// One descriptor beside one byte, sent and received by one process.
static bool pass_one(int fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char c = 1;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(fd));
	if (sendmsg(sockets[0], &m, 0) != 1 || recvmsg(sockets[1], &m, 0) != 1)
		return false;
	memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	return m.msg_controllen >= CMSG_LEN(sizeof(int)) && !close(fd);
}

static int passed = -1;

static bool open_passed(void)
{
	passed = memfd_sized("passed", PAGE);
	return passed >= 0 && open_streams();
}

static void close_passed(void)
{
	close(passed);
	close_sockets();
}

static bool pass_memfd(int n, size_t bytes)
{
	(void)bytes;
	while (n--)
		if (!pass_one(passed))
			return false;
	return true;
}

const struct row process_rows[] = {
	{ "fork_exit_wait_4m", fork_small_pages, 10, 4 * MIB, .end = let_go },
	{ "fork_exit_wait_400m", fork_small_pages, 1, 400 * MIB, .end = let_go },
	{ "fork_exit_wait_400m_2m", fork_huge_pages, 1, 400 * MIB, .end = let_go },
	{ "vfork_exec_wait", vfork_exec_wait, 10, 0, .end = NULL },
	{ "process_switch_pipe", pipe_switch, 200, 0, .begin = open_pipes, .peer = pipe_peer,
	  .in_process = true, .end = close_ends },
	{ "process_switch_futex", futex_switch, 200, 0, .begin = share_turn, .peer = futex_peer,
	  .in_process = true, .end = unshare_turn },
	{ "unix_stream_roundtrip", socket_roundtrip, 200, 0, .begin = open_streams,
	  .peer = socket_peer, .in_process = true, .end = close_sockets },
	{ "unix_dgram_roundtrip", socket_roundtrip, 200, 0, .begin = open_datagrams,
	  .peer = socket_peer, .in_process = true, .end = close_sockets },
	{ "unix_stream_64k", bulk_write, 64, CHUNK, .begin = open_streams, .peer = bulk_peer,
	  .in_process = true, .end = close_sockets },
	{ "unix_pass_memfd", pass_memfd, 100, 0, .begin = open_passed, .end = close_passed },
	{ .name = NULL },
};
