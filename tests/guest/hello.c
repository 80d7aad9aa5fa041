// The smallest program that prints, in every way it can be linked.
//
// link: static dynamic static-pie
#include <stdio.h>

int main(void)
{
	printf("hello from a guest\n");
	return 0;
}
