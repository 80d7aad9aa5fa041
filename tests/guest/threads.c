// Threads: creation, joining, mutexes, condition variables, thread-local storage, futex operations.
//
// ldflags: -pthread
// link: static dynamic
#include "t.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long sum, turn;
static __thread long mine = 5;

static void *adder(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&lock);
		sum += (long)arg;
		pthread_mutex_unlock(&lock);
		if (i % 100 == 0)
			sched_yield();
	}
	mine += (long)arg;
	return (void *)mine;
}

static void *ping(void *arg)
{
	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&lock);
		while (turn % 2 != (long)arg)
			pthread_cond_wait(&cond, &lock);
		turn++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static uint32_t *word;
static void *waiter(void *arg)
{
	return (void *)syscall(SYS_futex, arg, FUTEX_WAIT, 1, NULL, NULL, 0);
}

static long futex(uint32_t *p, int op, uint32_t val, struct timespec *ts, uint32_t val3)
{
	return syscall(SYS_futex, p, op, val, ts, NULL, val3);
}

// CLOSE_RANGE_UNSHARE gives the caller descriptors of its own.
static void *close_own(void *arg)
{
	R(syscall(SYS_close_range, 40, 60, 2));
	R(fcntl(50, F_GETFD));
	return NULL;
}

static void unshare_fds(void)
{
	pthread_t t;

	MUST(dup2(0, 50));
	pthread_create(&t, NULL, close_own, NULL);
	pthread_join(t, NULL);
	R(fcntl(50, F_GETFD));
}

int main(void)
{
	struct timespec ts = { 0, 1000000 }, bad = { 0, -1 };
	pthread_t t[8];
	void *r;
	long n;

	for (long i = 0; i < 8; i++)
		MUST(pthread_create(&t[i], NULL, adder, (void *)(i + 1)));
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], &r);
		printf("thread %d returned %ld\n", i, (long)r);
	}
	printf("sum %ld mine %ld\n", sum, mine);
	for (long i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, ping, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	printf("turns %ld\n", turn);

	int fd = t_memfd_sized(0, PG);
	word = MUST(mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	uint32_t *view = MUST(mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	word[0] = 1;
	pthread_create(&t[0], NULL, waiter, word);
	while ((n = futex(view, FUTEX_WAKE, 1, NULL, 0)) == 0)
		usleep(1000);
	pthread_join(t[0], &r);
	printf("woken through the other view: %ld, wait returned %ld\n", n, (long)r);

	uint32_t w = 7;
	R(futex(&w, FUTEX_WAIT, 8, NULL, 0));
	R(futex(&w, FUTEX_WAIT, 7, &ts, 0));
	R(futex(&w, FUTEX_WAIT, 7, &bad, 0));
	R(futex(&w, FUTEX_WAIT_BITSET, 7, &ts, ~0u));
	R(futex(&w, FUTEX_WAIT_BITSET, 7, &ts, 0));
	R(futex(&w, FUTEX_WAKE, 100, NULL, 0));
	R(futex((uint32_t *)((char *)&w + 1), FUTEX_WAKE, 1, NULL, 0));
	R(futex((uint32_t *)8, FUTEX_WAIT, 1, NULL, 0));
	R(futex(&w, 99, 1, NULL, 0));
	R(futex(&w, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, 0));
	IS(syscall(SYS_gettid) == getpid());
	R(wait(NULL));
	unshare_fds();
	return 0;
}
