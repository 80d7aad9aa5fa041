// Death by an unhandled fault; buffered output is lost.
//
// expect: signal=11
// link: static dynamic
#include "t.h"

static volatile int *volatile nowhere;

int main(void)
{
	printf("flushed\n");
	fflush(stdout);
	printf("lost");
	nowhere = (volatile int *)8;
	*nowhere = 1;
	return 0;
}
