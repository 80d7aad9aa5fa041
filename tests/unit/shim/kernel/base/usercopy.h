// Host shadow: user memory is reached through the model TLB (tests/unit/host_mem.c).
#pragma once

#include "lib/compiler.h"

size_t __must_check raw_copy_from_user(void *dst, const void *src, size_t bytes);
size_t __must_check raw_copy_to_user(void *dst, const void *src, size_t bytes);
#define raw_copy_from_user_inline raw_copy_from_user
#define raw_copy_to_user_inline   raw_copy_to_user
static inline int __must_check raw_user_read64_inline(const uint64_t *p, uint64_t *value)
{
	return raw_copy_from_user(value, p, sizeof(*value)) != 0;
}
size_t __must_check raw_user_clear(void *dst, size_t bytes);
int __must_check raw_user_cmpxchg32(uint32_t *p, uint32_t *expected, uint32_t desired);
int __must_check raw_user_read32(const uint32_t *p, uint32_t *value);
