// Bits in arrays of 64-bit words. Callers provide the locking and keep indexes below |bits|.
#pragma once

#include "lib/compiler.h"

#define BITMAP_WORDS(bits)         (((bits) + 63) / 64)
#define DECLARE_BITMAP(name, bits) uint64_t name[BITMAP_WORDS(bits)]

// Set bits of |v|, without the instruction that the baseline CPU lacks (gcc's builtin would call
// libgcc). Hacker's Delight, 5-1.
static inline unsigned popcount64(uint64_t v)
{
	v -= v >> 1 & 0x5555555555555555ull;
	v = (v & 0x3333333333333333ull) + (v >> 2 & 0x3333333333333333ull);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (unsigned)((v * 0x0101010101010101ull) >> 56);
}

static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
	return map[bit / 64] >> (bit % 64) & 1;
}

static inline void bitmap_set(uint64_t *map, size_t bit)
{
	map[bit / 64] |= 1ull << (bit % 64);
}

static inline void bitmap_clear(uint64_t *map, size_t bit)
{
	map[bit / 64] &= ~(1ull << (bit % 64));
}

// The first bit >= |from| that equals |value|, or |bits| if there is none. Looks at whole words.
static inline size_t bitmap_find(const uint64_t *map, size_t bits, size_t from, bool value)
{
	uint64_t flip = value ? 0 : ~0ull;

	while (from < bits) {
		uint64_t word = (map[from / 64] ^ flip) >> (from % 64);

		if (word) {
			from += (size_t)__builtin_ctzll(word);
			return from < bits ? from : bits;
		}
		from = (from / 64 + 1) * 64;
	}
	return bits;
}

static inline size_t bitmap_find_zero(const uint64_t *map, size_t bits, size_t from)
{
	return bitmap_find(map, bits, from, false);
}

static inline size_t bitmap_find_set(const uint64_t *map, size_t bits, size_t from)
{
	return bitmap_find(map, bits, from, true);
}

static inline size_t bitmap_count(const uint64_t *map, size_t bits)
{
	size_t n = 0;

	for (size_t i = 0; i < bits / 64; i++)
		n += popcount64(map[i]);
	if (bits % 64)
		n += popcount64(map[bits / 64] & ((1ull << bits % 64) - 1));
	return n;
}
