// Minimised by the differential fuzzer with a second process: descriptors in flight that are only
// looked at, locks and attributes that are none.
//
// since: 6.18
#include "t.h"
#include <pthread.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/xattr.h>

static void send_with(int to, const char *data, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)data, strlen(data) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						       .cmsg_level = SOL_SOCKET,
						       .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	}
	R(sendmsg(to, &m, 0));
}

static void look(int from, size_t room, int flags)
{
	char control[256], data[16] = "";
	struct iovec iov = { data, room };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(from, &m, flags);

	printf("%zu of: %zd '%s' control %zu\n", room, n, data, (size_t)m.msg_controllen);
}

// A thread with descriptors of its own.
static void *own_files(void *arg)
{
	char path[64];
	int fd;

	R(unshare(CLONE_FILES));
	fd = memfd_create("mine", 0);
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	IS(open(path, O_RDWR) >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	R(open(path, O_RDWR));
	return arg;
}

int main(void)
{
	int s[2], p[2];

	R(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	R(pipe(p));
	send_with(s[0], "ab", -1);
	send_with(s[0], "c", -1);
	send_with(s[0], "def", p[0]);
	send_with(s[0], "g", p[1]);
	look(s[1], 1, MSG_PEEK);
	look(s[1], 2, MSG_PEEK);
	look(s[1], 3, MSG_PEEK);
	look(s[1], 4, MSG_PEEK);
	look(s[1], 2, 0);
	look(s[1], 9, 0);
	look(s[1], 9, MSG_PEEK);
	R(flock(-1, 32 | LOCK_NB)); // LOCK_MAND
	R(flock(-1, LOCK_EX));
	R(flock(open("/dev/shm", 3 | O_TMPFILE, 0600), LOCK_EX));
	R(flock(open("/dev/shm", 3 | O_TMPFILE, 0600), LOCK_UN));
	char *a = mmap(NULL, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	OK(mmap(a, PG, PROT_READ, MAP_PRIVATE | MAP_FIXED, p[0], 0));
	R(msync(a, PG, MS_ASYNC));
	OK(mmap(a, PG, PROT_READ, MAP_PRIVATE | MAP_FIXED, s[0], 0));
	R(msync(a, PG, MS_ASYNC)); // gone
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p[0]);
	R(open(path, 3));
	struct iovec none = { a + 8, 0 };
	int self = syscall(SYS_pidfd_open, getpid(), 0);
	R(syscall(SYS_process_madvise, self, &none, 1, MADV_WIPEONFORK, 0));
	pthread_t t;
	pthread_create(&t, NULL, own_files, NULL);
	pthread_join(t, NULL);
	R(fgetxattr(p[0], "user", NULL, 0));
	R(fgetxattr(p[0], "user.a", NULL, 0));
	R(fsetxattr(p[0], "user", "", 0, 0));
	return 0;
}
