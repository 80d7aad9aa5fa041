/*
 * Uses something up, as the first argument says: memory (the machine must end the program, or the
 * call must fail as on Linux), or what has a limit (the call must fail and work again afterwards).
 * "cycles" takes and gives back; the free memory before and after is compared.
 *
 * The last line is "end: ..." when the program lives; a failure is "not ok: ..." and status 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE          4096ul
#define MANY          (64ul << 20) // of one memfd
#define MORE          (1ul << 20)  // of a child's own memory
#define MOST_LEFT_KIB 64           // taken for good by all cycles together

static char chunk[64 << 10];

static void check(int right, const char *what)
{
	if (right)
		return;
	printf("not ok: %s (%s)\n", what, strerror(errno));
	exit(1);
}

// So much was there before the end; a line for each two MiB.
static void had(unsigned long bytes)
{
	static unsigned long total;
	const unsigned long step = 2ul << 20;

	total += bytes;
	if (total / step != (total - bytes) / step)
		printf("had %lu MiB\n", total >> 20);
}

static int new_memfd(void)
{
	int fd = memfd_create("exhaust", 0);

	check(fd >= 0, "memfd_create");
	return fd;
}

static void end(const char *call, int error)
{
	printf("end: %s: %s\n", call, strerror(error));
	exit(0);
}

static void by_write(void)
{
	for (;;) {
		int fd = new_memfd();

		for (unsigned long at = 0; at < MANY; at += sizeof(chunk)) {
			ssize_t n = write(fd, chunk, sizeof(chunk));

			if (n < 0)
				end("write", errno);
			check(n > 0, "write of nothing");
			had(n);
		}
	}
}

static void by_fallocate(void)
{
	for (;;) {
		int fd = new_memfd();

		for (unsigned long at = 0; at < MANY; at += sizeof(chunk)) {
			if (fallocate(fd, 0, at, sizeof(chunk)))
				end("fallocate", errno);
			had(sizeof(chunk));
		}
	}
}

// More than there is, by one call.
static void by_one_fallocate(void)
{
	end("fallocate", fallocate(new_memfd(), 0, 0, 4ul << 30) ? errno : 0);
}

static void touch(char *p, unsigned long bytes)
{
	for (unsigned long at = 0; at < bytes; at += PAGE) {
		p[at] = 1;
		had(PAGE);
	}
}

static void by_mmap(void)
{
	for (;;) {
		int fd = new_memfd();
		char *p;

		check(!ftruncate(fd, MANY), "ftruncate");
		p = mmap(NULL, MANY, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			end("mmap", errno);
		touch(p, MANY);
	}
}

static void by_anonymous(void)
{
	for (;;) {
		char *p = mmap(NULL, MANY, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			end("mmap", errno);
		touch(p, MANY);
	}
}

static pid_t child_of(void (*run)(void))
{
	pid_t child = fork();

	check(child >= 0, "fork");
	if (!child) {
		// Larger than who waits for it: this is the one to be killed.
		char *own = mmap(NULL, MORE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0);

		check(own != MAP_FAILED, "mmap");
		memset(own, 1, MORE);
		run();
		exit(0);
	}
	return child;
}

static void hold_some(void)
{
	enum { HELD = 6 << 20 };
	char *p = mmap(NULL, HELD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED, "mmap");
	memset(p, 1, HELD);
	for (;;)
		pause();
}

// Files belong to nobody: the process with the most memory of its own dies first, then who writes.
static void beside_a_larger(void)
{
	pid_t holder = child_of(hold_some);
	int status = 0, fd = new_memfd();

	usleep(300000);
	for (int gone = 0;;) {
		check(write(fd, chunk, sizeof(chunk)) == sizeof(chunk), "write");
		if (!gone && waitpid(holder, &status, WNOHANG) == holder) {
			gone = 1;
			printf("the larger one: signal %d\n", WTERMSIG(status));
		}
	}
}

static long free_kib(void);

// What a process that was killed had is there again for the next one.
static void deaths(void)
{
	static void (*const ways[])(void) = { by_write, by_mmap, by_anonymous, by_fallocate,
					      by_write };
	long before = 0, after = 0;
	int status = 0;

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		before = i == 1 ? free_kib() : before;
		check(waitpid(child_of(ways[i]), &status, 0) > 0, "waitpid");
		printf("death %u: signal %d\n", i, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	}
	after = free_kib();
	check(before - after <= 1024, "memory is lost");
	end("deaths", 0);
}

// A tmpfs without a size of its own holds half of all memory.
static void on_tmpfs(void)
{
	int fd;

	check(!mkdir("/t", 0755) && !mount("t", "/t", "tmpfs", 0, NULL), "mount");
	fd = open("/t/file", O_RDWR | O_CREAT, 0600);
	check(fd >= 0, "open");
	while (write(fd, chunk, sizeof(chunk)) > 0)
		had(sizeof(chunk));
	if (errno != ENOSPC)
		end("write", errno);
	printf("a page more: %s\n",
	       pwrite(fd, chunk, PAGE, 1ul << 30) < 0 ? strerror(errno) : "written");
	check(!ftruncate(fd, 0), "ftruncate");
	end("write again", write(fd, chunk, sizeof(chunk)) < 0 ? errno : 0);
}

static long free_kib(void)
{
	char text[512] = "";
	int fd = open("/proc/meminfo", O_RDONLY);
	char *at;

	check(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, "/proc/meminfo");
	close(fd);
	at = strstr(text, "MemFree:");
	check(at != NULL, "MemFree");
	return strtol(at + 8, NULL, 10);
}

static void memfd_cycle(void)
{
	int fd = new_memfd();

	check(write(fd, chunk, sizeof(chunk)) == sizeof(chunk), "write");
	close(fd);
}

static void mmap_cycle(void)
{
	const unsigned long bytes = 256 * PAGE;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED, "mmap");
	memset(p, 1, bytes);
	check(!munmap(p, bytes), "munmap");
}

static void run_cycles(const char *name, int first, void (*cycle)(void), int count)
{
	long before, after;

	for (int i = 0; i < first; i++) // what is kept for the next time
		cycle();
	before = free_kib();
	for (int i = 0; i < count; i++)
		cycle();
	after = free_kib();
	printf("%s: %ld KiB free before, %ld after\n", name, before, after);
	check(before - after <= MOST_LEFT_KIB, "memory is lost");
}

static void cycles(void)
{
	run_cycles("memfd", 100, memfd_cycle, 10000);
	run_cycles("mmap", 100, mmap_cycle, 1000);
	end("cycles", 0);
}

static void fork_cycle(void)
{
	pid_t child = fork();
	int status;

	check(child >= 0, "fork");
	if (!child) {
		chunk[0] = 1; // a page of its own
		_exit(7);
	}
	check(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "waitpid");
}

// A thousand processes at once, each with memory and a descriptor of its own.
static void crowd_cycle(void)
{
	enum { CROWD = 1000 };
	int gate[2], count[2];
	char c;

	check(!pipe(gate) && !pipe(count), "pipe");
	for (int i = 0; i < CROWD; i++) {
		pid_t child = fork();

		check(child >= 0, "fork");
		if (child)
			continue;
		close(gate[1]);
		memset(chunk, 1, 2 * PAGE);
		check(new_memfd() >= 0 && write(count[1], "x", 1) == 1, "a process");
		_exit(read(gate[0], &c, 1)); // until the gate is closed
	}
	for (int i = 0; i < CROWD; i++) // all live
		check(read(count[0], &c, 1) == 1, "read");
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < CROWD; i++) {
		int status;

		check(wait(&status) > 0 && !status, "wait");
	}
	close(count[0]);
	close(count[1]);
}

static void processes(void)
{
	run_cycles("fork", 100, fork_cycle, 10000);
	run_cycles("a thousand processes", 1, crowd_cycle, 3);
	end("processes", 0);
}

static void close_all(void)
{
	check(!syscall(SYS_close_range, 3, ~0u, 0), "close_range");
}

static int open_null(void)
{
	return open("/dev/null", O_RDONLY);
}

static int open_pipe(void)
{
	int fds[2];

	return pipe(fds) ? -1 : fds[1];
}

static int open_memfd(void)
{
	return memfd_create("exhaust", 0);
}

static void fill_fds(const char *name, int (*make)(void), long limit)
{
	for (int round = 0; round < 3; round++) {
		long last = 0, fd;

		while ((fd = make()) >= 0)
			last = fd;
		check(errno == EMFILE, name);
		check(last >= limit - 2, "the limit is not reached");
		close_all();
		check(make() >= 3, "none afterwards");
		close_all();
	}
}

static void fds(void)
{
	struct rlimit limit;

	check(!getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	fill_fds("open", open_null, limit.rlim_cur);
	fill_fds("pipe", open_pipe, limit.rlim_cur);
	fill_fds("memfd_create", open_memfd, limit.rlim_cur);
	end("fds", 0);
}

// Empty objects until memory is gone: an error, never the end of the machine.
static void objects(int (*make)(void), const char *name)
{
	struct rlimit limit;
	int error;

	check(!getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	check(!setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	while (make() >= 0)
		;
	error = errno;
	check(error == ENOMEM || error == ENFILE || error == EMFILE || error == ENOSPC, name);
	close_all();
	check(make() >= 3, "none afterwards");
	end(name, error);
}

static void mappings(void)
{
	enum { LIMIT = 65530 };
	static char *at[LIMIT + 10];
	int n = 0;

	for (int round = 0; round < 2; round++) {
		for (n = 0; n < LIMIT + 10; n++) {
			// Neighbours differ in protection: none is merged.
			at[n] = mmap(NULL, PAGE, n % 2 ? PROT_READ : PROT_NONE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (at[n] == MAP_FAILED)
				break;
		}
		check(errno == ENOMEM && n < LIMIT && n > LIMIT - 100, "number of mappings");
		while (n-- > 0)
			check(!munmap(at[n], PAGE), "munmap");
	}
	end("mappings", 0);
}

static void *wait_here(void *lock)
{
	pthread_mutex_lock(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

static void threads(void)
{
	enum { MOST = 40000 };
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static pthread_t all[MOST];
	pthread_attr_t attr;
	int first = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16 << 10);
	for (int round = 0; round < 2; round++) {
		int n = 0, r = 0;

		pthread_mutex_lock(&lock);
		while (n < MOST && !(r = pthread_create(&all[n], &attr, wait_here, &lock)))
			n++;
		errno = r;
		check(r == EAGAIN || r == ENOMEM, "pthread_create");
		pthread_mutex_unlock(&lock);
		for (int i = 0; i < n; i++)
			pthread_join(all[i], NULL);
		printf("%d threads\n", n);
		check(!round || n >= first - first / 10, "fewer threads the second time");
		first = n;
	}
	end("threads", 0);
}

static void memfds(void)
{
	objects(open_memfd, "memfds");
}

static void pipes(void)
{
	objects(open_pipe, "pipes");
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{ "write", by_write },
	{ "fallocate", by_fallocate },
	{ "mmap", by_mmap },
	{ "anonymous", by_anonymous },
	{ "one-fallocate", by_one_fallocate },
	{ "beside-a-larger", beside_a_larger },
	{ "deaths", deaths },
	{ "tmpfs", on_tmpfs },
	{ "cycles", cycles },
	{ "processes", processes },
	{ "fds", fds },
	{ "mappings", mappings },
	{ "threads", threads },
	{ "memfds", memfds },
	{ "pipes", pipes },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	memset(chunk, 'x', sizeof(chunk));
	for (unsigned i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name))
			modes[i].run();
	check(0, "unknown mode");
}
