// Minimised by the differential fuzzer: a pipe read that runs into a bad address inside of a piece
// fails and takes nothing; whole pieces copied before it count. Whatever path the read takes.
#include "t.h"
#include <sys/mman.h>

static void show(const char *name, ssize_t n)
{
	printf("%s %zd%s\n", name, n, n < 0 && errno == EFAULT ? " EFAULT" : "");
}

int main(void)
{
	static char in[8192], out[8192];
	char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd[2], left = 0;

	munmap(p + 4096, 4096);
	pipe(fd);
	for (unsigned i = 0; i < sizeof in; i++)
		in[i] = (char)(i * 7 + i / 256);
	write(fd[1], in, sizeof in);
	show("across the edge", read(fd[0], p + 4096 - 35, 40));
	show("more than a piece", read(fd[0], p + 4096 - 35, 5000));
	show("behind the edge", read(fd[0], p + 4096, 8));
	ioctl(fd[0], FIONREAD, &left);
	printf("left %d\n", left);
	show("one piece, then the edge", read(fd[0], p, 4100));
	printf("same %d\n", !memcmp(p, in, 4096));
	show("rest", read(fd[0], out, sizeof out));
	printf("same %d\n", !memcmp(out, in + 4096, 4096));
	return 0;
}
