// AF_UNIX socketpair: streams, datagrams, records; peeking, shutdown, descriptors, credentials,
// options, limits.
//
// ldflags: -pthread
#include "t.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

static const struct {
	int type;
	const char *name;
} types[] = { { SOCK_STREAM, "stream" }, { SOCK_DGRAM, "dgram" }, { SOCK_SEQPACKET, "seqpacket" } };

static char big[300000];

static void nap(long ms)
{
	struct timespec ts = { 0, ms * 1000000 };

	nanosleep(&ts, NULL);
}

static void events(const char *what, int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0 };

	poll(&p, 1, 0);
	printf("%s: %#x\n", what, p.revents);
}

static void got(const char *what, long n, const char *buf)
{
	if (n < 0)
		printf("%s: %s\n", what, t_errno(errno));
	else
		printf("%s: %ld '%.*s'\n", what, n, (int)n, buf);
}

static void basics(int type)
{
	char buf[100];
	struct iovec iov = { buf, 2 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int s[2], n;

	MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s));
	events("fresh", s[0]);
	got("empty", recv(s[1], buf, 10, 0), buf);
	R(send(s[0], "hello", 5, 0));
	R(write(s[0], "world", 5));
	events("waiting", s[1]);
	R(ioctl(s[1], FIONREAD, &n));
	printf("waiting %d\n", n);
	got("peek", recv(s[1], buf, 4, MSG_PEEK), buf);
	got("peek", recv(s[1], buf, 100, MSG_PEEK), buf);
	got("peek, trunc", recv(s[1], buf, 3, MSG_PEEK | MSG_TRUNC), buf);
	got("part", recv(s[1], buf, 3, 0), buf);
	R(recvmsg(s[1], &m, 0));
	printf("flags %#x\n", m.msg_flags);
	got("rest", read(s[1], buf, 100), buf);
	got("rest", read(s[1], buf, 100), buf);
	R(read(s[1], buf, 0));
	R(send(s[0], "", 0, 0));
	got("nothing sent", recv(s[1], buf, 10, 0), buf);
	R(send(s[0], "x", 1, MSG_OOB) == -1 || type == SOCK_STREAM);
	if (type == SOCK_STREAM)
		recv(s[1], buf, 10, MSG_OOB), recv(s[1], buf, 10, 0);
	R(send(s[0], (void *)1, 1, 0));
	R(recv(s[1], (void *)1, 1, 0));
	R(lseek(s[0], 0, SEEK_SET));
	R(pread(s[0], buf, 1, 0));
	// Filling.
	for (unsigned i = 0; i < 5; i++) {
		static const int sizes[] = { 1, 192, 193, 1000, 4000 };
		int count = 0;

		while (send(s[0], big, sizes[i], 0) == sizes[i])
			count++;
		printf("%d of %d\n", count, sizes[i]);
		events("full", s[0]);
		while (recv(s[1], big, sizes[i], 0) > 0)
			;
		events("drained", s[0]);
	}
	R(send(s[0], big, 212992 - 32 + 1, 0) > 0);
	while (recv(s[1], big, sizeof(big), 0) > 0)
		;
	close(s[1]);
	events("alone", s[0]);
	R(send(s[0], "x", 1, MSG_NOSIGNAL));
	got("alone", recv(s[0], buf, 10, 0), buf);
	close(s[0]);
}

static void shutdowns(int type)
{
	char buf[10];
	int s[2];

	MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s));
	R(shutdown(s[0], 5));
	R(shutdown(s[0], SHUT_WR));
	events("write side shut", s[0]);
	events("its peer", s[1]);
	R(send(s[0], "x", 1, MSG_NOSIGNAL));
	got("end", recv(s[1], buf, 10, 0), buf);
	R(send(s[1], "y", 1, MSG_NOSIGNAL));
	got("other way", recv(s[0], buf, 10, 0), buf);
	R(shutdown(s[0], SHUT_RD));
	events("both shut", s[0]);
	events("its peer", s[1]);
	R(send(s[1], "y", 1, MSG_NOSIGNAL));
	close(s[0]), close(s[1]);
	// Closed with something unread.
	MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s));
	send(s[0], "abc", 3, 0);
	send(s[1], "def", 3, 0);
	close(s[1]);
	events("reset", s[0]);
	got("reset", recv(s[0], buf, 10, 0), buf);
	got("then", recv(s[0], buf, 10, 0), buf);
	got("then", recv(s[0], buf, 10, 0), buf);
	close(s[0]);
}

