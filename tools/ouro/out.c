// See out.h.
#include "tools/ouro/out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/ouro/diag.h"

#define BUF_BYTES (256u * 1024)

void out_init(struct out *o, int fd)
{
	*o = (struct out){ .fd = fd, .buf = xmalloc(BUF_BYTES) };
}

int out_flush(struct out *o)
{
	size_t done = 0;

	while (done < o->used && !o->error) {
		ssize_t n = write(o->fd, o->buf + done, o->used - done);

		if (n < 0 && errno != EINTR)
			o->error = -errno;
		if (n > 0)
			done += (size_t)n;
	}
	o->used = 0;
	return o->error;
}

// Room in the buffer: its address and how much, at least 1 byte.
static size_t room(struct out *o)
{
	if (o->used == BUF_BYTES)
		out_flush(o);
	return BUF_BYTES - o->used;
}

static void took(struct out *o, size_t n)
{
	o->used += n;
	o->offset += n;
}

void out_bytes(struct out *o, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		size_t part = MIN(room(o), n);

		memcpy(o->buf + o->used, p, part);
		took(o, part);
		p += part;
		n -= part;
	}
}

void out_zeros_to(struct out *o, uint64_t offset)
{
	while (o->offset < offset) {
		size_t part = room(o);

		part = (size_t)MIN((uint64_t)part, offset - o->offset);
		memset(o->buf + o->used, 0, part);
		took(o, part);
	}
}

int out_copy(struct out *o, int fd, uint64_t from, uint64_t n)
{
	while (n) {
		size_t part = (size_t)MIN((uint64_t)room(o), n);
		ssize_t got = pread(fd, o->buf + o->used, part, (off_t)from);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ENODATA;
		took(o, (size_t)got);
		from += (uint64_t)got;
		n -= (uint64_t)got;
	}
	return 0;
}

void out_free(struct out *o)
{
	free(o->buf);
	o->buf = NULL;
}
