// POSIX message queues: names, attributes, order, limits, waiting, timeouts, notification, polling,
// permissions, and their file system.
//
// since: 6.18
// needs: root
// cpus: 1 4
// cflags: -pthread
#include "t.h"
#include <dirent.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

static char name[40], other[40];
static char buf[8192];

static mqd_t open_new(long maxmsg, long msgsize, int flags)
{
	struct mq_attr a = { .mq_maxmsg = maxmsg, .mq_msgsize = msgsize };

	return mq_open(name, O_CREAT | O_RDWR | flags, 0600, &a);
}

static void show(mqd_t q)
{
	struct mq_attr a;

	memset(&a, 0xff, sizeof(a));
	R(mq_getattr(q, &a));
	printf("flags %lo max %ld size %ld now %ld\n", a.mq_flags, a.mq_maxmsg, a.mq_msgsize,
	       a.mq_curmsgs);
}

static long take(mqd_t q)
{
	unsigned prio = 99;
	long n;

	memset(buf, 0, sizeof(buf));
	n = mq_receive(q, buf, sizeof(buf), &prio);
	if (n >= 0)
		printf("prio %u text %s: ", prio, buf);
	return n;
}

static long raw_open(const char *n, int flags, int mode, void *attr)
{
	return syscall(SYS_mq_open, n, flags, mode, attr);
}

static void names(void)
{
	char longname[300];
	struct mq_attr a = { .mq_maxmsg = 0, .mq_msgsize = 8 };
	mqd_t q, q2;

	memset(longname, 'x', sizeof(longname));
	longname[299] = 0;
	R(raw_open("/slash", O_CREAT | O_RDWR, 0600, NULL));
	R(raw_open("a/b", O_CREAT | O_RDWR, 0600, NULL));
	R(raw_open("", O_CREAT | O_RDWR, 0600, NULL));
	R(raw_open(".", O_CREAT | O_RDWR, 0600, NULL));
	R(raw_open("..", O_RDWR, 0600, NULL));
	R(raw_open(longname, O_CREAT | O_RDWR, 0600, NULL));
	R(raw_open((void *)1, O_CREAT | O_RDWR, 0600, NULL));
	R(raw_open(name + 1, O_CREAT | O_RDWR, 0600, (void *)1));
	R(raw_open(name + 1, O_RDWR, 0600, NULL));
	R(raw_open(name + 1, O_CREAT | O_RDWR, 0600, &a));
	a.mq_maxmsg = 1;
	a.mq_msgsize = 0;
	R(raw_open(name + 1, O_CREAT | O_RDWR, 0600, &a));
	a.mq_msgsize = -1;
	R(raw_open(name + 1, O_CREAT | O_RDWR, 0600, &a));
	a.mq_maxmsg = 65537;
	a.mq_msgsize = 1;
	R(raw_open(name + 1, O_CREAT | O_RDWR, 0600, &a));
	a.mq_maxmsg = 1;
	a.mq_msgsize = (16 << 20) + 1;
	R(raw_open(name + 1, O_CREAT | O_RDWR, 0600, &a));
	R(mq_unlink(name));
	R(syscall(SYS_mq_unlink, "/x"));
	R(syscall(SYS_mq_unlink, ""));
	R(syscall(SYS_mq_unlink, "."));
	R(syscall(SYS_mq_unlink, longname));
	R(syscall(SYS_mq_unlink, (void *)1));
	q = MUST(mq_open(name, O_CREAT | O_RDWR, 0600, NULL));
	show(q);
	IS(fcntl(q, F_GETFD) == FD_CLOEXEC);
	printf("fl %o\n", fcntl(q, F_GETFL));
	R(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, NULL));
	R(raw_open(name + 1, 3, 0, NULL));
	q2 = MUST(mq_open(name, O_RDONLY | O_NONBLOCK));
	printf("fl %o\n", fcntl(q2, F_GETFL));
	R(mq_unlink(name));
	R(mq_open(name, O_RDWR));
	R(mq_send(q, "still", 6, 3));
	R(take(q2));
	R(mq_send(q2, "x", 1, 3));
	R(take(q2));
	R(mq_close(q2));
	R(mq_close(q));
	R(mq_close(q));
	q = MUST(mq_open(name, O_CREAT | O_WRONLY, 0, NULL)); // the maker needs no permission
	R(take(q));
	R(mq_unlink(name));
	R(mq_close(q));
}

