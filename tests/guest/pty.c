// Pseudo terminals: the line discipline, settings, sessions, foreground groups, hang-up.
//
// needs: root
#include "t.h"
#include <poll.h>
#include <sys/wait.h>
#include <termios.h>

static int master, slave;

static void show(const char *what, const char *buf, ssize_t n)
{
	printf("%s: ", what);
	if (n < 0) {
		printf("%s\n", t_errno(errno));
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		if (buf[i] >= ' ' && buf[i] < 127)
			putchar(buf[i]);
		else
			printf("\\%o", (unsigned char)buf[i]);
	printf(" (%zd)\n", n);
}

static void pair(int flags)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	IS(master >= 0 && !grantpt(master) && !unlockpt(master));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | flags);
	IS(slave >= 0 && isatty(slave) && isatty(master));
}

static void unpair(void)
{
	close(slave);
	close(master);
}

static void type(const char *text)
{
	MUST(write(master, text, strlen(text)));
	usleep(30000); // Linux edits and echoes in the background
}

static int ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&p, 1, 0);
	return p.revents;
}

static void take(const char *what, int fd)
{
	char buf[256];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (!poll(&p, 1, 200)) {
		printf("%s: nothing\n", what);
		return;
	}
	show(what, buf, read(fd, buf, sizeof(buf)));
}

