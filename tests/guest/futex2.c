// futex_waitv and the calls of Linux 6.7: futex_wait, futex_wake, futex_requeue; keys of shared and
// private words; FUTEX_WAKE_OP's operations.
//
// ldflags: -pthread
// since: 6.18
#include "t.h"
#include <linux/futex.h>
#include <pthread.h>
#include <time.h>

#define NR_waitv   449
#define NR_wake    454
#define NR_wait    455
#define NR_requeue 456
#define U32        2
#define PRIV       128

struct wv {
	uint64_t val, uaddr;
	uint32_t flags, reserved;
};

static uint32_t w[200];
static struct wv v[200];
static volatile long result;
static volatile int err;

static long futex(uint32_t *p, int op, uint32_t val, void *ts, uint32_t *p2, uint32_t val3)
{
	return syscall(SYS_futex, p, op, val, ts, p2, val3);
}

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	ts.tv_nsec += ms * 1000000;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return ts;
}

static void fill(int n)
{
	for (int i = 0; i < n; i++)
		v[i] = (struct wv){ w[i], (uintptr_t)&w[i], U32 | PRIV, 0 };
}

static void *waitv_thread(void *arg)
{
	long n = (long)arg;
	result = syscall(NR_waitv, v, n, 0, NULL, 0);
	err = errno;
	return NULL;
}

static void wake_in_waitv(int n, int at)
{
	pthread_t t;
	long r;

	fill(n);
	pthread_create(&t, NULL, waitv_thread, (void *)(long)n);
	while (!(r = syscall(NR_wake, &w[at], ~0u, 1, U32 | PRIV)))
		usleep(500);
	pthread_join(t, NULL);
	printf("woken %ld at %d: waitv returned %ld\n", r, at, result);
}

static void waitv(void)
{
	struct timespec past = { 1, 0 }, bad = { 0, 1000000000 }, soon;

	fill(128);
	R(syscall(NR_waitv, v, 0, 0, NULL, 0));
	R(syscall(NR_waitv, v, 129, 0, NULL, 0));
	R(syscall(NR_waitv, NULL, 1, 0, NULL, 0));
	R(syscall(NR_waitv, (void *)8, 1, 0, NULL, 0));
	R(syscall(NR_waitv, v, 1, 1, NULL, 0));
	R(syscall(NR_waitv, v, 1, 0, &past, CLOCK_BOOTTIME));
	R(syscall(NR_waitv, v, 1, 0, &bad, CLOCK_MONOTONIC));
	R(syscall(NR_waitv, v, 128, 0, &past, CLOCK_MONOTONIC));
	soon = in_ms(CLOCK_REALTIME, 10);
	R(syscall(NR_waitv, v, 128, 0, &soon, CLOCK_REALTIME));
	v[5].val = 1;
	R(syscall(NR_waitv, v, 10, 0, NULL, 0));
	v[5].val = 1ull << 32;
	R(syscall(NR_waitv, v, 10, 0, NULL, 0));
	fill(10);
	v[3].reserved = 1;
	R(syscall(NR_waitv, v, 10, 0, NULL, 0));
	fill(10);
	v[3].flags = 0; // 8 bits
	R(syscall(NR_waitv, v, 10, 0, NULL, 0));
	v[3].flags = 3; // 64 bits
	R(syscall(NR_waitv, v, 10, 0, NULL, 0));
	v[3].flags = 0x10 | U32;
	R(syscall(NR_waitv, v, 10, 0, NULL, 0));
	fill(10);
	v[3].uaddr = 8;
	R(syscall(NR_waitv, v, 10, 0, NULL, 0));
	v[3].uaddr = (uintptr_t)&w[3] + 2;
	R(syscall(NR_waitv, v, 10, 0, NULL, 0));
	wake_in_waitv(1, 0);
	wake_in_waitv(128, 127);
	wake_in_waitv(128, 64);
	wake_in_waitv(3, 0);
}

static void *wait_thread(void *arg)
{
	result = syscall(NR_wait, arg, 0, 0xf0, U32 | PRIV, NULL, 0);
	err = errno;
	return NULL;
}