static void order(void)
{
	mqd_t q = open_new(6, 100, 0);
	static const unsigned prios[] = { 3, 0, 7, 3, 32767, 7 };
	char text[2] = "a";
	unsigned p;

	show(q);
	for (int i = 0; i < 6; i++, text[0]++)
		R(mq_send(q, text, 2, prios[i]));
	R(syscall(SYS_mq_timedsend, q, "x", 1, 32768, NULL));
	show(q);
	for (int i = 0; i < 6; i++)
		R(take(q));
	R(mq_send(q, buf, 101, 0));
	R(mq_send(q, buf, 0, 0));
	R(mq_receive(q, buf, 99, NULL));
	R(mq_receive(q, buf, 100, &p));
	R(mq_send(q, "lost", 5, 0));
	R(syscall(SYS_mq_timedreceive, q, 1, 100, NULL, NULL));
	R(mq_send(q, "lost", 5, 0));
	R(syscall(SYS_mq_timedreceive, q, buf, 100, 1, NULL));
	show(q);
	R(mq_send(q, (void *)1, 5, 0));
	R(mq_send(0, "x", 1, 0));
	R(mq_receive(1, buf, 8192, 0));
	R(mq_send(99, "x", 1, 0));
	R(mq_getattr(0, (struct mq_attr *)buf));
	R(syscall(SYS_mq_getsetattr, q, 1, 0));
	R(syscall(SYS_mq_getsetattr, q, 0, 1));
	R(mq_unlink(name));
	R(mq_close(q));
}

static void nonblock(void)
{
	mqd_t q = open_new(2, 8, O_NONBLOCK);
	struct mq_attr a = { .mq_flags = 0, .mq_maxmsg = 77 }, old;
	struct timespec past = { 1, 0 }, bad = { 1, 1000000000 }, soon;

	R(mq_receive(q, buf, 8, NULL));
	R(mq_send(q, "a", 2, 0));
	R(mq_send(q, "b", 2, 0));
	R(mq_send(q, "c", 2, 0));
	R(mq_setattr(q, &a, &old));
	printf("old %lo %ld %ld %ld\n", old.mq_flags, old.mq_maxmsg, old.mq_msgsize,
	       old.mq_curmsgs);
	show(q);
	a.mq_flags = O_APPEND;
	R(mq_setattr(q, &a, NULL));
	R(mq_timedsend(q, "c", 2, 0, &past));
	R(mq_timedsend(q, "c", 2, 0, &bad));
	bad.tv_nsec = -1;
	R(mq_timedsend(q, "c", 2, 0, &bad));
	R(mq_timedreceive(q, buf, 8, NULL, &past));
	R(mq_timedreceive(q, buf, 8, NULL, &past));
	R(mq_timedreceive(q, buf, 8, NULL, &past));
	bad.tv_nsec = 0;
	bad.tv_sec = -1;
	R(mq_timedreceive(q, buf, 8, NULL, &bad));
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 50000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	R(mq_timedreceive(q, buf, 8, NULL, &soon));
	clock_gettime(CLOCK_REALTIME, &past);
	IS(past.tv_sec > soon.tv_sec ||
	   (past.tv_sec == soon.tv_sec && past.tv_nsec >= soon.tv_nsec));
	fcntl(q, F_SETFL, O_NONBLOCK);
	show(q);
	R(mq_unlink(name));
	R(mq_close(q));
}

static void ended(pid_t pid)
{
	int s;

	MUST(waitpid(pid, &s, 0));
	printf("status %d %d\n", WEXITSTATUS(s), WTERMSIG(s));
}

static void on_signal(int sig)
{
}

