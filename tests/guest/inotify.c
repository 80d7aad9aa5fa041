// inotify on tmpfs: which call makes which events, in which order; flags, limits, reading, polling,
// the end of what is watched, unmounting, and watches under load.
//
// since: 6.18
// needs: root
// cpus: 1 4
// cflags: -pthread
#include "t.h"
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <utime.h>

#ifndef IN_MASK_CREATE
#define IN_MASK_CREATE 0x10000000
#endif

static int in;

static void print_mask(unsigned m)
{
	static const char *const names[] = { "ACCESS", "MODIFY",  "ATTRIB",      "CLOSE_WRITE",
					     "CLOSE",  "OPEN",    "FROM",        "TO",
					     "CREATE", "DELETE",  "DELETE_SELF", "MOVE_SELF",
					     "?",      "UNMOUNT", "OVERFLOW",    "IGNORED" };

	for (int i = 0; i < 16; i++)
		if (m & 1u << i)
			printf(" %s", names[i]);
	if (m & IN_ISDIR)
		printf(" DIR");
	if (m & ~(IN_ISDIR | 0xffffu))
		printf(" %x", m);
}

// All events that wait, with cookies by pairs only.
static void drain(const char *after)
{
	static char buf[65536] __attribute__((aligned(8)));
	unsigned last = 0;
	ssize_t n;

	printf("-- %s\n", after);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *e = (void *)p;

			printf("%d:", e->wd);
			print_mask(e->mask);
			if (e->len)
				printf(" %s (%u)", e->name[0] == '#' ? "#N" : e->name, e->len);
			if (e->cookie)
				printf(" %s", e->cookie == last ? "same cookie" : "cookie");
			last = e->cookie;
			printf("\n");
			p += sizeof(*e) + e->len;
		}
	if (n < 0 && errno != EAGAIN)
		printf("read: %s\n", t_errno(errno));
}

