// sources: lib/chacha20.c
#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chacha20.h"

// RFC 8439, 2.3.2.
static void block_of_the_rfc(void **state)
{
	static const uint8_t nonce[12] = { 0, 0, 0, 9, 0, 0, 0, 0x4a };
	static const uint8_t expected[64] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
		0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
		0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
		0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
		0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
	};
	uint8_t key[32], out[64];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	chacha20_block(key, 1, nonce, out);
	assert_memory_equal(out, expected, 64);
}

static void same_seed_same_bytes(void **state)
{
	uint8_t a_bytes[1000], b_bytes[1000];
	struct csprng a, b;

	(void)state;
	csprng_init(&a);
	csprng_init(&b);
	csprng_mix(&a, "seed", 4);
	csprng_mix(&b, "seed", 4);
	csprng_bytes(&a, a_bytes, sizeof(a_bytes));
	csprng_bytes(&b, b_bytes, sizeof(b_bytes));
	assert_memory_equal(a_bytes, b_bytes, sizeof(a_bytes));
	assert_true(csprng_u64(&a) == csprng_u64(&b));
	csprng_mix(&b, "", 1);
	assert_true(csprng_u64(&a) != csprng_u64(&b));
}

static void seeds_matter(void **state)
{
	static const char *const seeds[] = { "",
					     "a",
					     "b",
					     "aa",
					     "a\0",
					     "0123456789012345678901234567890123456789",
					     "0123456789012345678901234567890123456780" };
	static const size_t sizes[] = { 0, 1, 1, 2, 2, 40, 40 };
	uint64_t first[7];

	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		struct csprng r;

		csprng_init(&r);
		csprng_mix(&r, seeds[i], sizes[i]);
		first[i] = csprng_u64(&r);
		for (unsigned j = 0; j < i; j++)
			assert_true(first[i] != first[j]);
	}
}

// The key after a request is neither the key before it nor anywhere in the output.
static void erases_the_key(void **state)
{
	struct csprng r, before;
	uint8_t out[256];

	(void)state;
	csprng_init(&r);
	csprng_mix(&r, "x", 1);
	before = r;
	csprng_bytes(&r, out, sizeof(out));
	assert_memory_not_equal(r.key, before.key, 32);
	for (size_t i = 0; i + 8 <= sizeof(out); i++)
		assert_memory_not_equal(out + i, r.key, 8);
	before = r;
	csprng_bytes(&r, out, 0);
	assert_memory_not_equal(r.key, before.key, 32);
}

// Exact lengths (ASan), no piece left unwritten, bits balanced.
static void fills_every_length(void **state)
{
	unsigned ones = 0;
	struct csprng r;

	(void)state;
	csprng_init(&r);
	csprng_mix(&r, "y", 1);
	for (size_t n = 1; n < 200; n++) {
		uint8_t *p = calloc(1, n), *q = calloc(1, n);

		csprng_bytes(&r, p, n);
		csprng_bytes(&r, q, n);
		if (n >= 8) {
			assert_memory_not_equal(p, q, n);
			assert_memory_not_equal(p + n - 8, "\0\0\0\0\0\0\0\0", 8);
		}
		free(p);
		free(q);
	}
	for (unsigned i = 0; i < 10000; i++)
		ones += (unsigned)__builtin_popcountll(csprng_u64(&r));
	assert_in_range(ones, 320000 - 2000, 320000 + 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_of_the_rfc),   cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(seeds_matter),       cmocka_unit_test(erases_the_key),
		cmocka_unit_test(fills_every_length),
	};

	return cmocka_run_group_tests_name("chacha20", tests, NULL, NULL);
}