static void handle(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

static void waiting(void)
{
	mqd_t q = open_new(1, 16, 0);
	struct timespec far = { 1ll << 40, 0 };
	pid_t p = fork();

	if (!p)
		_exit(mq_receive(q, buf, 16, NULL) == 6 && !strcmp(buf, "hello") ? 7 : 1);
	usleep(50000);
	show(q);
	R(mq_send(q, "hello", 6, 0));
	ended(p);
	show(q); // it went past the queue
	R(mq_send(q, "one", 4, 0));
	p = fork();
	if (!p)
		_exit(mq_send(q, "two", 4, 9) ? 1 : 8);
	usleep(50000);
	R(mq_receive(q, buf, 15, NULL)); // the size is checked first
	R(mq_receive(q, buf, 16, NULL));
	ended(p);
	R(mq_receive(q, buf, 16, NULL));
	printf("%s\n", buf);
	handle(SIGUSR1, 0);
	p = fork();
	if (!p)
		_exit(mq_receive(q, buf, 16, NULL) == -1 ? errno : 1);
	usleep(50000);
	kill(p, SIGUSR1);
	ended(p);
	handle(SIGUSR1, SA_RESTART);
	p = fork();
	if (!p)
		_exit(mq_timedreceive(q, buf, 16, NULL, &far) == 4 ? 9 : errno);
	usleep(50000);
	kill(p, SIGUSR1);
	usleep(50000);
	R(mq_send(q, "end", 4, 0));
	ended(p);
	p = fork();
	if (!p) {
		mq_receive(q, buf, 16, NULL);
		_exit(0);
	}
	usleep(20000);
	kill(p, SIGKILL);
	ended(p);
	R(mq_send(q, "stays", 6, 0)); // nobody waits any more
	show(q);
	R(mq_unlink(name));
	R(mq_close(q));
}

static volatile int got_sig, got_code, got_value;
static void on_info(int sig, siginfo_t *si, void *ctx)
{
	got_sig = sig;
	got_code = si->si_code;
	got_value = si->si_value.sival_int;
	IS(si->si_pid == getpid() && si->si_uid == getuid());
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int called;
static void on_thread(union sigval v)
{
	pthread_mutex_lock(&lock);
	called += v.sival_int;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
}

static void status(mqd_t q)
{
	char line[100] = "", *pid;
	ssize_t n = pread(q, line, sizeof(line) - 1, 0);

	pid = strstr(line, "NOTIFY_PID:");
	IS(pid && (atoi(pid + 11) == 0 || atoi(pid + 11) == getpid()));
	if (pid)
		printf("%zd %.*s %s\n", n, (int)(pid - line), line,
		       atoi(pid + 11) ? "pid" : "none");
}

static void notify(void)
{
	mqd_t q = open_new(4, 16, O_NONBLOCK), q2;
	struct sigaction sa = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	pid_t p;

	sigaction(SIGUSR2, &sa, NULL);
	ev.sigev_value.sival_int = 42;
	status(q);
	R(mq_notify(q, &ev));
	status(q);
	R(mq_notify(q, &ev));
	p = fork();
	if (!p)
		_exit(mq_notify(q, &ev) ? errno : 0);
	ended(p);
	R(mq_send(q, "a", 2, 0));
	printf("signal %d code %d value %d\n", got_sig, got_code, got_value);
	status(q);
	got_sig = 0;
	R(mq_notify(q, &ev));
	R(mq_send(q, "b", 2, 0)); // not empty: nothing
	printf("signal %d\n", got_sig);
	R(mq_receive(q, buf, 16, NULL));
	R(mq_receive(q, buf, 16, NULL));
	R(mq_send(q, "c", 2, 0));
	printf("signal %d\n", got_sig);
	R(mq_notify(q, NULL));
	R(mq_notify(q, &ev));
	R(mq_notify(q, NULL));
	status(q);
	ev.sigev_notify = SIGEV_NONE;
	R(mq_notify(q, &ev));
	status(q);
	q2 = MUST(mq_open(name, O_RDONLY));
	R(mq_close(q2)); // a close by the owner, whichever
	status(q);
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = 65;
	R(mq_notify(q, &ev));
	ev.sigev_signo = 0;
	R(mq_notify(q, &ev));
	R(mq_notify(q, NULL));
	ev.sigev_notify = 99;
	R(mq_notify(q, &ev));
	ev.sigev_notify = SIGEV_SIGNAL;
	R(mq_notify(0, &ev));
	R(mq_notify(99, &ev));
	R(syscall(SYS_mq_notify, q, 1));
	// Of a process that has ended.
	ev.sigev_signo = SIGUSR2;
	p = fork();
	if (!p)
		_exit(mq_notify(q, &ev) ? errno : 5);
	ended(p);
	status(q);
	// A receiver that waits goes first.
	got_sig = 0;
	R(mq_receive(q, buf, 16, NULL));
	p = fork();
	if (!p) {
		q2 = mq_open(name, O_RDONLY);
		_exit(mq_receive(q2, buf, 16, NULL) == 2 ? 6 : 1);
	}
	usleep(50000);
	R(mq_notify(q, &ev));
	R(mq_send(q, "d", 2, 0));
	ended(p);
	printf("signal %d\n", got_sig);
	R(mq_notify(q, NULL));
	R(mq_unlink(name));
	R(mq_close(q));
}

static void notify_thread(void)
{
	mqd_t q = open_new(4, 16, O_NONBLOCK);
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD };
	char cookie[32] = "cookie", got[64];
	int s, fd;

	for (int i = 1; i <= 3; i++) {
		ev.sigev_notify_function = on_thread;
		ev.sigev_value.sival_int = i;
		R(mq_notify(q, &ev));
		R(mq_send(q, "x", 2, 0));
		pthread_mutex_lock(&lock);
		while (called != i * (i + 1) / 2)
			pthread_cond_wait(&cond, &lock);
		pthread_mutex_unlock(&lock);
		R(mq_receive(q, buf, 16, NULL));
	}
	printf("called %d\n", called);
	// The same by hand.
	memset(&ev, 0, sizeof(ev));
	ev.sigev_notify = SIGEV_THREAD;
	ev.sigev_value.sival_ptr = cookie;
	ev.sigev_signo = -1;
	R(syscall(SYS_mq_notify, q, &ev));
	fd = MUST(open("/dev/null", O_RDWR));
	ev.sigev_signo = fd;
	R(syscall(SYS_mq_notify, q, &ev));
	close(fd);
	ev.sigev_signo = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	R(syscall(SYS_mq_notify, q, &ev));
	close(ev.sigev_signo);
	s = MUST(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
	ev.sigev_signo = s;
	ev.sigev_value.sival_ptr = (void *)1;
	R(syscall(SYS_mq_notify, q, &ev));
	ev.sigev_value.sival_ptr = cookie;
	R(syscall(SYS_mq_notify, -1, &ev));
	R(syscall(SYS_mq_notify, q, &ev));
	R(syscall(SYS_mq_notify, q, &ev));
	R(recv(s, got, sizeof(got), MSG_DONTWAIT));
	R(mq_send(q, "y", 2, 0));
	memset(got, 0, sizeof(got));
	R(recv(s, got, sizeof(got), MSG_DONTWAIT));
	printf("%s %d\n", got, got[31]);
	R(mq_receive(q, buf, 16, NULL));
	R(syscall(SYS_mq_notify, q, &ev));
	R(mq_notify(q, NULL));
	R(recv(s, got, 10, MSG_PEEK | MSG_TRUNC));
	R(recv(s, got, sizeof(got), 0));
	printf("%s %d\n", got, got[31]);
	R(syscall(SYS_mq_notify, q, &ev));
	close(s); // the message will be lost
	R(mq_send(q, "z", 2, 0));
	R(mq_unlink(name));
	R(mq_close(q));
}

static short polled(mqd_t q)
{
	struct pollfd p = { .fd = q, .events = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM };

	poll(&p, 1, 0);
	return p.revents;
}

static void polling(void)
{
	mqd_t q = open_new(1, 16, O_NONBLOCK);
	struct epoll_event e = { .events = EPOLLIN | EPOLLET }, out;
	int ep = MUST(epoll_create1(0));
	struct timeval tv = { 5, 0 };
	fd_set set;
	pid_t p;

	printf("%x\n", polled(q));
	R(mq_send(q, "a", 2, 0));
	printf("%x\n", polled(q));
	R(epoll_ctl(ep, EPOLL_CTL_ADD, q, &e));
	R(epoll_wait(ep, &out, 1, 0));
	R(epoll_wait(ep, &out, 1, 0));
	R(mq_receive(q, buf, 16, NULL));
	p = fork();
	if (!p) {
		usleep(50000);
		mq_send(q, "b", 2, 0);
		_exit(0);
	}
	FD_ZERO(&set);
	FD_SET(q, &set);
	R(select(q + 1, &set, NULL, NULL, &tv));
	R(epoll_wait(ep, &out, 1, 0));
	ended(p);
	FD_ZERO(&set);
	FD_SET(q, &set);
	tv.tv_sec = 0;
	R(select(q + 1, NULL, &set, NULL, &tv));
	p = fork();
	if (!p) {
		usleep(50000);
		mq_receive(q, buf, 16, NULL);
		_exit(0);
	}
	FD_SET(q, &set);
	tv.tv_sec = 5;
	R(select(q + 1, NULL, &set, NULL, &tv));
	ended(p);
	close(ep);
	R(mq_unlink(name));
	R(mq_close(q));
}

static void as_file(void)
{
	mqd_t q = open_new(4, 16, 0);
	struct stat st;
	char link[40], target[100];
	ssize_t n;

	R(mq_send(q, "12345", 5, 0));
	status(q);
	R(read(q, buf, 10));
	R(lseek(q, 0, SEEK_CUR));
	R(lseek(q, 0, SEEK_END));
	R(read(q, buf, 100));
	R(pread(q, buf, 100, 0) > 0);
	R(write(q, "x", 1));
	OK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, q, 0));
	R(fstat(q, &st));
	printf("mode %o size %ld nlink %lu\n", st.st_mode, (long)st.st_size, (long)st.st_nlink);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", (int)q);
	n = readlink(link, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = 0;
	IS(!strcmp(target, name));
	R(mq_unlink(name));
	n = readlink(link, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = 0;
	IS(!strncmp(target, name, strlen(name)) && strstr(target, " (deleted)"));
	R(mq_close(q));
}

static void limits(void)
{
	// A user of its own, so that nobody else's queues count.
	uid_t uid = 100000 + getpid();
	struct rlimit rl;
	struct mq_attr a = { .mq_maxmsg = 11, .mq_msgsize = 8 };
	int n = 0;
	mqd_t q;

	MUST(setresuid(uid, uid, uid));
	R(getrlimit(RLIMIT_MSGQUEUE, &rl));
	IS(rl.rlim_cur == 819200);
	R(mq_open(other, O_RDONLY));
	R(mq_open(other, O_RDONLY | O_CREAT, 0600, NULL));
	R(mq_open(other, O_WRONLY) >= 0);
	R(mq_unlink(other));
	R(mq_open(name, O_CREAT | O_RDWR, 0600, &a));
	a.mq_maxmsg = 10;
	a.mq_msgsize = 8193;
	R(mq_open(name, O_CREAT | O_RDWR, 0600, &a));
	a.mq_msgsize = 8192;
	for (;; n++) {
		char each[60];

		snprintf(each, sizeof(each), "%s-%d", name, n);
		q = mq_open(each, O_CREAT | O_RDWR, 0600, &a);
		if (q < 0)
			break;
		if (n % 2)
			MUST(mq_close(q)); // counts as long as it has a name
		else
			MUST(mq_unlink(each)); // or is open
	}
	printf("%d queues, then %s\n", n, t_errno(errno));
	a.mq_maxmsg = 8;
	q = MUST(mq_open(name, O_CREAT | O_RDWR, 0600, &a));
	a.mq_maxmsg = 1;
	R(mq_open(name, O_CREAT | O_RDWR, 0600, &a) >= 0);
	R(mq_unlink(name));
	for (int i = 0; i < n; i++) {
		char each[60];

		snprintf(each, sizeof(each), "%s-%d", name, i);
		mq_unlink(each);
	}
}

static void users(void)
{
	struct mq_attr a = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	mode_t mask = umask(0);
	mqd_t q = MUST(mq_open(other, O_CREAT | O_RDWR, 0602, &a));
	pid_t p;

	umask(mask);
	p = fork();
	if (!p) {
		limits();
		fflush(stdout);
		_exit(0);
	}
	ended(p);
	R(mq_unlink(other));
	R(mq_close(q));
}

static void number(const char *file)
{
	char path[60], text[40] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", file);
	fd = MUST(open(path, O_RDWR));
	read(fd, text, sizeof(text));
	printf("%s %s", file, text);
	R(pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text));
	R(pwrite(fd, "x\n", 2, 0));
	close(fd);
}

static int listed(const char *dir, const char *what)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += !strcmp(e->d_name, what);
	if (d)
		closedir(d);
	return n;
}

