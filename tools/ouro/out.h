// A buffered output stream that knows its offset. Errors are kept and reported by out_flush.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct out {
	int fd;
	int error; // -errno of the first failed write, else 0
	char *buf;
	size_t used;
	uint64_t offset; // bytes taken since out_init
};

void out_init(struct out *o, int fd);
void out_bytes(struct out *o, const void *bytes, size_t n);
void out_zeros_to(struct out *o, uint64_t offset);
// Copies |n| bytes of |fd| from |from|. 0, -errno of reading, -ENODATA if the file ends before.
int out_copy(struct out *o, int fd, uint64_t from, uint64_t n);
// Writes what is left. 0 or the first -errno.
int out_flush(struct out *o);
void out_free(struct out *o);
