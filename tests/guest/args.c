// Arguments and environment arrive as they were given.
//
// args: one "two words" "" "--strange=\$HOME" é
// env: GREETING=hello world
// env: EMPTY=
// link: static dynamic
#include "t.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("[%s]\n", argv[i]);
	IS(argv[argc] == NULL);
	printf("GREETING=%s EMPTY=%s PATH=%s HOME=%s\n", getenv("GREETING"), getenv("EMPTY"),
	       getenv("PATH"), getenv("HOME"));
	IS(getenv("UNSET") == NULL);
	return 0;
}