static void *writer(void *arg)
{
	nap(10);
	write((int)(long)arg, "late", 4);
	return NULL;
}

static void *closer(void *arg)
{
	nap(10);
	close((int)(long)arg);
	return NULL;
}

static void *drainer(void *arg)
{
	static char room[65536];
	long total = 0, n;

	while ((n = read((int)(long)arg, room, sizeof(room))) > 0)
		total += n;
	return (void *)total;
}

static void waiting(void)
{
	struct timeval tv = { 0, 10000 }, got_tv;
	socklen_t len = sizeof(got_tv);
	char buf[20];
	pthread_t t;
	void *total;
	int s[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	pthread_create(&t, NULL, writer, (void *)(long)s[0]);
	got("blocked", read(s[1], buf, 10), buf);
	pthread_join(t, NULL);
	R(setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	R(getsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &got_tv, &len));
	printf("%ld\n", (long)got_tv.tv_usec);
	got("timed out", read(s[1], buf, 10), buf);
	got("not waiting", recv(s[1], buf, 10, MSG_DONTWAIT), buf);
	tv.tv_usec = 0;
	R(setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	// A reader that wants all.
	R(write(s[0], "ab", 2));
	pthread_create(&t, NULL, writer, (void *)(long)s[0]);
	got("all", recv(s[1], buf, 6, MSG_WAITALL), buf);
	pthread_join(t, NULL);
	// More than fits.
	pthread_create(&t, NULL, drainer, (void *)(long)s[1]);
	R(write(s[0], big, sizeof(big)));
	R(write(s[0], big, sizeof(big)));
	shutdown(s[0], SHUT_WR);
	pthread_join(t, &total);
	R((long)total);
	close(s[0]), close(s[1]);
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	pthread_create(&t, NULL, closer, (void *)(long)s[1]);
	got("peer closes", read(s[0], buf, 10), buf);
	pthread_join(t, NULL);
	close(s[0]);
}

union control {
	char buf[512];
	struct cmsghdr align;
};

static long pass(int sock, const int *fds, int count, const char *text)
{
	union control c;
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = c.buf,
			    .msg_controllen = CMSG_SPACE(count * sizeof(int)) };

	memset(&c, 0, sizeof(c));
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(h), fds, count * sizeof(int));
	return sendmsg(sock, &m, 0);
}

// Prints what came and closes the descriptors, but the first if |keep|.
static int take(int sock, size_t room, int flags, int keep)
{
	union control c;
	char buf[20];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.buf, .msg_controllen = room
	};
	long n = recvmsg(sock, &m, flags);
	int kept = -1;

	if (n < 0) {
		printf("recvmsg %s\n", t_errno(errno));
		return -1;
	}
	printf("%ld '%.*s' flags %#x control %d:", n, (int)n, buf, m.msg_flags & ~MSG_CMSG_CLOEXEC,
	       (int)m.msg_controllen);
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		int count = (int)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));

		printf(" [type %d len %d", h->cmsg_type, (int)h->cmsg_len);
		if (h->cmsg_type == SCM_RIGHTS) {
			for (int i = 0; i < count; i++) {
				int fd = ((int *)CMSG_DATA(h))[i];

				printf(" cloexec %d", fcntl(fd, F_GETFD));
				if (keep && kept < 0)
					kept = fd;
				else
					close(fd);
			}
		} else if (h->cmsg_type == SCM_CREDENTIALS) {
			struct ucred *u = (void *)CMSG_DATA(h);

			printf(" mine %d uid %d gid %d", u->pid == getpid(), u->uid, u->gid);
		}
		printf("]");
	}
	printf("\n");
	return kept;
}

