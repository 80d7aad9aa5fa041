// AF_UNIX by name: bind, listen, accept, connect, datagrams to names, abstract names, errors.
//
// ldflags: -pthread
#include "t.h"
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#ifndef ECONNREFUSED
#define ECONNREFUSED 111
#endif

static struct sockaddr_un un;
static socklen_t un_len;

static struct sockaddr *name(const char *text)
{
	memset(&un, 0, sizeof(un));
	un.sun_family = AF_UNIX;
	if (text[0] == '@') {
		sprintf(un.sun_path + 1, "%s%07d", text + 1, getpid());
		un_len = offsetof(struct sockaddr_un, sun_path) + strlen(text) + 7;
	} else {
		strcpy(un.sun_path, text);
		un_len = offsetof(struct sockaddr_un, sun_path) + strlen(text) + 1;
	}
	return (struct sockaddr *)&un;
}

static socklen_t length(const char *text)
{
	return offsetof(struct sockaddr_un, sun_path) + strlen(text) + (text[0] == '@' ? 7 : 1);
}

static void show_name(const char *what, int r, const struct sockaddr_un *a, socklen_t n)
{
	int path = (int)n - (int)offsetof(struct sockaddr_un, sun_path);

	// Abstract names are the machine's: they end with the number of the process.
	if (path > 8 && !a->sun_path[0])
		path -= 7, n -= 7;
	else if (path > 0 && a->sun_path[0])
		path--;
	if (r)
		printf("%s: %s\n", what, t_errno(errno));
	else if (path > 0)
		printf("%s: %d '%s%.*s'\n", what, (int)n, a->sun_path[0] ? "" : "@",
		       a->sun_path[0] ? path : path - 1,
		       a->sun_path[0] ? a->sun_path : a->sun_path + 1);
	else
		printf("%s: %d\n", what, (int)n);
}

static void names(const char *what, int fd)
{
	struct sockaddr_un a;
	socklen_t n = sizeof(a);
	int r;

	printf("%s ", what);
	r = getsockname(fd, (void *)&a, &n);
	show_name("is", r, &a, n);
	n = sizeof(a);
	printf("%s ", what);
	r = getpeername(fd, (void *)&a, &n);
	show_name("talks to", r, &a, n);
}

static void events(const char *what, int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };

	poll(&p, 1, 0);
	printf("%s: %#x\n", what, p.revents);
}

static void nap(long ms)
{
	struct timespec ts = { 0, ms * 1000000 };

	nanosleep(&ts, NULL);
}

static int listener;

static void *acceptor(void *arg)
{
	int c = accept(listener, NULL, NULL);

	if (c < 0)
		return (void *)(long)-errno;
	write(c, "hi", 2);
	close(c);
	return NULL;
}

static void *client(void *arg)
{
	int c = socket(AF_UNIX, SOCK_STREAM, 0);

	nap(10);
	return (void *)(long)connect(c, (void *)&un, un_len);
}