static void file_system(void)
{
	mqd_t q = open_new(2, 16, 0), q2;
	struct stat st;
	char path[80];
	int fd;

	number("queues_max");
	number("msg_max");
	number("msgsize_max");
	number("msg_default");
	number("msgsize_default");
	t_workdir();
	MUST(mkdir("mnt", 0700));
	R(mount("none", "mnt", "mqueue", 0, NULL));
	R(stat("mnt", &st));
	printf("mode %o\n", st.st_mode);
	IS(listed("mnt", name + 1) == 1);
	snprintf(path, sizeof(path), "mnt%s", name);
	R(mq_send(q, "abc", 3, 1));
	fd = MUST(open(path, O_RDONLY));
	status(fd);
	show(fd); // as good as mq_open's
	close(fd);
	R(chmod(path, 0640));
	R(stat(path, &st));
	printf("mode %o size %ld\n", st.st_mode, (long)st.st_size);
	R(mkdir("mnt/dir", 0700));
	R(symlink("x", "mnt/link"));
	R(link(path, "mnt/other"));
	R(rename(path, "mnt/other"));
	R(unlink(path));
	IS(listed("mnt", name + 1) == 0);
	R(mq_open(name, O_RDWR));
	fd = MUST(open(path, O_CREAT | O_RDWR | O_EXCL, 0600));
	show(fd);
	q2 = MUST(mq_open(name, O_RDWR | O_NONBLOCK));
	R(mq_send(q2, "through", 8, 0));
	R(take(fd));
	mq_close(q2);
	close(fd);
	R(umount("mnt"));
	R(mount("none", "mnt", "mqueue", MS_RDONLY, NULL));
	IS(listed("mnt", name + 1) == 1);
	R(unlink(path));
	R(umount("mnt"));
	rmdir("mnt");
	t_rm_workdir();
	R(mq_unlink(name));
	R(mq_close(q));
}

