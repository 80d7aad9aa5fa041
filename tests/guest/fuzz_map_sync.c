// Minimised by the differential fuzzer: MAP_SYNC without MAP_SHARED_VALIDATE does nothing, but such
// a mapping is kept apart from its neighbours and smaps shows it.
#include "t.h"

#ifndef MAP_SYNC
#define MAP_SYNC 0x80000
#endif
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char text[1 << 20];

static void load(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, text + n, sizeof text - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	close(fd);
}

// How many mappings lie within the pages, and the flags that smaps says.
static void show(const char *name, char *from, size_t pages)
{
	load("/proc/self/smaps");
	printf("%s:\n", name);
	for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1) {
		static int inside;
		unsigned long a, b;

		*end = 0;
		if (sscanf(p, "%lx-%lx ", &a, &b) == 2)
			inside = a >= (unsigned long)from && b <= (unsigned long)from + pages * PG;
		else if (inside && !strncmp(p, "VmFlags:", 8))
			printf("  %s\n", p);
	}
}

int main(void)
{
	char *p = mmap(0, 16 * PG, PROT_NONE, ANON, -1, 0);
	int fd = memfd_create("x", 0);

	ftruncate(fd, 16 * PG);
	mmap(p, 2 * PG, RW, ANON | MAP_FIXED, -1, 0);
	mmap(p + 2 * PG, 2 * PG, RW, ANON | MAP_FIXED | MAP_SYNC, -1, 0);
	show("private, one with MAP_SYNC", p, 16);
	mmap(p + 4 * PG, PG, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	mmap(p + 5 * PG, PG, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_SYNC, fd, PG);
	mmap(p + 6 * PG, PG, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_SYNC, fd, 2 * PG);
	show("shared, two with MAP_SYNC", p + 4 * PG, 3);
	printf("validated: %d\n",
	       mmap(p + 8 * PG, PG, RW, MAP_SHARED_VALIDATE | MAP_FIXED | MAP_SYNC, fd, 0) ==
			       MAP_FAILED
		       ? errno
		       : 0);
	// One that may not be a single call's: two mappings.
	printf("mremap over both: %d\n",
	       mremap(p, 4 * PG, 8 * PG, MREMAP_MAYMOVE) == MAP_FAILED ? errno : 0);
	madvise(p, PG, MADV_SEQUENTIAL);
	madvise(p + PG, PG, MADV_RANDOM);
	madvise(p + 2 * PG, PG, MADV_HUGEPAGE);
	madvise(p + 4 * PG, PG, MADV_DONTFORK);
	madvise(p + 5 * PG, PG, MADV_DONTDUMP);
	mlock(p + 6 * PG, PG);
	show("advice", p, 16);
	return 0;
}
