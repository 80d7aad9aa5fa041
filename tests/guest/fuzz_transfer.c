// Minimised by the differential fuzzer: what sendfile, copy_file_range, vmsplice and sealing answer
// where several things are wrong at once, and what they do to holes, stacks and unreadable memory.
#include "t.h"
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static int pipe_fd[2];
static char bytes[65536];

static void show(const char *name, long n)
{
	printf("%s: %ld%s%s\n", name, n, n < 0 ? " " : "", n < 0 ? t_errno(errno) : "");
}

static long blocks(int fd)
{
	struct stat st;

	fstat(fd, &st);
	return (long)st.st_blocks;
}

static void new_pipe(void)
{
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	pipe2(pipe_fd, O_NONBLOCK);
}

static long put(char *p, size_t n)
{
	struct iovec v = { p, n };

	return vmsplice(pipe_fd[1], &v, 1, SPLICE_F_NONBLOCK);
}

static void sendfile_order(void)
{
	int fd = memfd_create("x", 0), dir = open("/", O_RDONLY | O_DIRECTORY);
	off_t at = 5, far = 1l << 62;

	ftruncate(fd, 8192);
	new_pipe();
	show("from a pipe at an offset to nowhere", sendfile(-1, pipe_fd[0], &at, 10));
	show("from a pipe to a file", sendfile(fd, pipe_fd[0], 0, 10));
	show("from a pipe to its full self",
	     (fcntl(pipe_fd[1], F_SETPIPE_SZ, 4096), write(pipe_fd[1], bytes, 4096),
	      sendfile(pipe_fd[1], pipe_fd[0], 0, 10)));
	show("a range past all files", sendfile(-1, fd, &far, ~0ul >> 1));
	show("from a folder", sendfile(fd, dir, 0, 10));
	show("nothing from a folder", sendfile(fd, dir, 0, 0));
	fcntl(fd, F_SETFL, O_APPEND);
	show("to a file that appends", sendfile(fd, fd, &at, 10));
	close(fd);
	close(dir);
}

// The pages that go over are the file's own: what is written first shows in what comes later.
static void sendfile_pages(void)
{
	int in = memfd_create("in", 0), out = memfd_create("out", 0);
	off_t at = 100;

	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	write(in, bytes, 20000);
	ftruncate(in, 40000);
	pwrite(in, "end", 3, 39000);
	show("with holes", sendfile(out, in, &at, 60000));
	printf("at %ld, position %ld, blocks %ld %ld\n", (long)at, (long)lseek(out, 0, SEEK_CUR),
	       blocks(in), blocks(out));
	pread(out, bytes + 32768, 19900, 0);
	printf("same %d\n", !memcmp(bytes + 100, bytes + 32768, 19900));
	close(in);
	close(out);
}

static void copy_limit(void)
{
	struct rlimit small = { 10000, RLIM_INFINITY }, none = { RLIM_INFINITY, RLIM_INFINITY };
	int in = memfd_create("in", 0), out = memfd_create("out", 0);
	loff_t from = 0, to = 20000;

	signal(SIGXFSZ, SIG_IGN);
	write(in, bytes, 9000);
	setrlimit(RLIMIT_FSIZE, &small);
	show("behind the limit", copy_file_range(in, &from, out, &to, 100, 0));
	from = 9000;
	show("nothing to copy, behind the limit", copy_file_range(in, &from, out, &to, 100, 0));
	from = 0;
	to = 9500;
	show("across the limit", copy_file_range(in, &from, out, &to, 9000, 0));
	from = -5;
	show("negative", copy_file_range(in, &from, out, &to, 2, 0));
	setrlimit(RLIMIT_FSIZE, &none);
	close(in);
	close(out);
}

static void vmsplice_memory(void)
{
	char *p = mmap(0, 64 * PG, RW, ANON, -1, 0);
	int fd = memfd_create("x", 0);
	struct iovec bad = { bytes, (size_t)-1 }, none = { bytes, 0 };
	char *shared;

	ftruncate(fd, 64 * PG);
	show("nothing to a file", vmsplice(fd, &none, 1, 0));
	show("a bad vector to a file", vmsplice(fd, &bad, 1, 0));
	show("to a file", vmsplice(fd, &(struct iovec){ bytes, 1 }, 1, 0));
	new_pipe();
	mmap(p + 32 * PG, 2 * PG, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	munmap(p + 16 * PG, 16 * PG);
	show("below a stack", put(p + 30 * PG, 8));
	mprotect(p, PG, PROT_EXEC);
	show("may not be read", put(p, 8));
	p[PG] = 1;
	mprotect(p + PG, PG, PROT_WRITE);
	show("may not be read, but is there", put(p + PG, 8));
	mprotect(p + 2 * PG, PG, PROT_NONE);
	show("no rights", put(p + 2 * PG, 8));
	show("up to it", put(p + PG, 2 * PG));
	new_pipe();
	shared = mmap(0, 64 * PG, RW, MAP_SHARED, fd, 0);
	fcntl(pipe_fd[1], F_SETPIPE_SZ, 4096);
	show("holes into a pipe of one page", put(shared + PG, 40 * PG));
	printf("blocks %ld\n", blocks(fd));
	close(fd);
	munmap(p, 64 * PG);
	munmap(shared, 64 * PG);
}

static void seal_in_use(void)
{
	int fd = memfd_create("x", MFD_ALLOW_SEALING);
	off_t at = 0;

	write(fd, bytes, 3 * PG);
	new_pipe();
	show("into a pipe", sendfile(pipe_fd[1], fd, &at, 2 * PG));
	show("seal while the pipe has pages", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	show("another seal", fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_GROW));
	read(pipe_fd[0], bytes, PG);
	show("seal while the pipe has one", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	read(pipe_fd[0], bytes, PG);
	show("seal when it has none", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	show("seals", fcntl(fd, F_GET_SEALS));
	close(fd);
}

// Whole pages of what is to be written are refused where the last byte of one is behind the size.
static void seal_of_size(void)
{
	int out = memfd_create("x", MFD_ALLOW_SEALING), in = memfd_create("y", 0);

	ftruncate(in, 10 * PG);
	write(out, bytes, 11119);
	ftruncate(out, 4 * PG - 3);
	fcntl(out, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK);
	show("up to the page with the end", sendfile(out, in, 0, 2 * PG));
	show("in that page", sendfile(out, in, 0, 2 * PG));
	close(in);
	close(out);
}

int main(void)
{
	pipe2(pipe_fd, O_NONBLOCK);
	sendfile_order();
	sendfile_pages();
	copy_limit();
	vmsplice_memory();
	seal_in_use();
	seal_of_size();
	return 0;
}
