// Ten thousand threads at once, all alive and known by name and number, then all joined; twice, so
// that what they held must have come back.
//
// ldflags: -pthread
// memory: 1G
// cpus: 1 4
// timeout: 120
#include "t.h"
#include <pthread.h>

#define N 10000

static pthread_t threads[N];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_here = PTHREAD_COND_INITIALIZER, go = PTHREAD_COND_INITIALIZER;
static int here, leave;
static long tids;

static void *run(void *arg)
{
	pthread_mutex_lock(&lock);
	tids += syscall(SYS_gettid) != getpid();
	if (++here == N)
		pthread_cond_signal(&all_here);
	while (!leave)
		pthread_cond_wait(&go, &lock);
	pthread_mutex_unlock(&lock);
	return arg;
}

static long status_threads(void)
{
	char text[4096] = { 0 }, *at;
	int fd = MUST(open("/proc/self/status", O_RDONLY));

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	at = strstr(text, "\nThreads:");
	return at ? strtol(at + 9, NULL, 10) : -1;
}

static void once(void)
{
	pthread_attr_t attr;
	long sum = 0;
	void *r;
	int made;

	here = leave = 0;
	tids = 0;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	for (made = 0; made < N; made++)
		if (pthread_create(&threads[made], &attr, run, (void *)(long)made))
			break;
	printf("made %d\n", made);
	if (made < N)
		exit(1);
	pthread_mutex_lock(&lock);
	while (here < N)
		pthread_cond_wait(&all_here, &lock);
	pthread_mutex_unlock(&lock);
	printf("alive %ld, of their own number %ld\n", status_threads(), tids);
	pthread_mutex_lock(&lock);
	leave = 1;
	pthread_cond_broadcast(&go);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < N; i++) {
		pthread_join(threads[i], &r);
		sum += (long)r;
	}
	for (int i = 0; i < 1000 && status_threads() != 1; i++)
		usleep(1000);
	printf("joined, sum %ld, alive %ld\n", sum, status_threads());
}

int main(void)
{
	once();
	once();
	return 0;
}
