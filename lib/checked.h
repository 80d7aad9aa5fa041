// Overflow-checked arithmetic for numbers that come from a program or a file.
#pragma once

#include "lib/compiler.h"

// Each returns false on overflow; *out is then not meaningful.
static inline bool __must_check checked_add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline bool __must_check checked_mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline bool __must_check checked_align_up_u64(uint64_t a, uint64_t align, uint64_t *out)
{
	if (!checked_add_u64(a, align - 1, out))
		return false;
	*out &= ~(align - 1);
	return true;
}
