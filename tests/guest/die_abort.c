// Death by abort.
//
// expect: signal=6
#include "t.h"

int main(void)
{
	printf("before\n");
	fflush(stdout);
	abort();
}
