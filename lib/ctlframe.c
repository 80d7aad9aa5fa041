// See ctlframe.h.
#include "lib/ctlframe.h"

#include "lib/string.h"

void frame_header(struct ctl_header *out, unsigned type, uint32_t n)
{
	*out = (struct ctl_header){ .magic = CTL_MAGIC, .type = (uint16_t)type, .length = n };
}

// Drops bytes at the front of the header buffer until it may start a record again.
static void resynchronise(struct frame_parser *p)
{
	const uint8_t magic[2] = { CTL_MAGIC & 0xff, CTL_MAGIC >> 8 };
	size_t skip = 1;

	while (skip < p->head_bytes &&
	       !(p->head[skip] == magic[0] &&
		 (skip + 1 == p->head_bytes || p->head[skip + 1] == magic[1])))
		skip++;
	p->garbage_bytes += skip;
	p->head_bytes -= skip;
	memmove(p->head, p->head + skip, p->head_bytes);
}

static size_t take_head(struct frame_parser *p, const uint8_t *bytes, size_t n, size_t want)
{
	size_t part = MIN(want - p->head_bytes, n);

	memcpy(p->head + p->head_bytes, bytes, part);
	p->head_bytes += part;
	return part;
}

// A whole header is there: is it one?
static int accept_header(struct frame_parser *p)
{
	memcpy(&p->current, p->head, sizeof(p->current));
	if (p->current.magic == CTL_MAGIC && p->current.length <= CTL_MAX_LENGTH)
		return 1;
	resynchronise(p);
	return 0;
}

static void finish(struct frame_parser *p)
{
	p->head_bytes = 0;
	p->done = 0;
	p->in_payload = 0;
}

static size_t feed_small(struct frame_parser *p, const uint8_t *bytes, size_t n)
{
	size_t whole = sizeof(p->current) + p->current.length;
	size_t took = take_head(p, bytes, n, whole);

	if (p->head_bytes == whole) {
		p->record(p->arg, p->current.type, 0, p->current.length,
			  p->head + sizeof(p->current), p->current.length);
		finish(p);
	}
	return took;
}

static size_t feed_long(struct frame_parser *p, const uint8_t *bytes, size_t n)
{
	size_t part = MIN((size_t)(p->current.length - p->done), n);

	if (part)
		p->record(p->arg, p->current.type, p->done, p->current.length, bytes, part);
	p->done += (uint32_t)part;
	if (p->done == p->current.length)
		finish(p);
	return part;
}

void frame_feed(struct frame_parser *p, const void *bytes, size_t n)
{
	const uint8_t *at = bytes, *end = at + n;

	for (;;) {
		if (!p->in_payload) {
			at += take_head(p, at, (size_t)(end - at), sizeof(p->current));
			if (p->head_bytes < sizeof(p->current))
				return;
			if (!accept_header(p))
				continue;
			p->in_payload = 1;
		}
		if (p->current.length <= FRAME_SMALL_BYTES)
			at += feed_small(p, at, (size_t)(end - at));
		else
			at += feed_long(p, at, (size_t)(end - at));
		if (at == end && p->in_payload)
			return;
	}
}