#define THREADS  4
#define MESSAGES 2000
static void *sender(void *arg)
{
	mqd_t q = (mqd_t)(long)arg;

	for (unsigned i = 1; i <= MESSAGES; i++)
		if (mq_send(q, (char *)&i, sizeof(i), i % 5))
			return "failed";
	return NULL;
}

static void *receiver(void *arg)
{
	mqd_t q = (mqd_t)(long)arg;
	unsigned long sum = 0;
	unsigned v;

	for (unsigned i = 1; i <= MESSAGES; i++) {
		if (mq_receive(q, (char *)&v, sizeof(v), NULL) != sizeof(v))
			return NULL;
		sum += v;
	}
	return (void *)sum;
}

static void many(void)
{
	mqd_t q = open_new(3, sizeof(unsigned), 0);
	pthread_t s[THREADS], r[THREADS];
	unsigned long sum = 0;
	void *v;

	for (int i = 0; i < THREADS; i++) {
		pthread_create(&s[i], NULL, sender, (void *)(long)q);
		pthread_create(&r[i], NULL, receiver, (void *)(long)q);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(s[i], &v);
		IS(v == NULL);
		pthread_join(r[i], &v);
		sum += (unsigned long)v;
	}
	IS(sum == (unsigned long)THREADS * MESSAGES * (MESSAGES + 1) / 2);
	show(q);
	R(mq_unlink(name));
	R(mq_close(q));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(name, sizeof(name), "/ouro-mq-%d", getpid());
	snprintf(other, sizeof(other), "/ouro-mq-%d.other", getpid());
	names();
	order();
	nonblock();
	waiting();
	notify();
	notify_thread();
	polling();
	as_file();
	users();
	file_system();
	many();
	return 0;
}
