// The smallest program that says something: for boot time and the smallest machine.
#include <unistd.h>

int main(void)
{
	static const char text[] = "hello\n";

	return write(1, text, sizeof(text) - 1) != sizeof(text) - 1;
}
