// The primitives that touch user memory: STAC, the access, CLAC, with fixups for page faults. Only
// mm/virt/uaccess.c calls them, with addresses that it has checked to lie below USER_TOP.
#pragma once

#include "lib/compiler.h"

// Copies |bytes| in either direction; returns how many at the end were NOT copied (0: all).
size_t __must_check raw_user_copy(void *dst, const void *src, size_t bytes);
// The same with the direction said: what callers use, because host tests must tell the sides apart.
static inline size_t __must_check raw_copy_from_user(void *dst, const void *src, size_t bytes)
{
	return raw_user_copy(dst, src, bytes);
}
static inline size_t __must_check raw_copy_to_user(void *dst, const void *src, size_t bytes)
{
	return raw_user_copy(dst, src, bytes);
}
// The same for zeroing.
size_t __must_check raw_user_clear(void *dst, size_t bytes);
// Atomic compare and exchange: *p == *expected ? *p = desired : (*expected = *p). 0, or -EFAULT.
int __must_check raw_user_cmpxchg32(uint32_t *p, uint32_t *expected, uint32_t desired);
// One 32-bit load. 0 or -EFAULT.
int __must_check raw_user_read32(const uint32_t *p, uint32_t *value);
