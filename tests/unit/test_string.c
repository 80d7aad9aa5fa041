// sources:
// The freestanding memory functions against the C library's, under names of their own.
#include <cmocka.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define memcpy           k_memcpy
#define memmove          k_memmove
#define memset           k_memset
#define memcmp           k_memcmp
#define memchr           k_memchr
#define strlen           k_strlen
#define strnlen          k_strnlen
#define strcmp           k_strcmp
#define strncmp          k_strncmp
#define strchr           k_strchr
#define strrchr          k_strrchr
#define OURO_TEST_STRING 1
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr

#define AREA 400

static void fill_pattern(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + (i >> 8) + 1);
}

// Every length and alignment, with exact heap blocks so that ASan sees a byte too much.
static void copies_every_length(void **state)
{
	(void)state;
	for (size_t n = 0; n < 100; n++) {
		for (size_t shift = 0; shift < 8; shift++) {
			uint8_t *src = malloc(n + shift + 1), *dst = malloc(n + shift + 1);

			fill_pattern(src, n + shift + 1);
			memset(dst, 0xee, n + shift + 1);
			assert_ptr_equal(k_memcpy(dst + shift, src, n), dst + shift);
			assert_memory_equal(dst + shift, src, n);
			for (size_t i = 0; i < shift; i++)
				assert_int_equal(dst[i], 0xee);
			assert_int_equal(dst[shift + n], 0xee);
			free(src);
			free(dst);
		}
	}
}

static void moves_overlapping(void **state)
{
	uint8_t ours[AREA], theirs[AREA];

	(void)state;
	for (size_t n = 0; n < 90; n++) {
		for (size_t from = 0; from < 60; from++) {
			for (size_t to = 0; to < 60; to += 3) {
				fill_pattern(ours, AREA);
				fill_pattern(theirs, AREA);
				k_memmove(ours + to, ours + from, n);
				memmove(theirs + to, theirs + from, n);
				assert_memory_equal(ours, theirs, AREA);
			}
		}
	}
}

static void sets_every_length(void **state)
{
	uint8_t ours[AREA], theirs[AREA];

	(void)state;
	for (size_t n = 0; n < 100; n++) {
		for (size_t at = 0; at < 9; at++) {
			fill_pattern(ours, AREA);
			fill_pattern(theirs, AREA);
			k_memset(ours + at, 0x1a5, n);
			memset(theirs + at, 0x1a5, n);
			assert_memory_equal(ours, theirs, AREA);
		}
	}
}

static int sign(int v)
{
	return v < 0 ? -1 : v > 0;
}

static void compares_like_the_library(void **state)
{
	uint8_t a[40], b[40];

	(void)state;
	for (size_t n = 0; n < 40; n++) {
		for (size_t at = 0; at < 40; at++) {
			fill_pattern(a, 40);
			fill_pattern(b, 40);
			b[at] ^= 0x80;
			assert_int_equal(sign(k_memcmp(a, b, n)), sign(memcmp(a, b, n)));
			assert_int_equal(sign(k_memcmp(b, a, n)), sign(memcmp(b, a, n)));
		}
	}
	fill_pattern(a, 40);
	assert_ptr_equal(k_memchr(a, a[17], 40), memchr(a, a[17], 40));
	assert_null(k_memchr(a, a[17], 17));
}

static void strings_like_the_library(void **state)
{
	static const char *const s[] = { "",    "a",    "ab",    "abc",
					 "abd", "\xff", "a/b/c", "aaaaaaaaaaaa" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(s); i++) {
		assert_int_equal(k_strlen(s[i]), strlen(s[i]));
		assert_int_equal(k_strnlen(s[i], 2), strnlen(s[i], 2));
		for (int c = 0; c < 256; c++) {
			assert_ptr_equal(k_strchr(s[i], c), strchr(s[i], c));
			assert_ptr_equal(k_strrchr(s[i], c), strrchr(s[i], c));
		}
		for (size_t j = 0; j < ARRAY_SIZE(s); j++) {
			assert_int_equal(sign(k_strcmp(s[i], s[j])), sign(strcmp(s[i], s[j])));
			for (size_t n = 0; n < 4; n++)
				assert_int_equal(sign(k_strncmp(s[i], s[j], n)),
						 sign(strncmp(s[i], s[j], n)));
			assert_int_equal(str_has_prefix(s[i], s[j]),
					 strncmp(s[i], s[j], strlen(s[j])) == 0);
		}
	}
}

static void copies_strings_bounded(void **state)
{
	char buf[4] = "xxx";

	(void)state;
	assert_int_equal(str_copy(buf, "abcdef", sizeof(buf)), 6);
	assert_string_equal(buf, "abc");
	assert_int_equal(str_copy(buf, "", sizeof(buf)), 0);
	assert_string_equal(buf, "");
	buf[0] = 'q';
	assert_int_equal(str_copy(buf, "abc", 0), 3);
	assert_int_equal(buf[0], 'q');
}

static void parses_numbers(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0 },
		{ "42", 0, 42 },
		{ "0x1f", 0, 31 },
		{ "0XFF", 0, 255 },
		{ "017", 0, 15 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "0xffffffffffffffff", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 },
		{ "1k", 0, 1024 },
		{ "3M", 0, 3 << 20 },
		{ "2g", 0, 2ull << 30 },
		{ "16T", 0, 16ull << 40 },
		{ "16777215T", 0, 16777215ull << 40 },
		{ "16777216T", -ERANGE, 0 },
		{ "99999999999999999999999T", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1kk", -EINVAL, 0 },
		{ "1q", -EINVAL, 0 },
		{ "08", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "x", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "0xg", -EINVAL, 0 },
		{ "0k", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t v = 77;
		int err = str_to_u64(rows[i].text, &v);

		if (err != rows[i].err)
			fail_msg("\"%s\": %d", rows[i].text, err);
		assert_int_equal(v, err ? 77 : rows[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_every_length),
		cmocka_unit_test(moves_overlapping),
		cmocka_unit_test(sets_every_length),
		cmocka_unit_test(compares_like_the_library),
		cmocka_unit_test(strings_like_the_library),
		cmocka_unit_test(copies_strings_bounded),
		cmocka_unit_test(parses_numbers),
	};

	return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
