// sources: lib/cmdline.c lib/string.c
// Any text as a command line, words into exact buffers of a size that the text chooses.
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t bytes = size > 0 ? 1 + data[0] % 40 : 1, words = 0;
	char *line = malloc(size + 1), *word = malloc(bytes);
	struct cmdline c;
	int got;

	memcpy(line, data, size);
	line[size] = '\0';
	cmdline_init(&c, line);
	while ((got = cmdline_next(&c, word, bytes)) != 0) {
		assert(got == 1 || got == -E2BIG || got == -EINVAL);
		assert(strnlen(word, bytes) < bytes);
		assert(c.at >= line || !*c.at);
		assert(++words <= size);
	}
	got = cmdline_find(line, "log", word, bytes);
	assert(got == 0 || got == 1 || got == -E2BIG || got == -EINVAL);
	if (got == 1)
		assert(strnlen(word, bytes) < bytes);
	free(word);
	free(line);
	return 0;
}
