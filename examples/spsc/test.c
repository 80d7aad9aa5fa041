// spsc.h under load: a producer and a consumer thread, pieces of random length, every byte checked.
#include "spsc.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define TOTAL_BYTES (8ull << 20)

static struct spsc ring;

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

static unsigned char byte_at(uint64_t position)
{
	return (unsigned char)(position * 2654435761u >> 13);
}

static void *produce(void *arg)
{
	unsigned state = 1;
	uint64_t at = 0;

	while (at < TOTAL_BYTES) {
		size_t want = next_random(&state) % 3000 + 1, n;
		void *p;

		n = spsc_free_now(&ring, &p);
		if (n == 0)
			sched_yield();
		n = n < want ? n : want;
		if (n > TOTAL_BYTES - at)
			n = TOTAL_BYTES - at;
		for (size_t i = 0; i < n; i++)
			((unsigned char *)p)[i] = byte_at(at + i);
		spsc_commit(&ring, n);
		at += n;
	}
	return arg;
}

static uint64_t consume(void)
{
	unsigned state = 2;
	uint64_t at = 0;

	while (at < TOTAL_BYTES) {
		size_t want = next_random(&state) % 5000 + 1, n;
		const void *p;

		n = spsc_filled_now(&ring, &p);
		if (n == 0)
			sched_yield();
		n = n < want ? n : want;
		for (size_t i = 0; i < n; i++)
			if (((const unsigned char *)p)[i] != byte_at(at + i))
				return at + i;
		spsc_release(&ring, n);
		at += n;
	}
	return at;
}

int main(void)
{
	pthread_t producer;
	uint64_t good;

	if (spsc_init(&ring, 4096)) {
		perror("spsc-test");
		return 1;
	}
	if (pthread_create(&producer, NULL, produce, NULL)) {
		fprintf(stderr, "spsc-test: no thread\n");
		return 1;
	}
	good = consume();
	if (good != TOTAL_BYTES) {
		fprintf(stderr, "spsc-test: byte %llu is wrong\n", (unsigned long long)good);
		return 1;
	}
	pthread_join(producer, NULL);
	spsc_destroy(&ring);
	printf("spsc: %llu bytes went through a ring of 4096, all right\n", TOTAL_BYTES);
	return 0;
}
