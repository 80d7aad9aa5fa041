// Minimised by the differential fuzzer: writes over fallocated pages are seen by every later read,
// the same size given again frees what lies behind it, and a bad address leaves page and size.
#include "t.h"
#include <linux/falloc.h>

static unsigned char bytes[65536];

static long blocks(int fd)
{
	struct stat st;

	fstat(fd, &st);
	return (long)st.st_blocks;
}

int main(void)
{
	int fd = memfd_create("x", MFD_ALLOW_SEALING);
	long n;

	fallocate(fd, FALLOC_FL_KEEP_SIZE, 0x4000, 0x2f49);
	ftruncate(fd, 0xdffc);
	n = pwrite(fd, "hello", 5, 0x5000);
	printf("pwrite %ld\n", n);
	n = pread(fd, bytes, sizeof bytes, 0);
	printf("pread %ld '%.5s' data at %ld\n", n, bytes + 0x5000, (long)lseek(fd, 0, SEEK_DATA));
	ftruncate(fd, 0x1000);
	fallocate(fd, FALLOC_FL_KEEP_SIZE, 0x4000, 0x1000);
	printf("blocks %ld\n", blocks(fd));
	ftruncate(fd, 0x1000);
	printf("blocks %ld\n", blocks(fd));
	n = pwrite(fd, (void *)8, 49, 0x8000);
	printf("bad address %ld, size %ld, blocks %ld\n", n, (long)lseek(fd, 0, SEEK_END),
	       blocks(fd));
	return 0;
}
