// See the header.
#include "kernel/base/clockmath.h"

uint64_t clock_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	uint64_t high = product >> 64, low = product;
	if (high >= c)
		return UINT64_MAX;
	// The CPU's own 128 by 64 bit division: the compiler would call its library.
	uint64_t quotient, rest;
	__asm__("divq %4" : "=a"(quotient), "=d"(rest) : "a"(low), "d"(high), "r"(c) : "cc");
	return quotient;
}

void clock_rate_to_mult(uint64_t hz, uint32_t *mult, uint32_t *shift)
{
	uint32_t s = 0;
	while (s < 63 && clock_mul_div(1000000000ull, 1ull << (s + 1), hz) <= UINT32_MAX)
		s++;
	*shift = s;
	*mult = (uint32_t)clock_mul_div(1000000000ull, 1ull << s, hz);
}

uint64_t clock_unwrap(uint64_t from, uint64_t to, uint64_t mask, uint64_t expected)
{
	uint64_t low = (to - from) & mask;
	if (mask == UINT64_MAX)
		return low;
	// The value congruent to |low| that is nearest to |expected|.
	uint64_t period = mask + 1;
	uint64_t base = expected - ((expected - low) & mask); // at or below |expected|
	if (base > expected)                                  // wrapped below 0
		return low;
	return expected - base > period / 2 ? base + period : base;
}

int64_t clock_date_to_seconds(unsigned year, unsigned month, unsigned day, unsigned hour,
			      unsigned minute, unsigned second)
{
	// Years that begin in March: the leap day is the last one.
	int64_t y = (int64_t)year - (month <= 2);
	int64_t m = (month + 9) % 12;
	int64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
	return ((days * 24 + hour) * 60 + minute) * 60 + second;
}