#define DO(stmt)                                                                                   \
	do {                                                                                       \
		stmt;                                                                              \
		drain(#stmt);                                                                      \
	} while (0)

static void touch(const char *name)
{
	close(MUST(open(name, O_CREAT | O_WRONLY, 0644)));
}

static void arguments(void)
{
	char b[64];
	int other;

	R(inotify_init1(1));
	other = MUST(inotify_init1(IN_CLOEXEC));
	IS(fcntl(other, F_GETFD) == FD_CLOEXEC);
	printf("fl %o\n", fcntl(other, F_GETFL));
	R(inotify_add_watch(other, "d", 0));
	R(inotify_add_watch(other, "d", 0x00010000));
	R(inotify_add_watch(-1, "d", IN_OPEN));
	R(inotify_add_watch(1, "d", IN_OPEN));
	R(inotify_add_watch(other, "d", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
	R(inotify_add_watch(other, "none", IN_OPEN));
	R(inotify_add_watch(other, (void *)1, IN_OPEN));
	R(inotify_add_watch(other, "", IN_OPEN));
	R(inotify_add_watch(other, "f", IN_OPEN | IN_ONLYDIR));
	R(inotify_add_watch(other, "d", IN_ONLYDIR));
	R(inotify_add_watch(other, "d", IN_MASK_CREATE | IN_OPEN));
	R(inotify_rm_watch(other, 7));
	R(inotify_rm_watch(other, -1));
	R(inotify_rm_watch(1, 1));
	R(inotify_rm_watch(-1, 1));
	R(inotify_rm_watch(other, 1));
	R(write(other, b, 1));
	R(lseek(other, 0, SEEK_SET));
	R(pread(other, b, 64, 0));
	R(read(other, b, 15));
	R(read(other, b, 64));
	close(other);
}

static void file_events(void)
{
	struct timespec ts[2] = { { 1, 0 }, { 2, 0 } };
	char b[16];
	int fd, fd2, out, p[2];

	R(inotify_add_watch(in, "d", IN_ALL_EVENTS));
	R(inotify_add_watch(in, "d/f", IN_ALL_EVENTS));
	DO(fd = open("d/f", O_RDWR));
	DO(read(fd, b, 1)); // empty
	DO(write(fd, "hello", 5));
	DO(pread(fd, b, 5, 0));
	DO(pwrite(fd, "x", 1, 0));
	DO(pwrite(fd, "x", 0, 0));
	DO(ftruncate(fd, 3));
	DO(fallocate(fd, 0, 0, 8192));
	DO(fchmod(fd, 0600));
	DO(fchown(fd, 0, 0));
	DO(futimens(fd, NULL));
	ts[0].tv_nsec = UTIME_OMIT;
	DO(futimens(fd, ts));
	ts[0].tv_nsec = 0;
	ts[1].tv_nsec = UTIME_OMIT;
	DO(futimens(fd, ts));
	DO(fsetxattr(fd, "user.a", "v", 1, 0));
	DO(fremovexattr(fd, "user.a"));
	DO(fremovexattr(fd, "user.a"));
	DO(fd2 = open("d/f", O_RDONLY | O_TRUNC));
	DO(pwrite(fd, "abcdef", 6, 0));
	out = MUST(open("f", O_RDWR));
	DO(sendfile(out, fd2, NULL, 10));
	lseek(out, 0, SEEK_SET);
	lseek(fd, 0, SEEK_SET);
	DO(sendfile(fd, out, NULL, 3));
	DO(copy_file_range(out, NULL, fd, NULL, 2, 0));
	MUST(pipe(p));
	DO(splice(fd2, (loff_t[]){ 0 }, p[1], NULL, 4, 0));
	DO(splice(p[0], NULL, fd, NULL, 4, 0));
	close(p[0]);
	close(p[1]);
	close(out);
	DO(close(fd2));
	DO(close(fd));
	DO(fd = open("d/f", O_PATH));
	DO(close(fd));
	DO(truncate("d/f", 0));
	DO(truncate("d/f", 0));
	DO(chmod("d/f", 0644));
	DO(access("d/f", R_OK));
	DO(utime("d/f", NULL));
	DO(fd = open("d/f", O_RDONLY));
	DO(fd2 = dup(fd));
	DO(close(fd2));
	DO(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	DO(close(fd));
}

static void directory_events(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "d/sock" };
	DIR *dir;
	int s, fd;

	DO(touch("d/g"));
	DO(fd = open("d/g", O_CREAT | O_EXCL | O_RDWR, 0644));
	DO(mkdir("d/sub", 0755));
	DO(touch("d/sub/x"));
	DO(symlink("x", "d/link"));
	DO(mkfifo("d/fifo", 0600));
	DO(link("d/f", "d/hard"));
	s = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	DO(bind(s, (void *)&un, sizeof(un)));
	close(s);
	DO(fd = open("d", O_RDONLY | O_TMPFILE | O_RDWR, 0600));
	DO(close(fd));
	DO(dir = opendir("d"));
	DO((void)!readdir(dir));
	DO(closedir(dir));
	DO(dir = opendir("d/sub"));
	DO((void)!readdir(dir));
	DO(closedir(dir));
	DO(chmod("d", 0700));
	DO(chmod("d/sub", 0700));
	DO(rename("d/g", "d/h"));
	DO(rename("d/h", "other"));
	DO(rename("other", "d/aNameOfThirtyOneBytes.........."));
	DO(rename("d/aNameOfThirtyOneBytes..........", "d/hard"));
	touch("d/p");
	touch("d/q");
	drain("made two");
	DO(syscall(SYS_renameat2, AT_FDCWD, "d/p", AT_FDCWD, "d/q", 2));
	DO(syscall(SYS_renameat2, AT_FDCWD, "d/sub", AT_FDCWD, "d/q", 2));
	DO(syscall(SYS_renameat2, AT_FDCWD, "d/p", AT_FDCWD, "d/q", 1));
	DO(rename("d/f", "d/f"));
	DO(unlink("d/p"));
	DO(unlink("d/link"));
	DO(unlink("d/fifo"));
	DO(unlink("d/sock"));
	DO(unlink("d/hard"));
	DO(unlink("d/sub"));
	DO(unlink("d/q/x"));
	DO(rmdir("d/q"));
	DO(rename("d", "e"));
	DO(rename("e", "d"));
}

static void endings(void)
{
	int fd = MUST(open("d/f", O_RDWR)), wd;

	drain("open");
	DO(unlink("d/f"));
	DO(write(fd, "x", 1));
	DO(close(fd));
	touch("d/f");
	drain("again");
	wd = R(inotify_add_watch(in, "d/f", IN_DELETE_SELF | IN_ATTRIB));
	DO(unlink("d/f"));
	R(inotify_rm_watch(in, wd));
	touch("d/f");
	touch("d/g");
	R(inotify_add_watch(in, "d/g", IN_ALL_EVENTS));
	drain("again");
	DO(rename("d/f", "d/g")); // over what is watched
	mkdir("d/sub", 0700);
	R(inotify_add_watch(in, "d/sub", IN_ALL_EVENTS));
	drain("made");
	DO(rename("d/sub", "d/sub2"));
	DO(rmdir("d/sub2"));
	wd = R(inotify_add_watch(in, "d/g", IN_ALL_EVENTS));
	DO(inotify_rm_watch(in, wd));
	fd = MUST(open("d/g", O_RDWR));
	drain("open");
	unlink("d/g");
	drain("gone");
	R(inotify_add_watch(in, "d", IN_ALL_EVENTS | IN_EXCL_UNLINK));
	DO(write(fd, "x", 1));
	DO(fchmod(fd, 0600));
	DO(close(fd));
	DO(rmdir("d"));
}

static void flags(void)
{
	int a, b, other;

	mkdir("d", 0755);
	touch("d/f");
	symlink("d/f", "s");
	symlink("d", "ds");
	a = R(inotify_add_watch(in, "d", IN_OPEN));
	IS(inotify_add_watch(in, "ds", IN_OPEN) == a);
	IS(inotify_add_watch(in, "d/.", IN_CREATE) == a);
	DO(touch("d/g"));
	IS(inotify_add_watch(in, "d", IN_CLOSE_WRITE | IN_MASK_ADD) == a);
	DO(touch("d/h"));
	b = R(inotify_add_watch(in, "s", IN_OPEN | IN_ATTRIB | IN_DONT_FOLLOW));
	IS(a != b);
	R(inotify_add_watch(in, "ds", IN_OPEN | IN_DONT_FOLLOW | IN_ONLYDIR));
	DO(lchown("s", 1, 1));
	DO(close(open("s", O_RDONLY)));
	DO(readlink("s", (char[9]){ 0 }, 9));
	R(inotify_add_watch(in, "d/f", IN_OPEN | IN_ONESHOT));
	DO(close(open("d/f", O_RDONLY)));
	DO(close(open("d/f", O_RDONLY)));
	R(inotify_add_watch(in, "d", IN_MASK_CREATE | IN_OPEN));
	R(inotify_add_watch(in, "d/f", IN_MASK_CREATE | IN_OPEN));
	other = MUST(inotify_init1(IN_NONBLOCK));
	R(inotify_add_watch(other, "d/f", IN_OPEN));
	DO(close(open("d/f", O_RDONLY)));
	a = in;
	in = other;
	drain("the other");
	in = a;
	close(other);
}

static void reading(void)
{
	struct pollfd p = { .events = POLLIN | POLLOUT };
	struct inotify_event e;
	char b[100];
	int n, fd;
	pid_t pid;

	close(in);
	in = MUST(inotify_init1(IN_NONBLOCK));
	MUST(inotify_add_watch(in, "d", IN_CREATE | IN_MODIFY));
	p.fd = in;
	R(poll(&p, 1, 0));
	touch("d/0123456789abcde"); // 15 and 16 bytes
	touch("d/0123456789abcdef");
	R(poll(&p, 1, 0));
	printf("%x\n", p.revents);
	R(ioctl(in, FIONREAD, &n));
	printf("%d bytes\n", n);
	R(ioctl(in, FIONREAD, 1));
	R(read(in, &e, sizeof(e)));
	R(read(in, b, 31));
	R(read(in, b, 32));
	R(read(in, b, 47));
	R(read(in, b, 48));
	R(read(in, b, 48));
	R(read(in, b, 0));
	touch("d/x");
	touch("d/y");
	R(read(in, b, 40));          // one fits
	R(read(in, (void *)1, 100)); // is lost
	R(read(in, b, 100));
	fd = MUST(open("d/x", O_WRONLY));
	for (int i = 0; i < 5; i++)
		write(fd, "x", 1); // one event
	drain("repeated");
	close(fd);
	fcntl(in, F_SETFL, 0);
	pid = fork();
	if (!pid) {
		usleep(50000);
		touch("d/late");
		_exit(0);
	}
	R(read(in, b, 100));
	waitpid(pid, NULL, 0);
	fcntl(in, F_SETFL, O_NONBLOCK);
}

static void number(const char *file)
{
	char path[60], text[40] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/fs/inotify/%s", file);
	fd = MUST(open(path, O_RDWR));
	R(read(fd, text, sizeof(text)) > 0);
	R(pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text));
	R(pwrite(fd, "x\n", 2, 0));
	close(fd);
}

static void overflow(void)
{
	unsigned long events = 0, lost = 0, last = 0;
	static char buf[65536] __attribute__((aligned(8)));
	ssize_t n;

	close(in);
	in = MUST(inotify_init1(IN_NONBLOCK));
	MUST(inotify_add_watch(in, "d", IN_OPEN | IN_CLOSE));
	for (int i = 0; i < 9000; i++)
		touch("d/f");
	while ((n = read(in, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *e = (void *)p;

			events++;
			last = e->mask;
			lost += e->mask == IN_Q_OVERFLOW && e->wd == -1 && !e->len;
			p += sizeof(*e) + e->len;
		}
	printf("%lu events, %lu overflow, last %lx\n", events, lost, last);
	DO(touch("d/f"));
}

static void limits(void)
{
	uid_t uid = 200000 + getpid();
	pid_t pid = fork();

	if (!pid) {
		int n = 0, fd = -1;

		MUST(mkdir("private", 0300));
		MUST(chmod("d", 0755));
		MUST(chmod(".", 0755));
		MUST(setresuid(uid, uid, uid));
		R(inotify_add_watch(in, "private", IN_OPEN));
		R(inotify_add_watch(in, "d", IN_OPEN) > 0);
		while (n < 1000 && (fd = inotify_init1(0)) >= 0)
			n++;
		printf("%d instances, then %s\n", n, t_errno(errno));
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	rmdir("private");
}

static void unmounting(void)
{
	MUST(mkdir("mnt", 0700));
	MUST(mount("none", "mnt", "tmpfs", 0, NULL));
	touch("mnt/f");
	close(in);
	in = MUST(inotify_init1(IN_NONBLOCK));
	R(inotify_add_watch(in, "mnt", IN_ALL_EVENTS));
	R(inotify_add_watch(in, "mnt/f", IN_DELETE_SELF));
	R(inotify_add_watch(in, ".", IN_ALL_EVENTS));
	DO(touch("mnt/f"));
	DO(umount("mnt"));
	rmdir("mnt");
}

static volatile int stop;
static void *noisy(void *arg)
{
	char name[40];
	long me = (long)arg;

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "d/t%ld-%d", me, i % 3);
		touch(name);
		if (i % 3 == 2)
			rename(name, "d/common");
		else
			unlink(name);
	}
	return NULL;
}

static void *watcher(void *arg)
{
	static char buf[4][4096];
	char *b = buf[(long)arg];

	while (!stop) {
		int fd = inotify_init1(IN_NONBLOCK), wd;

		wd = inotify_add_watch(fd, "d", IN_ALL_EVENTS);
		inotify_add_watch(fd, "d/common", IN_ALL_EVENTS | IN_ONESHOT);
		inotify_add_watch(fd, "d/t1-0", IN_ALL_EVENTS);
		(void)!read(fd, b, 4096);
		inotify_rm_watch(fd, wd);
		(void)!read(fd, b, 4096);
		close(fd);
	}
	return NULL;
}

static void racing(void)
{
	pthread_t t[4], w[2];

	for (long i = 0; i < 2; i++)
		pthread_create(&w[i], NULL, watcher, (void *)i);
	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, noisy, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(w[i], NULL);
	printf("raced\n");
}

static void clean(void)
{
	DIR *d = opendir("d");
	struct dirent *e;

	while ((e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	rmdir("d");
	unlink("f");
	unlink("s");
	unlink("ds");
	t_rm_workdir();
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	t_workdir();
	in = MUST(inotify_init1(IN_NONBLOCK));
	MUST(mkdir("d", 0755));
	touch("d/f");
	touch("f");
	arguments();
	file_events();
	directory_events();
	endings();
	flags();
	reading();
	number("max_queued_events");
	number("max_user_instances");
	number("max_user_watches");
	overflow();
	limits();
	unmounting();
	racing();
	clean();
	return 0;
}
