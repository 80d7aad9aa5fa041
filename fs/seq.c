// The growing text buffer of generated files. Belongs to one reader; no locks. Out of memory is
// remembered in the buffer and reported once, by whoever asked for the text.
#include <linux/errno.h>
#include <stdarg.h>

#include "fs/pseudo.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

#define FIRST_BYTES 256u

static bool make_room(struct seq *s, size_t more)
{
	size_t cap = s->cap ? s->cap : FIRST_BYTES;
	char *buf;

	if (s->oom)
		return false;
	if (s->cap - s->len >= more)
		return true;
	while (cap - s->len < more)
		cap *= 2;
	buf = kvalloc(cap);
	if (!buf) {
		s->oom = true;
		return false;
	}
	memcpy(buf, s->buf, s->len);
	kvfree(s->buf);
	s->buf = buf;
	s->cap = cap;
	return true;
}

void seq_write(struct seq *s, const void *bytes, size_t n)
{
	if (!make_room(s, n))
		return;
	memcpy(s->buf + s->len, bytes, n);
	s->len += n;
}

void seq_printf(struct seq *s, const char *fmt, ...)
{
	va_list ap, again;
	size_t n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = (size_t)fmt_vsnprintf(s->buf ? s->buf + s->len : NULL, s->cap - s->len, fmt, ap);
	if (n < s->cap - s->len) {
		s->len += n;
	} else if (make_room(s, n + 1)) {
		fmt_vsnprintf(s->buf + s->len, s->cap - s->len, fmt, again);
		s->len += n;
	}
	va_end(again);
	va_end(ap);
}

void seq_escaped(struct seq *s, const char *text, const char *escape)
{
	for (; *text; text++) {
		if (strchr(escape, *text))
			seq_printf(s, "\\%03o", (unsigned)(uint8_t)*text);
		else
			seq_write(s, text, 1);
	}
}

void seq_free(struct seq *s)
{
	kvfree(s->buf);
	*s = (struct seq){ 0 };
}
