// From the command line to an initramfs: the program, what it needs, --add, --rootfs, the
// configuration. Shared by build, run and inspect.
#pragma once

#include <stdint.h>

#include "tools/ouro/options.h"

struct packed {
	int fd; // a memory file that holds the image
	uint64_t size_bytes;
};

int pack(const struct options *o, struct packed *p);
void pack_free(struct packed *p);
// Finds PROGRAM on the host: as a path, else in the working directory, else along PATH. An absolute
// path to be freed, or NULL (message printed; |*status| is set).
char *pack_find_program(const char *word, int *status);