static void rights(int type)
{
	int s[2], t[2], fds[300], mem = t_memfd_sized(0, PG), fd;
	char *view, buf[10];

	MUST(socketpair(AF_UNIX, type, 0, s));
	// A memfd with its contents.
	view = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	strcpy(view, "shared");
	R(pass(s[0], &mem, 1, "one"));
	close(mem);
	fd = take(s[1], 512, MSG_CMSG_CLOEXEC, 1);
	got("through the other", pread(fd, buf, 6, 0), buf);
	munmap(view, PG);
	fds[0] = fds[1] = fds[2] = fd;
	R(pass(s[0], fds, 3, "three"));
	take(s[1], CMSG_LEN(2 * sizeof(int)), 0, 0);
	R(pass(s[0], fds, 2, "peeked"));
	take(s[1], 512, MSG_PEEK, 0);
	take(s[1], 512, 0, 0);
	R(pass(s[0], fds, 1, "dropped"));
	take(s[1], 0, 0, 0);
	R(pass(s[0], fds, 1, "two"));
	R(send(s[0], "parts", 5, 0));
	take(s[1], 512, 0, 0);
	take(s[1], 512, 0, 0);
	fds[0] = 999;
	R(pass(s[0], fds, 1, "bad"));
	for (int i = 0; i < 254; i++)
		fds[i] = fd;
	union control c;
	struct msghdr m = { .msg_control = c.buf, .msg_controllen = sizeof(struct cmsghdr) };
	memset(&c, 0, sizeof(c));
	R(sendmsg(s[0], &m, MSG_DONTWAIT));
	c.align.cmsg_len = 16;
	c.align.cmsg_level = SOL_SOCKET;
	c.align.cmsg_type = 77;
	R(sendmsg(s[0], &m, MSG_DONTWAIT));
	recv(s[1], buf, 1, MSG_DONTWAIT);
	// Cycles: sockets that only messages hold.
	for (int i = 0; i < 50; i++) {
		MUST(socketpair(AF_UNIX, type, 0, t));
		pass(t[0], &t[0], 1, "self");
		pass(t[0], &t[1], 1, "other");
		pass(t[1], t, 2, "both");
		close(t[0]), close(t[1]);
	}
	// A chain: closing the first closes all.
	int chain = MUST(dup(fd));
	for (int i = 0; i < 500; i++) {
		MUST(socketpair(AF_UNIX, type, 0, t));
		pass(t[0], &chain, 1, "link");
		close(chain), close(t[0]);
		chain = t[1];
	}
	close(chain);
	// A socket in its own queue that is still reachable.
	MUST(socketpair(AF_UNIX, type, 0, t));
	pass(t[0], &t[1], 1, "self");
	pass(s[0], &t[1], 1, "outer");
	close(t[1]);
	MUST(socketpair(AF_UNIX, type, 0, fds));
	close(fds[0]), close(fds[1]);
	int inner = take(s[1], 512, 0, 1);
	take(inner, 512, 0, 0);
	close(inner), close(t[0]), close(fd), close(s[0]), close(s[1]);
}

// Two SCM_RIGHTS in one message.
static long pass_twice(int sock, int fd, int first, int second)
{
	static union {
		char buf[4096];
		struct cmsghdr align;
	} c;
	struct iovec iov = { "items", 5 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.buf };
	int counts[] = { first, second };

	memset(&c, 0, sizeof(c));
	for (int i = 0; i < 2; i++) {
		struct cmsghdr *h = (void *)(c.buf + m.msg_controllen);

		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(counts[i] * sizeof(int));
		for (int k = 0; k < counts[i]; k++)
			((int *)CMSG_DATA(h))[k] = fd;
		m.msg_controllen += CMSG_SPACE(counts[i] * sizeof(int));
	}
	return syscall(SYS_sendmsg, sock, &m, 0); // musl's own has less room
}