static void settings(void)
{
	struct termios t;
	struct winsize w = { 0 };
	int n;

	pair(0);
	R(tcgetattr(slave, &t));
	printf("i %o o %o c %o l %o\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag);
	for (int i = 0; i < 17; i++)
		printf(" %d", t.c_cc[i]);
	printf("\n");
	R(ioctl(master, TIOCGWINSZ, &w));
	printf("%d %d\n", w.ws_row, w.ws_col);
	w.ws_row = 30;
	w.ws_col = 90;
	R(ioctl(master, TIOCSWINSZ, &w));
	w.ws_row = 0;
	R(ioctl(slave, TIOCGWINSZ, &w));
	printf("%d %d\n", w.ws_row, w.ws_col);
	R(ioctl(slave, TIOCGWINSZ, 8));
	R(ioctl(slave, 0x5499, 8));
	R(ioctl(slave, TIOCGPTN, &n));
	R(ioctl(slave, FIONREAD, &n));
	R(lseek(slave, 0, SEEK_CUR));
	R(pread(slave, &n, 1, 0));
	R(tcflush(slave, 7));
	R(tcflow(slave, 9));
	R(tcdrain(slave));
	R(tcsendbreak(slave, 0));
	unpair();
}

static void canonical(void)
{
	int n = 0;

	pair(O_NONBLOCK);
	take("empty", slave);
	type("hello\n");
	take("echo", master);
	R(ioctl(slave, FIONREAD, &n));
	printf("ready %d\n", n);
	take("line", slave);
	type("helo\177\177lo wrld\027world\n");
	take("edited echo", master);
	take("edited", slave);
	type("gone\025kept\n");
	take("killed echo", master);
	take("killed", slave);
	type("part\004");
	take("eof behind text", slave);
	type("\004");
	take("eof", slave);
	take("nothing", slave);
	type("a\026\003b\001\r\n");
	take("literal echo", master);
	take("literal", slave);
	take("empty line", slave);
	type("one\ntwo\n");
	take("first", slave);
	take("second", slave);
	take("echo", master);
	MUST(write(slave, "out\tput\n", 8));
	take("output", master);
	R(ready(slave));
	R(ready(master));
	unpair();
}

static void raw(void)
{
	struct termios t;
	char buf[8];

	pair(O_NONBLOCK);
	tcgetattr(slave, &t);
	type("pending");
	cfmakeraw(&t);
	R(tcsetattr(slave, TCSANOW, &t));
	take("echo before", master);
	take("pending", slave);
	type("\003\r\n\177");
	take("raw", slave);
	take("no echo", master);
	MUST(write(slave, "x\n", 2));
	take("raw output", master);
	type("abcdef");
	show("short", buf, read(slave, buf, 4));
	R(tcflush(slave, TCIFLUSH));
	take("flushed", slave);
	t.c_cc[VMIN] = 3;
	t.c_cc[VTIME] = 0;
	tcsetattr(slave, TCSANOW, &t);
	fcntl(slave, F_SETFL, 0);
	type("abcd");
	show("VMIN", buf, read(slave, buf, 8));
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 1;
	tcsetattr(slave, TCSANOW, &t);
	show("VTIME", buf, read(slave, buf, 8));
	unpair();
}

static void closing(void)
{
	char buf[8];

	pair(0);
	MUST(write(slave, "bye", 3));
	close(slave);
	show("left", buf, read(master, buf, 8));
	show("closed", buf, read(master, buf, 8));
	R(ready(master));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	R(ready(master));
	type("x\n");
	close(master);
	show("no master", buf, read(slave, buf, 8));
	R(write(slave, "x", 1));
	R(ready(slave));
	R(ioctl(slave, TIOCGWINSZ, buf));
	close(slave);
	master = posix_openpt(O_RDWR | O_NOCTTY);
	OK(open(ptsname(master), O_RDWR | O_NOCTTY)); // locked
	close(master);
}

static volatile sig_atomic_t got;

static void on_signal(int sig)
{
	got = sig;
}

static void child_session(void)
{
	int fg = 0;
	char buf[8];

	setsid();
	signal(SIGINT, on_signal);
	signal(SIGWINCH, on_signal);
	OK(open("/dev/tty", O_RDWR));
	R(ioctl(slave, TIOCGPGRP, &fg));
	R(ioctl(slave, TIOCSCTTY, 0));
	R(ioctl(slave, TIOCSCTTY, 0));
	OK(open("/dev/tty", O_RDWR));
	R(tcgetpgrp(slave) == getpgrp());
	R(tcgetsid(slave) == getsid(0));
	R(tcsetpgrp(slave, 999999));
	R(tcsetpgrp(slave, -1));
	fflush(stdout);
	R(write(slave, "!", 1)); // the parent types
	while (!got)
		usleep(1000);
	printf("signal %d\n", got);
	got = 0;
	R(write(slave, "!", 1));
	while (!got)
		usleep(1000);
	printf("signal %d\n", got);
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		setpgid(0, 0);
		show("read in background", buf, read(slave, buf, 8));
		fflush(stdout);
		_exit(0);
	}
	int s;
	IS(waitpid(pid, &s, WUNTRACED) == pid && WIFSTOPPED(s) && WSTOPSIG(s) == SIGTTIN);
	signal(SIGTTOU, SIG_IGN);
	R(tcsetpgrp(slave, pid));
	fflush(stdout);
	R(write(slave, "!", 1));
	kill(pid, SIGCONT);
	IS(waitpid(pid, &s, 0) == pid && WIFEXITED(s));
	R(tcsetpgrp(slave, getpgrp()));
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		signal(SIGTTIN, SIG_IGN);
		show("ignored", buf, read(slave, buf, 8));
		R(ioctl(slave, TIOCNOTTY, 0));
		OK(open("/dev/tty", O_RDWR));
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &s, 0);
	signal(SIGHUP, on_signal);
	got = 0;
	fflush(stdout);
	R(write(slave, "!", 1)); // the parent closes
	while (!got)
		usleep(1000);
	printf("signal %d\n", got);
	OK(open("/dev/tty", O_RDWR));
	fflush(stdout);
	_exit(5);
}

static void expect_mark(void)
{
	char c;

	do
		if (read(master, &c, 1) != 1)
			exit(98);
	while (c != '!');
}

static void sessions(void)
{
	struct winsize w = { .ws_row = 5, .ws_col = 6 };
	pid_t pid;
	int s;

	pair(0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(master);
		child_session();
	}
	expect_mark();
	type("\003");
	expect_mark();
	R(ioctl(master, TIOCSWINSZ, &w));
	expect_mark();
	type("typed\n");
	expect_mark();
	unpair();
	IS(waitpid(pid, &s, 0) == pid && WIFEXITED(s) && WEXITSTATUS(s) == 5);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOFBF, 65536);
	settings();
	canonical();
	raw();
	closing();
	sessions();
	return 0;
}
