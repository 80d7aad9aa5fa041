// spsc.h against a ring that splits its copies: bytes per second for messages of several sizes,
// with producer and consumer in one thread (the cost of the calls) and in two.
#include "spsc.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "copyring.h"

#define CAPACITY (1u << 16)

static uint64_t total_bytes = 64ull << 20;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct ring {
	const char *name;
	void *r;
	size_t (*write)(void *r, const void *bytes, size_t n);
	size_t (*read)(void *r, void *bytes, size_t n);
};

static size_t mirror_write(void *r, const void *bytes, size_t n)
{
	return spsc_write(r, bytes, n);
}

static size_t mirror_read(void *r, void *bytes, size_t n)
{
	return spsc_read(r, bytes, n);
}

static size_t split_write(void *r, const void *bytes, size_t n)
{
	return copyring_write(r, bytes, n);
}

static size_t split_read(void *r, void *bytes, size_t n)
{
	return copyring_read(r, bytes, n);
}

static double one_thread(const struct ring *ring, size_t message)
{
	static unsigned char in[CAPACITY], out[CAPACITY];
	double start = now_s();

	for (uint64_t done = 0; done < total_bytes; done += message)
		if (ring->write(ring->r, in, message) != message ||
		    ring->read(ring->r, out, message) != message)
			abort();
	return (double)total_bytes / (now_s() - start);
}

struct side {
	const struct ring *ring;
	size_t message;
};

static void *produce(void *arg)
{
	static unsigned char bytes[CAPACITY];
	const struct side *s = arg;
	uint64_t done = 0;

	while (done < total_bytes) {
		size_t n = s->ring->write(s->ring->r, bytes, s->message);

		done += n;
		if (n == 0)
			sched_yield();
	}
	return NULL;
}

static double two_threads(const struct ring *ring, size_t message)
{
	static unsigned char bytes[CAPACITY];
	struct side s = { ring, message };
	double start = now_s();
	pthread_t producer;
	uint64_t done = 0;

	if (pthread_create(&producer, NULL, produce, &s))
		abort();
	while (done < total_bytes) {
		size_t n = ring->read(ring->r, bytes, message);

		done += n;
		if (n == 0)
			sched_yield();
	}
	pthread_join(producer, NULL);
	return (double)total_bytes / (now_s() - start);
}

int main(int argc, char **argv)
{
	static const size_t messages[] = { 24, 100, 1000, 5000, 30000 };
	static struct spsc mirror;
	static struct copyring split;
	struct ring rings[] = { { "double mapping", &mirror, mirror_write, mirror_read },
				{ "split copies", &split, split_write, split_read } };

	if (argc > 1)
		total_bytes = strtoull(argv[1], NULL, 10) << 20;
	if (spsc_init(&mirror, CAPACITY) || copyring_init(&split, CAPACITY)) {
		perror("spsc-bench");
		return 1;
	}
	printf("%-16s %8s %14s %14s\n", "ring", "message", "1 thread MB/s", "2 threads MB/s");
	for (size_t m = 0; m < sizeof(messages) / sizeof(messages[0]); m++)
		for (size_t i = 0; i < 2; i++)
			printf("%-16s %8zu %14.0f %14.0f\n", rings[i].name, messages[m],
			       one_thread(&rings[i], messages[m]) / 1e6,
			       two_threads(&rings[i], messages[m]) / 1e6);
	spsc_destroy(&mirror);
	copyring_destroy(&split);
	return 0;
}