static void wait_wake(void)
{
	struct timespec past = { 1, 0 }, soon;
	pthread_t t;

	R(syscall(NR_wait, &w[0], 1, ~0u, U32 | PRIV, NULL, 0));
	R(syscall(NR_wait, &w[0], 0, 0, U32 | PRIV, NULL, 0));
	R(syscall(NR_wait, &w[0], 0, 1ull << 32, U32 | PRIV, NULL, 0));
	R(syscall(NR_wait, &w[0], 1ull << 32, ~0u, U32 | PRIV, NULL, 0));
	R(syscall(NR_wait, &w[0], 0, ~0u, 0, NULL, 0));
	R(syscall(NR_wait, &w[0], 0, ~0u, U32 | PRIV, &past, CLOCK_TAI));
	R(syscall(NR_wait, &w[0], 0, ~0u, U32 | PRIV, &past, CLOCK_MONOTONIC));
	R(syscall(NR_wait, &w[0], 0, ~0u, U32, &past, CLOCK_REALTIME));
	soon = in_ms(CLOCK_MONOTONIC, 10);
	R(syscall(NR_wait, &w[0], 0, ~0u, U32, &soon, CLOCK_MONOTONIC));
	R(syscall(NR_wait, (char *)&w[0] + 1, 0, ~0u, U32, NULL, 0));
	R(syscall(NR_wait, 8, 0, ~0u, U32, NULL, 0));
	R(syscall(NR_wake, &w[0], ~0u, 1, U32));
	R(syscall(NR_wake, &w[0], 0, 1, U32));
	R(syscall(NR_wake, &w[0], ~0u, 1, 1));
	R(syscall(NR_wake, &w[0], ~0u, 1, U32 | 0x100));
	R(syscall(NR_wake, (char *)&w[0] + 1, ~0u, 1, U32));
	pthread_create(&t, NULL, wait_thread, &w[0]);
	usleep(20000);
	R(syscall(NR_wake, &w[0], 0x0f, 1, U32 | PRIV));
	R(syscall(NR_wake, &w[0], ~0u, 0, U32 | PRIV));
	long r = 0;
	for (int i = 0; i < 1000 && !r; i++) {
		usleep(500);
		r = syscall(NR_wake, &w[0], 0x10, 1, U32 | PRIV);
	}
	printf("woken by its bit: %ld\n", r);
	pthread_join(t, NULL);
	printf("wait returned %ld\n", result);
}

static void requeue(void)
{
	struct wv q[2] = { { 0, (uintptr_t)&w[0], U32 | PRIV, 0 },
			   { 0, (uintptr_t)&w[1], U32 | PRIV, 0 } };
	pthread_t t[3];

	R(syscall(NR_requeue, q, 1, 0, 0));
	R(syscall(NR_requeue, NULL, 0, 0, 0));
	R(syscall(NR_requeue, q, 0, -1, 0));
	R(syscall(NR_requeue, q, 0, 0, -1));
	R(syscall(NR_requeue, q, 0, 1, 1));
	q[0].val = 1;
	R(syscall(NR_requeue, q, 0, 1, 1));
	q[0].val = 0;
	q[1].flags = 0;
	R(syscall(NR_requeue, q, 0, 1, 1));
	q[1].flags = U32 | PRIV;
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, wait_thread, &w[0]);
	usleep(50000);
	R(syscall(NR_requeue, q, 0, 1, 1));
	R(syscall(NR_wake, &w[1], ~0u, 9, U32 | PRIV));
	R(syscall(NR_wake, &w[0], ~0u, 9, U32 | PRIV));
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
}

// Which words are one and the same.
static void *shared_waiter(void *arg)
{
	result = futex(arg, FUTEX_WAIT, 0, NULL, NULL, 0);
	err = errno;
	return NULL;
}

static void one_word(const char *what, uint32_t *a, uint32_t *b)
{
	struct timespec until = in_ms(CLOCK_MONOTONIC, 3000), now;
	pthread_t t;
	long r = 0;

	pthread_create(&t, NULL, shared_waiter, a);
	usleep(20000);
	for (int i = 0; i < 20 && !r; i++) {
		r = futex(b, FUTEX_WAKE, 1, NULL, NULL, 0);
		if (r < 0)
			break;
		usleep(500);
	}
	printf("%s: %ld %s\n", what, r, r < 0 ? t_errno(errno) : "");
	while (r != 1 && futex(a, FUTEX_WAKE, 1, NULL, NULL, 0) < 1) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > until.tv_sec)
			break;
		usleep(500);
	}
	pthread_join(t, NULL);
}

