// A status that does not fit in 7 bits, and what exit(3) flushes.
//
// expect: exit=199
// link: static dynamic
#include "t.h"

static void at_exit(void)
{
	printf("atexit ran\n");
}

int main(void)
{
	atexit(at_exit);
	printf("no newline at the end");
	fprintf(stderr, "to stderr\n");
	exit(199 + 256);
}
