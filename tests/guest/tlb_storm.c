// Four threads that take pages away at once, again and again: each time all the other CPUs that run
// the program must forget them. Where CPUs share a processor, or have none for a while, one that
// waits for the others must not keep them from running: with all of them looking in a loop this
// took minutes.
//
// cpus: 2 4
// ldflags: -pthread
// timeout: 60
#include "t.h"
#include <pthread.h>

#define THREADS 4
#define ROUNDS  600
#define PAGES   4u

static pthread_barrier_t start;

static void *take_away(void *arg)
{
	unsigned long wrong = 0;

	pthread_barrier_wait(&start);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned long *p = (void *)MUST((long)mmap(NULL, PAGES * PG, PROT_READ | PROT_WRITE,
							   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

		for (unsigned i = 0; i < PAGES; i++)
			p[i * PG / sizeof(*p)] = round + i + 1;
		MUST(madvise(p, PAGES * PG, MADV_DONTNEED));
		for (unsigned i = 0; i < PAGES; i++) {
			wrong += p[i * PG / sizeof(*p)] != 0;
			p[i * PG / sizeof(*p)] = (unsigned long)arg;
		}
		MUST(munmap(p, PAGES * PG));
	}
	return (void *)wrong;
}

int main(void)
{
	pthread_t t[THREADS];
	unsigned long wrong = 0;
	void *r;

	pthread_barrier_init(&start, NULL, THREADS);
	for (unsigned long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, take_away, (void *)i);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &r);
		wrong += (unsigned long)r;
	}
	printf("wrong values: %lu\n", wrong);
	return 0;
}