static void stream(const char *text, int type)
{
	int l = MUST(socket(AF_UNIX, type | SOCK_CLOEXEC, 0)), c, s, dgram, on = 0;
	struct sockaddr_un a;
	struct ucred u;
	socklen_t n = sizeof(a);
	pthread_t t;
	void *r;
	char buf[10];

	unlink(text);
	printf("-- %s type %d\n", text, type);
	c = MUST(socket(AF_UNIX, type, 0));
	R(connect(c, name(text), length(text)));
	R(listen(l, 5));
	R(bind(l, name(text), length(text)));
	R(bind(l, name(text), length(text)));
	R(connect(c, name(text), length(text)));
	events("bound", l);
	R(accept(l, NULL, NULL));
	R(listen(l, 1));
	events("listening", l);
	events("unconnected", c);
	R(send(c, "x", 1, MSG_NOSIGNAL));
	R(recv(c, buf, 1, 0));
	dgram = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	R(connect(dgram, name(text), length(text)));
	R(connect(c, name(text), length(text)));
	R(connect(c, name(text), length(text)));
	R(bind(dgram, name(text), length(text)) == -1 || text[0] == '@');
	events("connected", c);
	events("with a connection", l);
	R(send(c, "early", 5, 0));
	names("client", c);
	s = MUST(accept4(l, (void *)&a, &n, SOCK_NONBLOCK));
	show_name("accepted", 0, &a, n);
	R(fcntl(s, F_GETFL));
	names("server", s);
	names("listener", l);
	R(recv(s, buf, 10, 0));
	R(recv(s, buf, 10, 0));
	n = sizeof(u);
	R(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &n));
	IS(u.pid == getpid() && u.uid == getuid());
	n = sizeof(u);
	getsockopt(c, SOL_SOCKET, SO_PEERCRED, &u, &n);
	IS(u.pid == getpid());
	n = sizeof(u);
	getsockopt(dgram, SOL_SOCKET, SO_PEERCRED, &u, &n);
	IS(u.pid == 0 && u.uid == (uid_t)-1);
	n = sizeof(on);
	getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &on, &n);
	printf("accepts %d\n", on);
	close(s);
	events("server gone", c);
	R(send(c, "x", 1, MSG_NOSIGNAL));
	close(c);
	// The queue is full: backlog 1 takes two.
	int q[4];
	for (int i = 0; i < 4; i++) {
		q[i] = MUST(socket(AF_UNIX, type | SOCK_NONBLOCK, 0));
		R(connect(q[i], name(text), length(text)));
	}
	R(fcntl(l, F_SETFL, O_NONBLOCK));
	for (int i = 0; i < 3; i++)
		OK(accept(l, NULL, NULL));
	R(connect(q[2], name(text), length(text)));
	close(l);
	events("never accepted", q[2]);
	R(recv(q[2], buf, 1, 0));
	R(recv(q[2], buf, 1, 0));
	R(connect(q[3], name(text), length(text)));
	for (int i = 0; i < 4; i++)
		close(q[i]);
	close(dgram);
	// Waiting.
	unlink(text);
	listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(bind(listener, name(text), length(text)));
	MUST(listen(listener, 0));
	pthread_create(&t, NULL, client, NULL);
	c = MUST(accept(listener, NULL, NULL));
	pthread_join(t, &r);
	R((long)r);
	close(c);
	c = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(connect(c, name(text), length(text)));
	pthread_create(&t, NULL, client, NULL); // blocks: the queue is full
	nap(30);
	OK(accept(listener, NULL, NULL));
	pthread_join(t, &r);
	R((long)r);
	OK(accept(listener, NULL, NULL));
	pthread_create(&t, NULL, acceptor, NULL);
	nap(10);
	R(shutdown(listener, SHUT_RD));
	pthread_join(t, &r);
	R((long)r);
	close(c), close(listener);
	unlink(text);
}

