// A memfd as a file: read, write, positions, size, holes, blocks.
#include "t.h"
#include <linux/falloc.h>

static int fd;

static void shape(const char *when)
{
	struct stat st;

	fstat(fd, &st);
	printf("%s: size %ld blocks %ld pos %ld\n", when, (long)st.st_size, (long)st.st_blocks,
	       (long)lseek(fd, 0, SEEK_CUR));
}

static void data_and_holes(void)
{
	R(lseek(fd, 0, SEEK_DATA));
	R(lseek(fd, 0, SEEK_HOLE));
	R(lseek(fd, PG, SEEK_DATA));
	R(lseek(fd, PG, SEEK_HOLE));
	R(lseek(fd, 10 * PG, SEEK_DATA));
	R(lseek(fd, 100 * PG, SEEK_HOLE));
}

int main(void)
{
	char buf[3 * PG], zero[PG] = { 0 };

	fd = MUST(t_memfd("rw", 0));
	shape("new");
	R(read(fd, buf, 10));
	R(write(fd, "hello", 5));
	shape("after write");
	R(lseek(fd, 0, SEEK_SET));
	R(read(fd, buf, sizeof(buf)));
	IS(!memcmp(buf, "hello", 5));
	R(pwrite(fd, "X", 1, 3 * PG));
	shape("after pwrite past the end");
	R(pread(fd, buf, PG, PG));
	IS(!memcmp(buf, zero, PG));
	shape("after reading a hole");
	data_and_holes();
	R(ftruncate(fd, 100 * PG));
	shape("after growing");
	data_and_holes();
	R(ftruncate(fd, 3));
	shape("after shrinking");
	R(ftruncate(fd, 10));
	R(pread(fd, buf, 10, 0));
	IS(!memcmp(buf, "hel\0\0\0\0\0\0\0", 10));
	R(ftruncate(fd, -1));
	R(ftruncate(fd, 0));
	shape("empty");
	R(fallocate(fd, 0, 0, 4 * PG));
	shape("allocated");
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PG, 2 * PG));
	shape("punched");
	R(fallocate(fd, FALLOC_FL_KEEP_SIZE, 8 * PG, PG));
	shape("allocated past the end");
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PG));
	R(fallocate(fd, 0, 0, 0));
	R(fallocate(fd, 0, -1, 1));
	R(fallocate(fd, 0, 0, -1));
	R(fallocate(fd, 0x100, 0, 1));
	R(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, PG));
	R(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PG));
	R(fallocate(fd, 0, 0x7fffffffffffffff - 10, 100));
	R(lseek(fd, -1, SEEK_SET));
	R(lseek(fd, 0, 7));
	R(lseek(fd, 5, SEEK_SET));
	R(write(fd, "tail", 4));
	shape("written at 5");
	R(pread(fd, buf, 4, -1));
	R(pwrite(fd, buf, 4, -1));
	R(read(fd, NULL, 0));
	R(read(fd, (void *)1, 10));
	R(write(fd, (void *)1, 10));
	R(write(fd, (void *)-1, 10));
	R(fcntl(fd, F_SETFL, O_APPEND));
	R(write(fd, "end", 3));
	shape("appended");
	R(pwrite(fd, "p", 1, 0));
	shape("pwrite with O_APPEND");
	return 0;
}
