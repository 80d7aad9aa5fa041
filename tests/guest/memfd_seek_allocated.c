// SEEK_DATA and SEEK_HOLE over pages that fallocate made and nobody has written yet: holes.
#include "t.h"

int main(void)
{
	int fd = MUST(t_memfd("seek", 0));

	R(fallocate(fd, 0, 0, 4 * PG));
	R(lseek(fd, 0, SEEK_DATA));
	R(lseek(fd, 0, SEEK_HOLE));
	R(pwrite(fd, "x", 1, 2 * PG));
	R(lseek(fd, 0, SEEK_DATA));
	R(lseek(fd, 2 * PG, SEEK_HOLE));
	volatile char *p = MUST(mmap(NULL, 4 * PG, PROT_READ, MAP_SHARED, fd, 0));
	IS(p[0] == 0);
	R(lseek(fd, 0, SEEK_DATA));
	R(lseek(fd, 0, SEEK_HOLE));
	return 0;
}