static void datagrams(const char *one, const char *two)
{
	int a = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), b = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int c = MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)), sent = 0;
	struct sockaddr_un from;
	socklen_t n = sizeof(from);
	char buf[20];

	unlink(one), unlink(two);
	MUST(bind(a, name(one), length(one)));
	R(send(b, "x", 1, 0));
	R(sendto(b, "anon", 4, 0, name(one), length(one)));
	long k = recvfrom(a, buf, 20, 0, (void *)&from, &n);
	show_name("from", 0, &from, k > 0 ? n : 0);
	MUST(bind(b, name(two), length(two)));
	R(sendto(b, "named", 5, 0, name(one), length(one)));
	n = sizeof(from);
	k = recvfrom(a, buf, 20, 0, (void *)&from, &n);
	show_name("from", 0, &from, k > 0 ? n : 0);
	n = 4;
	R(sendto(b, "short", 5, 0, name(one), length(one)));
	R(recvfrom(a, buf, 20, 0, (void *)&from, &n));
	printf("length %d\n", (int)n);
	R(connect(b, name(one), length(one)));
	names("connected", b);
	R(send(b, "x", 1, 0));
	R(recv(a, buf, 20, 0));
	// The queue of who has not connected back is short.
	while (sendto(c, "x", 1, 0, name(one), length(one)) == 1)
		sent++;
	printf("%d fit: %s\n", sent, t_errno(errno));
	while (recv(a, buf, 20, MSG_DONTWAIT) > 0)
		;
	R(connect(a, name(two), length(two)));
	R(sendto(c, "x", 1, 0, name(one), length(one)));
	R(connect(c, name(one), length(one)));
	R(sendto(c, "x", 1, 0, name("/nowhere"), length("/nowhere")));
	R(sendto(c, "x", 1, 0, name("@nowhere"), length("@nowhere")));
	close(a);
	R(send(b, "x", 1, 0));
	R(send(b, "x", 1, 0));
	un.sun_family = AF_UNSPEC;
	R(connect(b, (void *)&un, 2));
	R(send(b, "x", 1, 0));
	close(b), close(c);
	unlink(one), unlink(two);
}

static void errors(void)
{
	int s = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), d = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), f;
	struct sockaddr_un a;
	socklen_t n = sizeof(a);

	R(connect(s, name("/no/such/place"), length("/no/such/place")));
	R(connect(s, name("@no-such-name"), length("@no-such-name")));
	R(connect(s, name("/var/run/nscd/socket"), length("/var/run/nscd/socket")));
	f = MUST(open("unix_file", O_CREAT | O_RDWR, 0644));
	R(connect(s, name("unix_file"), length("unix_file")));
	R(bind(s, name("unix_file"), length("unix_file")));
	R(bind(s, name("/no/such/place"), length("/no/such/place")));
	R(connect(s, name("x"), 1));
	R(connect(s, name("x"), 200));
	R(bind(s, name("x"), 111));
	R(connect(s, (void *)1, un_len));
	un.sun_family = AF_INET;
	R(connect(s, (void *)&un, 16));
	R(bind(s, (void *)&un, 16));
	R(bind(0, name("x"), length("x")));
	R(connect(f, name("x"), length("x")));
	close(f);
	unlink("unix_file");
	// A name of its own.
	un.sun_family = AF_UNIX;
	R(bind(d, (void *)&un, 2));
	R(getsockname(d, (void *)&a, &n));
	printf("%d %d\n", (int)n, a.sun_path[0]);
	R(bind(d, (void *)&un, 2));
	n = -1;
	R(getsockname(d, (void *)&a, &n));
	R(getsockname(d, (void *)&a, NULL));
	R(getpeername(d, (void *)&a, &n));
	R(accept4(s, NULL, NULL, 1));
	// The place outlives the socket.
	close(s);
	s = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	R(bind(s, name("unix_gone"), length("unix_gone")));
	struct stat st;
	R(stat("unix_gone", &st));
	printf("mode %o\n", st.st_mode & S_IFMT);
	R(open("unix_gone", O_RDWR));
	close(s);
	s = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	R(connect(s, name("unix_gone"), length("unix_gone")));
	R(bind(s, name("unix_gone"), length("unix_gone")));
	unlink("unix_gone");
	R(bind(s, name("unix_gone"), length("unix_gone")));
	unlink("unix_gone");
	close(s), close(d);
}

int main(void)
{
	char dir[] = "/tmp/unixXXXXXX";

	signal(SIGPIPE, SIG_IGN);
	MUST(mkdtemp(dir) ? 0 : -1);
	MUST(chdir(dir));
	errors();
	stream("unix_stream", SOCK_STREAM);
	stream("@ouro abstract", SOCK_STREAM);
	stream("@ouro packets", SOCK_SEQPACKET);
	datagrams("unix_one", "unix_two");
	datagrams("@ouro one", "@ouro two");
	rmdir(dir);
	return 0;
}
