// The least program: says hello, and how it was started.
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	printf("Hello from process %d.\n", (int)getpid());
	for (int i = 0; i < argc; i++)
		printf("argv[%d] = %s\n", i, argv[i]);
	return 0;
}
