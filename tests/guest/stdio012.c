// The first three descriptors: standard input with an end, output and error apart; as pipes.
//
// stdin: first line\nsecond
#include "t.h"
#include <poll.h>
#include <sys/ioctl.h>

int main(void)
{
	struct pollfd p[3] = { { 0, POLLIN, 0 }, { 1, POLLOUT, 0 }, { 2, POLLOUT, 0 } };
	char buf[100];
	struct stat st;
	ssize_t n;

	for (int i = 0; i < 3; i++) {
		fstat(i, &st);
		printf("%d: type %o tty %d flags %d\n", i, st.st_mode & S_IFMT, isatty(i),
		       fcntl(i, F_GETFL) & O_ACCMODE);
	}
	R(poll(p, 1, 5000));
	R(poll(p, 3, 0));
	printf("revents %#x %#x %#x\n", p[0].revents & ~POLLHUP, p[1].revents, p[2].revents);
	R(read(0, buf, 6));
	size_t total = 6;
	while ((n = read(0, buf, sizeof(buf))) > 0)
		total += n;
	printf("end %zd after %zu\n", n, total);
	R(read(0, buf, 1));
	R(lseek(0, 0, SEEK_CUR));
	R(write(0, "x", 1));
	R(read(1, buf, 1));
	R(ioctl(0, TIOCGWINSZ, buf));
	R(ioctl(1, TCGETS, buf));
	R(poll(p, 1, 0));
	fflush(stdout);
	write(2, "error ", 6);
	write(1, "raw\n", 4);
	dprintf(2, "output\n");
	int again = MUST(open("/proc/self/fd/1", O_WRONLY));
	write(again, "by its name\n", 12);
	close(again);
	int fd = MUST(dup(1));
	R(close(1));
	R(write(1, "lost", 4));
	dup2(fd, 1);
	printf("back\n");
	return 0;
}