static uint32_t *map(int prot, int flags, int fd, off_t at)
{
	return MUST(mmap(NULL, PG, prot, flags, fd, at));
}

static void keys(void)
{
	int fd = t_memfd_sized(0, 2 * PG);
	const int rw = PROT_READ | PROT_WRITE;
	uint32_t *s1 = map(rw, MAP_SHARED, fd, 0), *s2 = map(rw, MAP_SHARED, fd, 0);
	uint32_t *ro = map(PROT_READ, MAP_SHARED, fd, 0), *other = map(rw, MAP_SHARED, fd, PG);
	uint32_t *cow = map(rw, MAP_PRIVATE, fd, 0), *priv_ro = map(PROT_READ, MAP_PRIVATE, fd, 0);
	uint32_t *anon = map(rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *anon_ro = map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *none = map(PROT_NONE, MAP_SHARED, fd, 0);
	t_workdir();
	int file = MUST(open("file", O_RDWR | O_CREAT, 0600));

	s1[0] = s1[1] = 0;
	one_word("two views", s1, s2);
	one_word("a view that cannot be written", ro, s1);
	one_word("the other way", s1, ro);
	one_word("another page", s1, other);
	one_word("another word", s1, s2 + 1);
	one_word("a private view that can be written", cow, s1);
	one_word("a private view that cannot", priv_ro, s1);
	one_word("the other way", s1, priv_ro);
	cow[0] = 0;
	one_word("a copied page", cow, s1);
	one_word("itself", cow, cow);
	one_word("private memory", anon, anon);
	R(futex(anon_ro, FUTEX_WAIT, 0, NULL, NULL, 0));
	R(futex(anon_ro, FUTEX_WAKE, 1, NULL, NULL, 0));
	R(futex(anon_ro, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
	R(futex(none, FUTEX_WAIT, 0, NULL, NULL, 0));
	R(futex(none, FUTEX_WAKE, 1, NULL, NULL, 0));
	R(futex(none, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
	MUST(ftruncate(file, PG));
	s1 = map(rw, MAP_SHARED, file, 0);
	s2 = map(rw, MAP_SHARED, file, 0);
	one_word("a file", s1, s2);
	MUST(ftruncate(file, 0));
	R(futex(s1, FUTEX_WAKE, 1, NULL, NULL, 0));
	R(futex(s1, FUTEX_WAIT, 0, NULL, NULL, 0));
	unlink("file");
	t_rm_workdir();
}

static void wake_op(void)
{
	static const char *const ops[] = { "set", "add", "or", "andn", "xor", "5", "6", "7" };
	uint32_t a = 0, b;

	for (int op = 0; op < 8; op++)
		for (int shift = 0; shift < 2; shift++)
			for (int cmp = 0; cmp < 8; cmp += 3) {
				b = 0x35;
				long r = futex(&a, FUTEX_WAKE_OP, 1, (void *)1, &b,
					       (uint32_t)(op | shift << 3) << 28 |
						       (uint32_t)cmp << 24 | 5 << 12 | 0x35);
				printf("%s %d %d: %ld %s word %#x\n", ops[op], shift, cmp, r,
				       r < 0 ? t_errno(errno) : "", b);
			}
	b = 0;
	R(futex(&a, FUTEX_WAKE_OP, 1, (void *)1, &b,
		FUTEX_OP(FUTEX_OP_ADD, 0xfff, FUTEX_OP_CMP_EQ, 0)));
	printf("word %#x\n", b);
	R(futex(&a, FUTEX_WAKE_OP, 1, (void *)1, (uint32_t *)8, 0));
	R(futex(&a, FUTEX_WAKE_OP, 1, (void *)1, (uint32_t *)((char *)&b + 2), 0));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	waitv();
	wait_wake();
	requeue();
	keys();
	wake_op();
	return 0;
}
