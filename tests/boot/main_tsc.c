// Says what the time stamp counter showed when main began: for the boot's tick count.
#include <stdio.h>
#include <x86intrin.h>

int main(void)
{
	unsigned long long tsc = __rdtsc();

	printf("main_tsc=%llu\n", tsc);
	return 0;
}
