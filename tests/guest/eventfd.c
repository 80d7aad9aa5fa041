// eventfd: counting, semaphore mode, limits, polling.
#include "t.h"
#include <poll.h>
#include <sys/eventfd.h>

static void put(int fd, uint64_t v)
{
	printf("write %lu: %s\n", (unsigned long)v, write(fd, &v, 8) == 8 ? "ok" : t_errno(errno));
}

static void get(int fd)
{
	uint64_t v = 0;

	if (read(fd, &v, 8) == 8)
		printf("read %lu\n", (unsigned long)v);
	else
		printf("read %s\n", t_errno(errno));
}

int main(void)
{
	struct pollfd p;
	char small[4];
	int fd;

	fd = MUST(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
	R(fcntl(fd, F_GETFD));
	R(fcntl(fd, F_GETFL));
	p = (struct pollfd){ fd, POLLIN | POLLOUT, 0 };
	R(poll(&p, 1, 0));
	printf("%#x\n", p.revents);
	get(fd);
	get(fd);
	put(fd, 5);
	put(fd, 6);
	get(fd);
	put(fd, -2ul);
	put(fd, 1);
	put(fd, -1ul);
	R(poll(&p, 1, 0));
	printf("%#x\n", p.revents);
	R(read(fd, small, 4));
	R(write(fd, small, 4));
	R(lseek(fd, 0, SEEK_SET));
	R(pread(fd, small, 8, 0));
	get(fd);
	fd = MUST(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
	get(fd);
	get(fd);
	get(fd);
	R(syscall(SYS_eventfd2, 0, 2));
	OK(syscall(SYS_eventfd, 0));
	return 0;
}