static void items(int type)
{
	struct rlimit old, few;
	int s[2], ends[2], fds[3], next;
	char c;

	MUST(socketpair(AF_UNIX, type, 0, s));
	MUST(pipe(ends));
	R(pass_twice(s[0], ends[1], 2, 3));
	take(s[1], 512, 0, 0);
	R(pass_twice(s[0], ends[1], 150, 104));
	R(pass_twice(s[0], 999, 1, 1));
	// Numbers for one of three only: the others are dropped.
	next = MUST(dup(ends[1]));
	close(next);
	MUST(getrlimit(RLIMIT_NOFILE, &old));
	few = (struct rlimit){ next + 1, old.rlim_max };
	fds[0] = fds[1] = fds[2] = ends[1];
	R(pass(s[0], fds, 3, "few"));
	MUST(setrlimit(RLIMIT_NOFILE, &few));
	take(s[1], 512, 0, 0);
	MUST(setrlimit(RLIMIT_NOFILE, &old));
	close(ends[1]);
	printf("writers are gone: %zd\n", read(ends[0], &c, 1));
	close(ends[0]), close(s[0]), close(s[1]);
}

static void credentials(int type)
{
	int s[2], on = 1;
	union control c;
	struct ucred u = { getpid(), getuid(), getgid() }, peer;
	socklen_t len = sizeof(peer);
	struct iovec iov = { "cred", 4 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = c.buf,
			    .msg_controllen = CMSG_SPACE(sizeof(u)) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	MUST(socketpair(AF_UNIX, type, 0, s));
	R(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &peer, &len));
	IS(peer.pid == getpid() && peer.uid == getuid() && peer.gid == getgid());
	send(s[0], "before", 6, 0);
	R(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	take(s[1], 512, 0, 0);
	send(s[0], "after", 5, 0);
	take(s[1], 512, 0, 0);
	send(s[0], "noroom", 6, 0);
	take(s[1], 0, 0, 0);
	memset(&c, 0, sizeof(c));
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_CREDENTIALS;
	h->cmsg_len = CMSG_LEN(sizeof(u));
	u.uid = 12345;
	memcpy(CMSG_DATA(h), &u, sizeof(u));
	R(sendmsg(s[0], &m, 0));
	send(s[0], "mine", 4, 0);
	take(s[1], 512, 0, 0);
	take(s[1], 512, 0, 0);
	close(s[0]), close(s[1]);
}

static void options(void)
{
	static const int list[] = { SO_DEBUG,     SO_REUSEADDR, SO_TYPE,     SO_ERROR,
				    SO_DONTROUTE, SO_BROADCAST, SO_SNDBUF,   SO_RCVBUF,
				    SO_KEEPALIVE, SO_OOBINLINE, SO_PRIORITY, SO_REUSEPORT,
				    SO_PASSCRED,  SO_RCVLOWAT,  SO_SNDLOWAT, SO_ACCEPTCONN,
				    SO_PROTOCOL,  SO_DOMAIN,    SO_PEEK_OFF, 9999 };
	struct linger l = { 1, 5 };
	struct timeval bad = { 0, 1000000 };
	char buf[10], name[128];
	socklen_t len = sizeof(name);
	int s[2], v;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		len = sizeof(v);
		v = -1;
		printf("option %d: ", list[i]);
		R(getsockopt(s[0], SOL_SOCKET, list[i], &v, &len));
		printf("%d (%d)\n", v, (int)len);
	}
	for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		v = 3;
		printf("option %d: ", list[i]);
		R(setsockopt(s[0], SOL_SOCKET, list[i], &v, sizeof(v)));
		len = 1;
		v = 0;
		getsockopt(s[0], SOL_SOCKET, list[i], &v, &len);
		printf("%d (%d)\n", v, (int)len);
	}
	v = 50000;
	R(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, sizeof(v)));
	len = sizeof(v);
	getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, &len);
	printf("%d\n", v);
	v = 1 << 30;
	R(setsockopt(s[0], SOL_SOCKET, SO_RCVBUF, &v, sizeof(v)));
	getsockopt(s[0], SOL_SOCKET, SO_RCVBUF, &v, &len);
	printf("%d\n", v);
	R(setsockopt(s[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	R(setsockopt(s[0], SOL_SOCKET, SO_LINGER, &l, 4));
	len = sizeof(l);
	l.l_onoff = l.l_linger = 0;
	R(getsockopt(s[0], SOL_SOCKET, SO_LINGER, &l, &len));
	printf("%d %d\n", l.l_onoff, l.l_linger);
	R(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &bad, sizeof(bad)));
	R(setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &v, 2));
	R(setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, NULL, 4));
	R(setsockopt(s[0], 6, 1, &v, 4));
	R(getsockopt(s[0], 6, 1, &v, &len));
	R(setsockopt(0, SOL_SOCKET, SO_REUSEADDR, &v, 4));
	R(setsockopt(99, SOL_SOCKET, SO_REUSEADDR, &v, 4));
	len = sizeof(name);
	R(getsockname(s[0], (void *)name, &len));
	printf("%d family %d\n", (int)len, ((struct sockaddr *)name)->sa_family);
	len = sizeof(name);
	R(getpeername(s[0], (void *)name, &len));
	printf("%d\n", (int)len);
	// Peeking from an offset.
	v = 2;
	R(setsockopt(s[1], SOL_SOCKET, SO_PEEK_OFF, &v, 4));
	send(s[0], "abcdef", 6, 0);
	got("peek at 2", recv(s[1], buf, 2, MSG_PEEK), buf);
	got("peek on", recv(s[1], buf, 2, MSG_PEEK), buf);
	got("read", recv(s[1], buf, 3, 0), buf);
	got("peek", recv(s[1], buf, 2, MSG_PEEK | MSG_DONTWAIT), buf);
	close(s[0]), close(s[1]);
}

