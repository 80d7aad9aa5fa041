// Microbenchmarks of what a program asks of a kernel. One static Linux program, run unmodified on
// every system compared. A figure is time-stamp-counter ticks per operation, the median of BATCHES
// batches; under `qemu -accel tcg -icount shift=0,sleep=off` the counter advances once per guest
// instruction, so that the figures are instruction counts and the same on every machine.
//
// Prints "BENCH main_tsc N" first (ticks since reset when main began), then "BENCH NAME TICKS" a
// row, "BENCH NAME FAIL ERRNO" where the system refuses, and "BENCH done". Arguments: rows to run
// (default: all), after --mappings=N to have N more mappings alive meanwhile.
#define _GNU_SOURCE
#include "tests/bench/ubench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 9

static inline uint64_t ticks(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

static int memfd(const char *name)
{
	return (int)syscall(SYS_memfd_create, name, 0u);
}

int memfd_sized(const char *name, size_t bytes)
{
	int fd = memfd(name);

	if (fd >= 0 && ftruncate(fd, (off_t)bytes)) {
		close(fd);
		return -1;
	}
	return fd;
}

void touch_write(char *p, size_t bytes)
{
	for (size_t o = 0; o < bytes; o += PAGE)
		((volatile char *)p)[o] = 1;
}

static void touch_read(const char *p, size_t bytes)
{
	for (size_t o = 0; o < bytes; o += PAGE)
		(void)((const volatile char *)p)[o];
}

// ---- one batch of each row: true if the system did it ----

static bool null_syscall(int n, size_t bytes)
{
	(void)bytes;
	while (n--)
		syscall(SYS_getppid);
	return true;
}

static bool vdso_clock(int n, size_t bytes)
{
	struct timespec ts;

	(void)bytes;
	while (n--)
		clock_gettime(CLOCK_MONOTONIC, &ts);
	return true;
}

static bool mmap_munmap(int n, size_t bytes)
{
	while (n--) {
		void *p = mmap(0, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED || munmap(p, bytes))
			return false;
	}
	return true;
}

static bool fault_anon(int n, size_t bytes)
{
	char *p = mmap(0, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)n;
	if (p == MAP_FAILED)
		return false;
	madvise(p, bytes, MADV_NOHUGEPAGE);
	touch_write(p, bytes);
	return munmap(p, bytes) == 0;
}

static char *protected_page;
static bool mprotect_page(int n, size_t bytes)
{
	(void)bytes;
	if (!protected_page)
		protected_page = mmap(0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (protected_page == MAP_FAILED)
		return false;
	for (; n > 0; n -= 2) {
		if (mprotect(protected_page, PAGE, PROT_READ) || mprotect(protected_page, PAGE, RW))
			return false;
		*(volatile char *)protected_page = 1;
	}
	return true;
}

static bool memfd_create_close(int n, size_t bytes)
{
	(void)bytes;
	while (n--) {
		int fd = memfd("b");

		if (fd < 0)
			return false;
		close(fd);
	}
	return true;
}

// Two views of |fd| side by side over a reservation, or MAP_FAILED.
static char *map_ring(int fd, size_t bytes)
{
	char *d = mmap(0, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (d == MAP_FAILED)
		return d;
	if (mmap(d, bytes, RW, MAP_SHARED | MAP_FIXED, fd, 0) != d ||
	    mmap(d + bytes, bytes, RW, MAP_SHARED | MAP_FIXED, fd, 0) != d + bytes)
		return MAP_FAILED;
	return d;
}

// The life of a ring buffer: create, size, reserve, map twice, touch both views, tear down.
static bool ring_cycle(int n, size_t bytes)
{
	while (n--) {
		int fd = memfd_sized("queue_buffer", bytes);
		char *d = fd < 0 ? MAP_FAILED : map_ring(fd, bytes);

		if (d == MAP_FAILED)
			return false;
		touch_write(d, bytes);
		touch_read(d + bytes, bytes);
		munmap(d, 2 * bytes);
		close(fd);
	}
	return true;
}

// The same with 2 MiB frames asked for; the reservation is aligned by its size.
static bool ring_cycle_huge(int n, size_t bytes)
{
	while (n--) {
		int fd = memfd_sized("queue_buffer", bytes);
		char *d = fd < 0 ? MAP_FAILED : map_ring(fd, bytes);

		if (d == MAP_FAILED)
			return false;
		madvise(d, 2 * bytes, MADV_HUGEPAGE);
		touch_write(d, bytes);
		touch_read(d + bytes, bytes);
		munmap(d, 2 * bytes);
		close(fd);
	}
	return true;
}

static bool fault_memfd(int n, size_t bytes)
{
	int fd = memfd_sized("f", bytes);
	char *p = fd < 0 ? MAP_FAILED : mmap(0, bytes, RW, MAP_SHARED, fd, 0);

	(void)n;
	if (p == MAP_FAILED)
		return false;
	touch_write(p, bytes);
	munmap(p, bytes);
	close(fd);
	return true;
}

// A memfd whose pages all exist; made by the first row that needs it, for that size.
static struct {
	int fd;
	size_t bytes;
} filled = { .fd = -1 };

static bool fill(size_t bytes)
{
	char *p;

	if (filled.fd >= 0 && filled.bytes == bytes)
		return true;
	if (filled.fd >= 0)
		close(filled.fd);
	filled.fd = memfd_sized("a", bytes);
	filled.bytes = bytes;
	p = filled.fd < 0 ? MAP_FAILED : mmap(0, bytes, RW, MAP_SHARED, filled.fd, 0);
	if (p == MAP_FAILED)
		return false;
	touch_write(p, bytes);
	munmap(p, bytes);
	return true;
}

static bool fault_alias(int n, size_t bytes)
{
	char *p = mmap(0, bytes, RW, MAP_SHARED, filled.fd, 0);

	(void)n;
	if (p == MAP_FAILED)
		return false;
	touch_read(p, bytes);
	return munmap(p, bytes) == 0;
}

static char io_buffer[4096];

static bool memfd_pwrite(int n, size_t bytes)
{
	for (int i = 0; i < n; i++)
		if (pwrite(filled.fd, io_buffer, bytes, (off_t)(i * PAGE)) != (ssize_t)bytes)
			return false;
	return true;
}

static bool memfd_pread(int n, size_t bytes)
{
	for (int i = 0; i < n; i++)
		if (pread(filled.fd, io_buffer, bytes, (off_t)(i * PAGE)) != (ssize_t)bytes)
			return false;
	return true;
}

static bool memfd_populate(int n, size_t bytes)
{
	int fd = memfd_sized("h", bytes);
	char *p = fd < 0 ? MAP_FAILED : mmap(0, bytes, RW, MAP_SHARED | MAP_POPULATE, fd, 0);

	(void)n;
	if (p == MAP_FAILED)
		return false;
	touch_write(p, bytes);
	munmap(p, bytes);
	close(fd);
	return true;
}

// Populated where 2 MiB entries fit.
static bool memfd_populate_huge(int n, size_t bytes)
{
	char *p = mmap(0, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = memfd_sized("h", bytes);

	(void)n;
	if (fd < 0 || p == MAP_FAILED ||
	    mmap(p, bytes, RW, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) != p)
		return false;
	touch_write(p, bytes);
	munmap(p, bytes);
	close(fd);
	return true;
}

#define MESSAGE ((size_t)3000)
static char message[MESSAGE];
static char *ring_for_copy(size_t bytes)
{
	static char *ring;
	int fd;

	if (ring)
		return ring;
	fd = memfd_sized("r", bytes);
	ring = fd < 0 ? MAP_FAILED : map_ring(fd, bytes);
	if (ring != MAP_FAILED) {
		touch_write(ring, bytes);
		touch_read(ring + bytes, bytes);
	}
	return ring;
}

static bool ring_double(int n, size_t bytes)
{
	char *d = ring_for_copy(bytes);
	size_t w = 0;

	if (d == MAP_FAILED)
		return false;
	while (n--) {
		memcpy(d + w, message, MESSAGE);
		w += MESSAGE;
		if (w >= bytes)
			w -= bytes;
	}
	return true;
}

static bool ring_split(int n, size_t bytes)
{
	char *d = ring_for_copy(bytes);
	size_t w = 0;

	if (d == MAP_FAILED)
		return false;
	while (n--) {
		size_t first = bytes - w < MESSAGE ? bytes - w : MESSAGE;

		memcpy(d + w, message, first);
		memcpy(d, message + first, MESSAGE - first);
		w += MESSAGE;
		if (w >= bytes)
			w -= bytes;
	}
	return true;
}

static void *do_nothing(void *arg)
{
	return arg;
}

static bool thread_create_join(int n, size_t bytes)
{
	pthread_t t;

	(void)bytes;
	while (n--)
		if (pthread_create(&t, 0, do_nothing, 0) || pthread_join(t, 0))
			return false;
	return true;
}

static atomic_int turn;

static void futex_wait(int value)
{
	syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_pass(int value)
{
	atomic_store(&turn, value);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *futex_peer(void *rounds)
{
	for (intptr_t i = (intptr_t)rounds; i > 0; i--) {
		while (atomic_load(&turn) != 1)
			futex_wait(0);
		futex_pass(0);
	}
	return 0;
}

static bool futex_roundtrip(int n, size_t bytes)
{
	(void)bytes;
	while (n--) {
		futex_pass(1);
		while (atomic_load(&turn) != 0)
			futex_wait(1);
	}
	return true;
}

static int pipes[4];

static void *pipe_peer(void *rounds)
{
	char c;

	for (intptr_t i = (intptr_t)rounds; i > 0; i--)
		if (read(pipes[0], &c, 1) != 1 || write(pipes[3], &c, 1) != 1)
			break;
	return 0;
}

static bool pipe_roundtrip(int n, size_t bytes)
{
	char c = 1;

	(void)bytes;
	while (n--)
		if (write(pipes[1], &c, 1) != 1 || read(pipes[2], &c, 1) != 1)
			return false;
	return true;
}

// eventfds instead of pipes: [0] asks, [1] answers.
static int events[2] = { -1, -1 };

static bool event_give(int fd)
{
	uint64_t one = 1;

	return write(fd, &one, sizeof(one)) == sizeof(one);
}

static bool event_take(int fd)
{
	uint64_t value;

	return read(fd, &value, sizeof(value)) == sizeof(value);
}

static void *event_peer(void *rounds)
{
	for (intptr_t i = (intptr_t)rounds; i > 0; i--)
		if (!event_take(events[0]) || !event_give(events[1]))
			break;
	return 0;
}

static bool event_roundtrip(int n, size_t bytes)
{
	(void)bytes;
	while (n--)
		if (!event_give(events[0]) || !event_take(events[1]))
			return false;
	return true;
}

// The same with both sides waiting in epoll_wait.
static bool epoll_take(int epfd, int fd)
{
	struct epoll_event e;

	return epoll_wait(epfd, &e, 1, -1) == 1 && event_take(fd);
}

static int epoll_of(int fd)
{
	struct epoll_event e = { .events = EPOLLIN };
	int epfd = epoll_create1(0);

	return epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &e) ? -1 : epfd;
}

static void *epoll_peer(void *rounds)
{
	int epfd = epoll_of(events[0]);

	for (intptr_t i = (intptr_t)rounds; i > 0; i--)
		if (!epoll_take(epfd, events[0]) || !event_give(events[1]))
			break;
	close(epfd);
	return 0;
}

static bool epoll_roundtrip(int n, size_t bytes)
{
	static int epfd = -1;

	(void)bytes;
	if (epfd < 0)
		epfd = epoll_of(events[1]);
	while (n--)
		if (!event_give(events[0]) || !epoll_take(epfd, events[1]))
			return false;
	return true;
}

// epoll_wait with one of |watched| descriptors ready.
static struct {
	int epfd;
	size_t watched;
	int *fds;
} set = { -1, 0, NULL };

static void epoll_forget(void)
{
	for (size_t i = 0; i < set.watched; i++)
		close(set.fds[i]);
	if (set.epfd >= 0)
		close(set.epfd);
	free(set.fds);
	set.epfd = -1;
	set.watched = 0;
	set.fds = NULL;
}

static bool epoll_watch(size_t watched)
{
	struct epoll_event e = { .events = EPOLLIN };

	set.epfd = epoll_create1(0);
	set.fds = calloc(watched, sizeof(*set.fds));
	if (!set.fds)
		return false;
	for (; set.watched < watched; set.watched++) {
		int fd = eventfd(set.watched == watched / 2, 0);

		set.fds[set.watched] = fd;
		if (fd < 0 || epoll_ctl(set.epfd, EPOLL_CTL_ADD, fd, &e))
			return false;
	}
	return true;
}

static bool epoll_one_of(int n, size_t watched)
{
	struct epoll_event e;

	if (set.epfd < 0 && !epoll_watch(watched))
		return false;
	while (n--)
		if (epoll_wait(set.epfd, &e, 1, -1) != 1)
			return false;
	return true;
}

// ---- the rows ----

static const struct row thread_rows[] = {
	{ "null_syscall", null_syscall, 1000, 0 },
	{ "clock_gettime", vdso_clock, 1000, 0 },
	{ "mmap_munmap_64k", mmap_munmap, 100, 16 * PAGE },
	{ "mmap_munmap_16m", mmap_munmap, 100, 4096 * PAGE },
	{ "fault_anon_4k", fault_anon, 1, 1024 * PAGE, .per = 1024 },
	{ "mprotect_page", mprotect_page, 200, PAGE },
	{ "memfd_create_close", memfd_create_close, 50, 0 },
	{ "memfd_ring_cycle_64k", ring_cycle, 20, 16 * PAGE },
	{ "memfd_ring_cycle_16m", ring_cycle, 1, 4096 * PAGE },
	{ "memfd_ring_cycle_16m_2m", ring_cycle_huge, 1, 4096 * PAGE },
	{ "fault_memfd_4k", fault_memfd, 1, 1024 * PAGE, .per = 1024 },
	{ "fault_memfd_alias_4k", fault_alias, 1, 1024 * PAGE, .needs_filled = true, .per = 1024 },
	{ "memfd_pwrite_4k", memfd_pwrite, 256, 4096, .needs_filled = true },
	{ "memfd_pread_4k", memfd_pread, 256, 4096, .needs_filled = true },
	{ "memfd_pread_1b", memfd_pread, 256, 1, .needs_filled = true },
	{ "memfd_populate_16m", memfd_populate, 1, 4096 * PAGE },
	{ "memfd_populate_16m_2m", memfd_populate_huge, 1, 4096 * PAGE },
	{ "ring_double_3000b", ring_double, 2000, 256 * PAGE },
	{ "ring_split_3000b", ring_split, 2000, 256 * PAGE },
	{ "thread_create_join", thread_create_join, 20, 0 },
	{ "futex_roundtrip", futex_roundtrip, 200, 0, .peer = futex_peer },
	{ "pipe_roundtrip", pipe_roundtrip, 200, 0, .peer = pipe_peer },
	{ "eventfd_roundtrip", event_roundtrip, 200, 0, .peer = event_peer },
	{ "epoll_roundtrip", epoll_roundtrip, 200, 0, .peer = epoll_peer },
	{ "epoll_wait_1_of_10", epoll_one_of, 200, 10, .end = epoll_forget },
	{ "epoll_wait_1_of_1000", epoll_one_of, 200, 1000, .end = epoll_forget },
	{ .name = NULL },
};

static int compare_ticks(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool run_batches(const struct row *row, uint64_t v[BATCHES])
{
	for (int b = 0; b < BATCHES; b++) {
		uint64_t start = ticks();

		if (!row->batch(row->n, row->bytes))
			return false;
		v[b] = ticks() - start;
	}
	return true;
}

// What answers a row's operations: a thread, or a process (|pid|).
struct peer {
	pthread_t thread;
	pid_t pid;
};

static bool start_peer(const struct row *row, struct peer *p)
{
	void *rounds = (void *)(intptr_t)(row->n * BATCHES);

	if (!row->peer)
		return true;
	if (!row->in_process)
		return !pthread_create(&p->thread, 0, row->peer, rounds);
	p->pid = fork();
	if (!p->pid) {
		row->peer(rounds);
		_exit(0);
	}
	return p->pid > 0;
}

static void join_peer(const struct row *row, const struct peer *p)
{
	if (row->in_process)
		waitpid(p->pid, NULL, 0);
	else if (row->peer)
		pthread_join(p->thread, 0);
}

static void run_row(const struct row *row)
{
	uint64_t v[BATCHES];
	struct peer peer = { .pid = -1 };
	bool ok = !row->needs_filled || fill(row->bytes > PAGE ? row->bytes : 1024 * PAGE);

	ok = ok && (!row->begin || row->begin());
	ok = ok && start_peer(row, &peer) && run_batches(row, v);
	if (!ok) {
		printf("BENCH %s FAIL %d\n", row->name, errno);
		if (peer.pid > 0)
			kill(peer.pid, SIGKILL);
		return;
	}
	join_peer(row, &peer);
	if (row->end)
		row->end();
	qsort(v, BATCHES, sizeof(*v), compare_ticks);
	printf("BENCH %s %.1f\n", row->name,
	       (double)v[BATCHES / 2] / (row->per ? row->per : row->n));
}

// With arguments, runs only the rows named.
static bool wanted(const char *name, char **rows)
{
	for (char **row = rows; *row; row++)
		if (!strcmp(name, *row))
			return true;
	return !*rows;
}

static void run_rows(const struct row *row, char **names)
{
	for (; row->name; row++)
		if (wanted(row->name, names))
			run_row(row);
}

// |n| mappings that stay alive beside those the rows make: single pages that cannot be joined, a
// third of them with a hole of a page below, each touched.
static bool make_mappings(unsigned long n)
{
	size_t pages = 0;
	char *p = mmap(0, n * 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		       0);

	if (p == MAP_FAILED)
		return false;
	for (unsigned long i = 0; i < n; i++) {
		char *at = p + pages * PAGE;

		if (mmap(at, PAGE, i % 2 ? PROT_READ : RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			 -1, 0) != at)
			return false;
		touch_read(at, PAGE);
		pages += 1;
		if (i % 3 == 0) {
			munmap(at + PAGE, PAGE);
			pages += 1;
		}
	}
	munmap(p + pages * PAGE, (n * 2 - pages) * PAGE);
	return true;
}

int main(int argc, char **argv)
{
	static const char mappings[] = "--mappings=";
	uint64_t start = ticks();
	char **names = argv + (argc > 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("BENCH main_tsc %llu\n", (unsigned long long)start);
	if (pipe(pipes) || pipe(pipes + 2))
		perror("pipe");
	events[0] = eventfd(0, 0);
	events[1] = eventfd(0, 0);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4096, 4096 });
	if (*names && !strncmp(*names, mappings, strlen(mappings))) {
		if (!make_mappings(strtoul(*names + strlen(mappings), NULL, 10)))
			perror("mappings");
		names++;
	}
	// First: once a process has had a second thread, the C library does more for each call.
	run_rows(process_rows, names);
	run_rows(thread_rows, names);
	puts("BENCH done");
	return 0;
}
