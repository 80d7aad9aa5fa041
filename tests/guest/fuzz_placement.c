// Minimised by the differential fuzzer: where mappings without an address come to lie beside the
// guard gap of a MAP_GROWSDOWN mapping. Linux takes the highest gap that is large enough; if that
// one ends in a guard gap, it goes on below the whole guard gap, whatever else lies within it.
#include "t.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *top; // everything above is taken

static void show(const char *name, char *p)
{
	if (p == MAP_FAILED)
		printf("%s: errno %d\n", name, errno);
	else
		printf("%s: %ld pages below\n", name, (long)(top - p) / (long)PG);
}

static char *place(const char *name, size_t pages)
{
	char *p = mmap(0, pages * PG, PROT_READ, ANON, -1, 0);

	show(name, p);
	return p;
}

static void at(char *p, size_t pages, int flags)
{
	if (mmap(p, pages * PG, RW, ANON | MAP_FIXED | flags, -1, 0) != p)
		printf("cannot map\n");
}

// Room below |top|, with a stack that starts |stack| pages below it and another mapping of 5 pages
// that ends |other| pages below it.
static void make_room(size_t stack, size_t other)
{
	char *p = mmap(0, 4096 * PG, PROT_NONE, ANON, -1, 0);

	for (size_t pages = 1024; pages; pages /= 4) // no other room above
		for (char *q; (q = mmap(0, pages * PG, PROT_NONE, ANON, -1, 0)) != MAP_FAILED;)
			if (q < p) {
				munmap(q, pages * PG);
				break;
			}
	top = p + 4096 * PG;
	munmap(p, 4096 * PG);
	at(top - stack * PG, stack, MAP_GROWSDOWN);
	at(top - (other + 5) * PG, 5, 0);
}

int main(void)
{
	struct stat st;
	char *low;

	make_room(2, 10);
	low = place("fits the gap, in its guard", 4);
	place("too large for the gap, fits below the other", 20);
	munmap(low, 4 * PG);
	place("fits the gap again", 1);
	place("too large again", 12);
	place("larger than all below the other but the last", 250);

	make_room(3, 40);
	low = mmap(top - 12 * PG, 3 * PG, RW, ANON, -1, 0);
	show("a hint in the guard", low);
	low = mmap(top - 300 * PG, 3 * PG, RW, ANON, -1, 0);
	show("a hint below the guard", low);
	low = mremap(top - 45 * PG, 2 * PG, 6 * PG, MREMAP_MAYMOVE);
	show("mremap that must move", low);
	low = mmap(0, 2 * PG, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	show("shared", low);
	printf("%d\n", fstat(1, &st));
	return 0;
}