static void several(int type)
{
	char a[3][8] = { "one", "two", "three" }, b[4][8];
	struct mmsghdr m[4];
	struct iovec iov[4];
	int s[2];

	MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s));
	memset(m, 0, sizeof(m));
	for (int i = 0; i < 3; i++) {
		iov[i] = (struct iovec){ a[i], strlen(a[i]) };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	R(sendmmsg(s[0], m, 3, 0));
	printf("%u %u %u\n", m[0].msg_len, m[1].msg_len, m[2].msg_len);
	memset(b, 0, sizeof(b));
	for (int i = 0; i < 4; i++) {
		iov[i] = (struct iovec){ b[i], 7 };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	R(recvmmsg(s[1], m, 4, 0, NULL));
	printf("'%s' '%s' '%s'\n", b[0], b[1], b[2]);
	R(recvmmsg(s[1], m, 4, 0, NULL));
	close(s[0]), close(s[1]);
}

static void errors(void)
{
	int s[2];

	R(socketpair(AF_UNIX, SOCK_STREAM, 5, s));
	R(socketpair(AF_UNIX, 4, 0, s));
	R(socketpair(AF_UNIX, 99, 0, s));
	R(socketpair(AF_UNIX, SOCK_STREAM | 0x100, 0, s));
	R(socketpair(99, SOCK_STREAM, 0, s));
	R(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 1));
	R(socket(-1, SOCK_STREAM, 0));
	R(send(0, "x", 1, 0));
	R(recv(99, big, 1, 0));
	MUST(socketpair(AF_UNIX, SOCK_RAW | SOCK_CLOEXEC, PF_UNIX, s));
	R(fcntl(s[0], F_GETFD));
	R(fcntl(s[0], F_GETFL));
	struct stat st;
	R(fstat(s[0], &st));
	printf("mode %o\n", st.st_mode);
	R(accept(s[0], NULL, NULL));
	R(listen(s[0], 1));
	close(s[0]), close(s[1]);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	R(accept(s[0], NULL, NULL));
	R(listen(s[0], 1));
	R(connect(s[0], (void *)big, 2));
	R(sendto(s[0], "x", 1, 0, (void *)"\1\0a", 4));
	close(s[0]), close(s[1]);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	errors();
	for (unsigned i = 0; i < 3; i++) {
		printf("-- %s\n", types[i].name);
		basics(types[i].type);
		shutdowns(types[i].type);
		rights(types[i].type);
		items(types[i].type);
		credentials(types[i].type);
		several(types[i].type);
	}
	waiting();
	options();
	return 0;
}
