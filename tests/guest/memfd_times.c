// Which calls change a memfd's times, and when a read changes the access time (relatime).
#include "t.h"
#include <time.h>

static int fd;

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static int differ(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec;
}

// Which times |what| has changed since the last call of this.
static void changed(const char *what)
{
	static struct stat before;
	struct stat st;

	fstat(fd, &st);
	printf("%s:%s%s%s\n", what, differ(st.st_atim, before.st_atim) ? " atime" : "",
	       differ(st.st_mtim, before.st_mtim) ? " mtime" : "",
	       differ(st.st_ctim, before.st_ctim) ? " ctime" : "");
	before = st;
	pause_ms(20); // times are coarse
}

static void read_twice(void)
{
	char c;

	MUST(pread(fd, &c, 1, 0));
	changed("  read");
	MUST(pread(fd, &c, 1, 0));
	changed("  read again");
}

int main(void)
{
	struct timespec past[2] = { { 100, 1 }, { 50, 2 } }, later[2] = { { 50, 1 }, { 50, 2 } };
	char page[PG] = { 0 };

	fd = MUST(t_memfd("times", 0));
	changed("new");
	MUST(write(fd, page, sizeof(page)));
	changed("write");
	read_twice();
	MUST(pwrite(fd, page, 1, 0));
	changed("pwrite over what is there");
	read_twice();
	MUST(pwrite(fd, page, 0, 0));
	changed("pwrite of nothing");
	read_twice();
	MUST(ftruncate(fd, 2 * PG));
	changed("ftruncate");
	read_twice();
	MUST(fchmod(fd, 0600));
	changed("fchmod");
	read_twice();
	MUST(futimens(fd, past));
	changed("futimens");
	read_twice();
	MUST(futimens(fd, later));
	changed("futimens");
	read_twice();
	MUST(pread(fd, page, 1, PG)); // a hole
	changed("read of a hole");
	MUST(pread(fd, page, 0, 0));
	changed("read of nothing");
	MUST(pread(fd, page, 1, 2 * PG));
	changed("read at the end");
	IS(pread(fd, (void *)8, 1, 0) < 0);
	changed("bad read");
	IS(pwrite(fd, (void *)8, 1, 0) < 0);
	changed("bad write");
	IS(pread(fd, (void *)8, 1, 0) < 0);
	changed("bad read");
	return 0;
}
