// The memory and string functions a freestanding compiler may call, and few more.
// On the host (unit tests, the ouro command) the C library provides the standard ones.
#pragma once

#include "lib/compiler.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

// Copies at most |dst_bytes| - 1 bytes and always terminates; returns strlen(src).
size_t str_copy(char *dst, const char *src, size_t dst_bytes);
// True if |s| starts with |prefix|.
bool str_has_prefix(const char *s, const char *prefix);
// Parses a decimal, 0x hexadecimal or 0 octal number that is the whole of |s|, with an optional
// K, M, G or T suffix (powers of 1024). 0, -EINVAL or -ERANGE.
int __must_check str_to_u64(const char *s, uint64_t *out);
