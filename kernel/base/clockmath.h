// Arithmetic of clocks: rates, scaling, wrapping counters. Pure; tested on the host.
#pragma once

#include "lib/compiler.h"

// (a * b) / c with a 128-bit product; c > 0, the result must fit. Saturates at UINT64_MAX.
uint64_t clock_mul_div(uint64_t a, uint64_t b, uint64_t c);
// mult and shift such that ticks * mult >> shift are nanoseconds, mult in [2^31, 2^32).
// |hz| from 1 kHz to 1 THz.
void clock_rate_to_mult(uint64_t hz, uint32_t *mult, uint32_t *shift);
// ticks * mult >> shift with a 128-bit product; shift < 64.
static inline uint64_t clock_scale(uint64_t ticks, uint32_t mult, uint32_t shift)
{
	unsigned __int128 p = (unsigned __int128)ticks * mult;
	return (uint64_t)(p >> shift);
}
// How far a counter that wraps after |mask| went between |from| and |to|, given a rough
// |expected| distance (within half a period).
uint64_t clock_unwrap(uint64_t from, uint64_t to, uint64_t mask, uint64_t expected);
// Seconds from 1970-01-01 to a date of the Gregorian calendar (year >= 1970, month 1-12, day 1-31).
int64_t clock_date_to_seconds(unsigned year, unsigned month, unsigned day, unsigned hour,
			      unsigned minute, unsigned second);
