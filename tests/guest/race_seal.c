// Threads that map, write, punch and truncate a memfd while another seals it: either the seal finds
// a writable mapping, or no mapping that may write comes after it. timeout: 60
#include "t.h"
#include <linux/falloc.h>
#include <pthread.h>

#define PAGES 16
#define LIVES 20

static int fd;
static volatile int stop, sealed;
static volatile unsigned broken;

static void *mapping(void *arg)
{
	while (!stop) {
		int was = sealed;
		char *p = mmap(0, PAGES * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (p == MAP_FAILED) {
			broken |= errno != EPERM ? 1 : 0;
			continue;
		}
		broken |= was ? 2 : 0;
		munmap(p, PAGES * PG);
		usleep(100); // or there would never be a moment without a mapping
	}
	return 0;
}

static void *writing(void *arg)
{
	static char bytes[3 * PG];

	while (!stop) {
		int was = sealed;
		ssize_t n = pwrite(fd, bytes, sizeof bytes, 2000);

		broken |= n < 0 ? (errno != EPERM ? 4 : 0) : (was ? 8 : 0);
	}
	return 0;
}

static void *punching(void *arg)
{
	while (!stop) {
		int was = sealed;
		int r = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PG, 2 * PG);

		broken |= r ? (errno != EPERM ? 16 : 0) : (was ? 32 : 0);
		if (!was) {
			ftruncate(fd, 3 * PG);
			ftruncate(fd, PAGES * PG);
		}
	}
	return 0;
}

static void one_life(void)
{
	void *(*const jobs[])(void *) = { mapping, writing, punching };
	pthread_t t[3];
	int r;

	fd = memfd_create("race", MFD_ALLOW_SEALING);
	ftruncate(fd, PAGES * PG);
	stop = sealed = 0;
	for (unsigned i = 0; i < 3; i++)
		pthread_create(&t[i], 0, jobs[i], 0);
	usleep(1000);
	for (unsigned i = 0; i < 100000; i++) {
		r = fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
		if (!r || errno != EBUSY)
			break;
	}
	if (r)
		broken |= 64;
	sealed = !r;
	usleep(500);
	stop = 1;
	for (unsigned i = 0; i < 3; i++)
		pthread_join(t[i], 0);
	if (mmap(0, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED || errno != EPERM)
		broken |= 128;
	close(fd);
}

int main(void)
{
	for (unsigned i = 0; i < LIVES; i++)
		one_life();
	printf("lives %d, broken %x\n", LIVES, broken);
	return 0;
}
