// One line of text for each operation: built here, hashed, and written only in the detail mode.
// No libc formatting, so that the fuzzer's own memory use stays the same on every kernel.
#pragma once

#include <stdint.h>

struct text {
	char line[1 << 15];
	unsigned n;
};

extern __thread struct text text;

void put_s(const char *s);
void put_x(uint64_t v);
void put_d(int64_t v);

// Appends ` name` and the value.
void put_kx(const char *name, uint64_t v);
void put_kd(const char *name, int64_t v);

// An error by its number ("E22"), anything else in decimal.
void put_ret(long ret);

// Ends the line: adds it to |*hash| and, where |show|, writes it to standard output. Empties it.
void put_end(uint64_t *hash, int show);

// Writes what put_end() has collected.
void put_flush(void);

// FNV-1a over eight bytes at a time.
uint64_t hash_bytes(uint64_t h, const void *data, unsigned long bytes);
