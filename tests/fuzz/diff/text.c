// Lines of the differential fuzzer; see text.h.
#include "text.h"

#include <string.h>
#include <unistd.h>

__thread struct text text;

static __thread struct {
	char bytes[1 << 16];
	unsigned n;
} out;

void put_s(const char *s)
{
	while (*s && text.n < sizeof text.line - 1)
		text.line[text.n++] = *s++;
}

void put_x(uint64_t v)
{
	char b[20], *p = b + sizeof b;

	*--p = 0;
	do
		*--p = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	put_s(p);
}

void put_d(int64_t v)
{
	char b[24], *p = b + sizeof b;
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

	*--p = 0;
	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--p = '-';
	put_s(p);
}

void put_kx(const char *name, uint64_t v)
{
	put_s(" ");
	put_s(name);
	put_x(v);
}

void put_kd(const char *name, int64_t v)
{
	put_s(" ");
	put_s(name);
	put_d(v);
}

void put_ret(long ret)
{
	if (ret < 0 && ret > -4096) {
		put_s(" = E");
		put_d(-ret);
	} else {
		put_s(" = ");
		put_d(ret);
	}
}

void put_flush(void)
{
	unsigned done = 0;

	while (done < out.n) {
		ssize_t n = write(1, out.bytes + done, out.n - done);

		if (n <= 0)
			_exit(98);
		done += (unsigned)n;
	}
	out.n = 0;
}

void put_end(uint64_t *hash, int show)
{
	*hash = hash_bytes(*hash, text.line, text.n);
	if (show) {
		if (out.n + text.n + 1 > sizeof out.bytes)
			put_flush();
		memcpy(out.bytes + out.n, text.line, text.n);
		out.n += text.n;
		out.bytes[out.n++] = '\n';
	}
	text.n = 0;
}

uint64_t hash_bytes(uint64_t h, const void *data, unsigned long bytes)
{
	const unsigned char *p = data;

	for (; bytes >= 8; bytes -= 8, p += 8) {
		uint64_t w;

		memcpy(&w, p, 8);
		h = (h ^ w) * 0x100000001b3ull;
		h ^= h >> 29;
	}
	for (; bytes; bytes--)
		h = (h ^ *p++) * 0x100000001b3ull;
	return h;
}
