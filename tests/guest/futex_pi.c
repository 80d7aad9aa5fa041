// Futexes with priority inheritance: the words, errors, hand-over, timeouts, owner death, deadlock,
// and condition variables over them.
//
// ldflags: -pthread
// link: static dynamic
#include "t.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

static long futex(uint32_t *p, int op, uint32_t val, void *ts, uint32_t *p2, uint32_t val3)
{
	return syscall(SYS_futex, p, op, val, ts, p2, val3);
}

static uint32_t w, w2, cv;
static volatile int tid, go, done;

static int my_tid(void)
{
	return (int)syscall(SYS_gettid);
}

static const char *word(uint32_t v)
{
	static char s[64];
	int t = v & FUTEX_TID_MASK;

	snprintf(s, sizeof(s), "%s%s%s",
		 t == 0          ? "free"
		 : t == my_tid() ? "mine"
		 : t == tid      ? "other's"
				 : "?",
		 v & FUTEX_WAITERS ? "|WAITERS" : "", v & FUTEX_OWNER_DIED ? "|DIED" : "");
	return s;
}

static void wait_for(volatile int *flag)
{
	while (!*flag)
		usleep(500);
}

static void until_waiters(uint32_t *p)
{
	while (!(__atomic_load_n(p, __ATOMIC_SEQ_CST) & FUTEX_WAITERS))
		usleep(500);
	usleep(20000);
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

static void alone(void)
{
	struct timespec bad = { 0, -1 };

	w = 0;
	R(futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	printf("word %s\n", word(w));
	R(futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	printf("word %s\n", word(w));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	printf("word %s\n", word(w));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_TRYLOCK_PI | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_UNLOCK_PI | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0));
	w = FUTEX_OWNER_DIED;
	R(futex(&w, FUTEX_LOCK_PI2, 0, NULL, NULL, 0));
	printf("word %s\n", word(w));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	printf("word %s\n", word(w));
	w = 0x3ffffff0; // no such thread
	R(futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	w = 0;
	R(futex(&w, FUTEX_LOCK_PI, 0, &bad, NULL, 0));
	R(futex(&w, FUTEX_TRYLOCK_PI, 0, &bad, NULL, 0));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	R(futex((uint32_t *)((char *)&w + 1), FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	R(futex((uint32_t *)((char *)&w + 1), FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	R(futex((uint32_t *)8, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	R(futex((uint32_t *)8, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	R(futex((uint32_t *)-4096, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_UNLOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0));
	uint32_t *ro = MUST(mmap(NULL, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	R(futex(ro, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	R(futex(ro, FUTEX_LOCK_PI | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0));
}

static void *locker(void *arg)
{
	tid = my_tid();
	long r = futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	wait_for(&done);
	printf("lock: %ld\n", r);
	printf("second has it: %s\n", word(w));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	printf("second gave it back: %s\n", word(w));
	return NULL;
}

static void handed_over(void)
{
	pthread_t t;

	w = done = 0;
	R(futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	pthread_create(&t, NULL, locker, NULL);
	until_waiters(&w);
	printf("word %s\n", word(w));
	R(futex(&w, FUTEX_WAKE, 1, NULL, NULL, 0));
	R(futex(&w, FUTEX_WAIT, 77, NULL, NULL, 0));
	R(futex(&w, FUTEX_REQUEUE, 1, (void *)1, &w2, 0));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	done = 1;
	pthread_join(t, NULL);
	printf("word %s\n", word(w));
}

static void *timer(void *arg)
{
	struct timespec real = in_ms(CLOCK_REALTIME, 20), mono = in_ms(CLOCK_MONOTONIC, 20);

	tid = my_tid();
	R(futex(&w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_LOCK_PI, 0, &real, NULL, 0));
	mono = in_ms(CLOCK_MONOTONIC, 20);
	R(futex(&w, FUTEX_LOCK_PI2, 0, &mono, NULL, 0));
	real = in_ms(CLOCK_REALTIME, 20);
	R(futex(&w, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, &real, NULL, 0));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	return NULL;
}

static void timed_out(void)
{
	pthread_t t;

	w = 0;
	R(futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	pthread_create(&t, NULL, timer, NULL);
	pthread_join(t, NULL);
	printf("word %s\n", word(w));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	printf("word %s\n", word(w));
}

// The owner ends: the waiter gets the lock, and is told by the word.
static void *dies(void *arg)
{
	tid = my_tid();
	futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	go = 1;
	until_waiters(&w);
	return NULL;
}

static void owner_died(void)
{
	pthread_t t;

	w = go = 0;
	pthread_create(&t, NULL, dies, NULL);
	wait_for(&go);
	R(futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	printf("after the owner's end: %s\n", word(w));
	pthread_join(t, NULL);
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
}

// Two threads, two locks, the wrong way round.
static void *crosser(void *arg)
{
	tid = my_tid();
	futex(&w2, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	go = 1;
	long r = futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	wait_for(&done);
	printf("crosser got it: %ld\n", r);
	futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	futex(&w2, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

static void deadlock(void)
{
	pthread_t t;

	w = w2 = go = done = 0;
	futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	pthread_create(&t, NULL, crosser, NULL);
	wait_for(&go);
	until_waiters(&w);
	R(futex(&w2, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	R(futex(&w2, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	done = 1;
	pthread_join(t, NULL);
	printf("words %s", word(w));
	printf(" %s\n", word(w2));
}

static volatile int ticks;
static void on_usr1(int sig)
{
	ticks++;
}

static void *interrupted(void *arg)
{
	tid = my_tid();
	long r = futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	wait_for(&done);
	printf("lock: %ld\n", r);
	printf("handlers ran: %d\n", ticks);
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	return NULL;
}

static void restarted(void)
{
	struct sigaction sa = { .sa_handler = on_usr1 };
	pthread_t t;

	sigaction(SIGUSR1, &sa, NULL);
	w = done = 0;
	futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	pthread_create(&t, NULL, interrupted, NULL);
	until_waiters(&w);
	pthread_kill(t, SIGUSR1);
	usleep(20000);
	R(futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	done = 1;
	pthread_join(t, NULL);
}

// ---- condition variables ----

struct cond_wait {
	long result;
	int err;
	uint32_t seen;
	struct timespec *until;
};

static volatile int waiting;

static void *cond_waiter(void *arg)
{
	struct cond_wait *c = arg;

	tid = my_tid();
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	c->result = futex(&cv, FUTEX_WAIT_REQUEUE_PI, 1, c->until, &w2, 0);
	c->err = errno;
	c->seen = w2;
	if (!c->result)
		futex(&w2, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

static void cond(void)
{
	struct cond_wait c[4] = { 0 };
	struct timespec until;
	pthread_t t[4];

	cv = 1;
	w2 = 0;
	R(futex(&cv, FUTEX_WAIT_REQUEUE_PI, 2, NULL, &w2, 0));
	R(futex(&cv, FUTEX_WAIT_REQUEUE_PI, 1, NULL, &cv, 0));
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &cv, 1));
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 2, (void *)1, &w2, 1));
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 0, (void *)1, &w2, 1));
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 1, (void *)-1, &w2, 1));
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &w2, 2));
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &w2, 1));
	until = in_ms(CLOCK_MONOTONIC, 20);
	R(futex(&cv, FUTEX_WAIT_REQUEUE_PI, 1, &until, &w2, 0));

	// The lock is free: the first waiter gets it at once.
	pthread_create(&t[0], NULL, cond_waiter, &c[0]);
	while (waiting < 1)
		usleep(500);
	usleep(20000);
	R(futex(&cv, FUTEX_WAKE, 1, NULL, NULL, 0));
	R(futex(&cv, FUTEX_CMP_REQUEUE, 1, (void *)1, &w2, 1));
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 1, (void *)0, &w, 1));
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 1, (void *)0, &w2, 1));
	pthread_join(t[0], NULL);
	printf("waiter: %ld\n", c[0].result);
	printf("word %s\n", word(w2));

	// It is owned: all move and get it one after the other.
	futex(&w2, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, cond_waiter, &c[i]);
	while (waiting < 5)
		usleep(500);
	usleep(20000);
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 1, (void *)0x7fffffff, &w2, 1));
	printf("word %s\n", word(w2));
	R(futex(&w2, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		printf("waiter %d: %ld\n", i, c[i].result);
	}
	printf("word %s\n", word(w2));

	// Moved, then the time is over.
	futex(&w2, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	until = in_ms(CLOCK_MONOTONIC, 100);
	c[0].until = &until;
	pthread_create(&t[0], NULL, cond_waiter, &c[0]);
	while (waiting < 6)
		usleep(500);
	usleep(20000);
	R(futex(&cv, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &w2, 1));
	pthread_join(t[0], NULL);
	printf("waiter: %ld %s\n", c[0].result, t_errno(c[0].err));
	R(futex(&w2, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	printf("word %s\n", word(w2));
}

// One page, two views: who waits in one is handed the lock through the other.
static uint32_t *view1, *view2;
static void *view_waiter(void *arg)
{
	tid = my_tid();
	long r = futex(view1, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	wait_for(&done);
	printf("lock: %ld\n", r);
	R(futex(view1, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	return NULL;
}

static void two_views(void)
{
	int fd = t_memfd_sized(0, PG);
	pthread_t t;

	done = 0;
	view1 = MUST(mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	view2 = MUST(mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	R(futex(view2, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	pthread_create(&t, NULL, view_waiter, NULL);
	until_waiters(view2);
	R(futex(view2, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	done = 1;
	pthread_join(t, NULL);
	printf("word %s\n", word(*view2));
}

// Many threads take one lock in turn.
static long counter;
static void *hammer(void *arg)
{
	for (int i = 0; i < 200; i++) {
		uint32_t zero = 0, own = (uint32_t)my_tid();
		if (!__atomic_compare_exchange_n(&w, &zero, own, 0, __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST))
			if (futex(&w, FUTEX_LOCK_PI | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0))
				abort();
		long n = counter;
		if (i % 8 == 0)
			sched_yield();
		counter = n + 1;
		uint32_t seen = own;
		if (!__atomic_compare_exchange_n(&w, &seen, 0, 0, __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST))
			if (futex(&w, FUTEX_UNLOCK_PI | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0))
				abort();
	}
	return NULL;
}

static void contended(void)
{
	pthread_t t[8];

	w = 0;
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, hammer, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	printf("counter %ld word %s\n", counter, word(w));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alone();
	handed_over();
	timed_out();
	owner_died();
	deadlock();
	restarted();
	cond();
	two_views();
	contended();
	return 0;
}
