// Memory and string functions of the freestanding kernel. Owns nothing, takes no locks, never
// sleeps. The copies work in 8-byte units: TCG counts every iteration of a string instruction as
// one instruction, so `rep movsq` costs an eighth of `rep movsb` there and is as good on hardware.
//
// This file is compiled without the loop idioms that would turn memcpy into a call of itself (see
// mk/kernel.mk). In hosted builds the C library provides the standard functions.
#include <asm/errno.h>

#include "lib/checked.h"
#include "lib/string.h"

#if !__STDC_HOSTED__ || defined(OURO_TEST_STRING)

typedef uint64_t __attribute__((may_alias, aligned(1))) word64_t;
typedef uint32_t __attribute__((may_alias, aligned(1))) word32_t;
typedef uint16_t __attribute__((may_alias, aligned(1))) word16_t;

static inline uint64_t load64(const void *p)
{
	return *(const word64_t *)p;
}

static inline void store64(void *p, uint64_t v)
{
	*(word64_t *)p = v;
}

// Up to 16 bytes as two loads and two stores that may overlap. All loads come before the stores,
// so the areas may overlap too.
static void copy_small(char *d, const char *s, size_t n)
{
	if (n >= 8) {
		uint64_t head = load64(s), tail = load64(s + n - 8);

		store64(d, head);
		store64(d + n - 8, tail);
	} else if (n >= 4) {
		uint32_t head = *(const word32_t *)s, tail = *(const word32_t *)(s + n - 4);

		*(word32_t *)d = head;
		*(word32_t *)(d + n - 4) = tail;
	} else if (n >= 2) {
		uint16_t head = *(const word16_t *)s, tail = *(const word16_t *)(s + n - 2);

		*(word16_t *)d = head;
		*(word16_t *)(d + n - 2) = tail;
	} else if (n == 1) {
		*d = *s;
	}
}

// More than 16 bytes, lowest address first: right for disjoint areas and for dst < src. The tail is
// read before anything is written.
static void copy_forward(char *d, const char *s, size_t n)
{
	uint64_t tail = load64(s + n - 8);
	size_t words = n / 8;
	char *end = d + n;

	__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words)::"memory");
	store64(end - 8, tail);
}

// More than 16 bytes, highest address first: for src < dst < src + n.
static void copy_backward(char *d, const char *s, size_t n)
{
	uint64_t head = load64(s);
	size_t at = n;

	for (; at >= 8; at -= 8)
		store64(d + at - 8, load64(s + at - 8));
	store64(d, head);
}

void *memmove(void *dst, const void *src, size_t n)
{
	if (n <= 16)
		copy_small(dst, src, n);
	else if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_forward(dst, src, n);
	else
		copy_backward(dst, src, n);
	return dst;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	if (n <= 16)
		copy_small(dst, src, n);
	else
		copy_forward(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint64_t pattern = 0x0101010101010101ull * (uint8_t)c;
	size_t words = n / 8;
	char *d = dst;

	if (n < 8) {
		for (size_t i = 0; i < n; i++)
			d[i] = (char)c;
		return dst;
	}
	store64(d + n - 8, pattern);
	__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n >= 8; n -= 8, x += 8, y += 8) {
		uint64_t u = __builtin_bswap64(load64(x)), v = __builtin_bswap64(load64(y));

		if (u != v)
			return u < v ? -1 : 1;
	}
	for (; n > 0; n--, x++, y++) {
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const uint8_t *p = s; n > 0; n--, p++) {
		if (*p == (uint8_t)c)
			return (void *)p;
	}
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n > 0; n--, a++, b++) {
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

#endif

size_t str_copy(char *dst, const char *src, size_t dst_bytes)
{
	size_t len = strlen(src);

	if (dst_bytes > 0) {
		size_t n = MIN(len, dst_bytes - 1);

		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

// The value of a digit in any base up to 16, or 16 for anything else.
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

// How far a suffix shifts, -1 if |s| is neither empty nor one suffix.
static int suffix_shift(const char *s)
{
	static const char letters[] = "kmgt";
	const char *at;

	if (!s[0])
		return 0;
	at = strchr(letters, s[0] | 0x20);
	return at && *at && !s[1] ? 10 * (int)(at - letters + 1) : -1;
}

__cold int str_to_u64(const char *s, uint64_t *out)
{
	unsigned base = 10, digits = 0;
	uint64_t value = 0;
	bool fits = true;
	int shift;

	if (s[0] == '0' && (s[1] | 0x20) == 'x') {
		base = 16;
		s += 2;
	} else if (s[0] == '0') {
		base = 8;
	}
	for (; digit_value(*s) < base; s++, digits++) {
		fits = fits && checked_mul_u64(value, base, &value) &&
		       checked_add_u64(value, digit_value(*s), &value);
	}
	shift = suffix_shift(s);
	if (digits == 0 || shift < 0)
		return -EINVAL;
	if (!fits || (value << shift) >> shift != value)
		return -ERANGE;
	*out = value << shift;
	return 0;
}
