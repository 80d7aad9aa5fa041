// sources: lib/fmt.c
// The kernel's formatter against the C library's snprintf.
#include <cmocka.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/fmt.h"

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-security"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif

#define SAME(...)                                                                                  \
	do {                                                                                       \
		char ours_[300], theirs_[300];                                                     \
		int n_ = fmt_snprintf(ours_, sizeof(ours_), __VA_ARGS__);                          \
		int m_ = snprintf(theirs_, sizeof(theirs_), __VA_ARGS__);                          \
		assert_string_equal(ours_, theirs_);                                               \
		assert_int_equal(n_, m_);                                                          \
	} while (0)

static void numbers(void **state)
{
	(void)state;
	SAME("%d %i %u", 0, -1, 4000000000u);
	SAME("%d %d", INT_MIN, INT_MAX);
	SAME("%lld %llu", LLONG_MIN, ULLONG_MAX);
	SAME("%ld %lx %lo", LONG_MIN, ULONG_MAX, ULONG_MAX);
	SAME("%hhd %hhu %hd %hu", 300, 300, 70000, 70000);
	SAME("%zu %zx", (size_t)-1, (size_t)12);
	SAME("%x %X %#x %#X %#x", 0xbeef, 0xbeef, 0xbeef, 0xbeef, 0);
	SAME("%o %#o %#o %#.0o", 8, 8, 0, 0);
	SAME("[%.0d] [%.0d] [%5.0u]", 0, 1, 0);
}

static void fields(void **state)
{
	(void)state;
	SAME("[%5d] [%-5d] [%05d] [%+d] [% d] [%+05d]", 42, 42, 42, 42, 42, 42);
	SAME("[%5d] [%05d] [%-05d]", -42, -42, -42);
	SAME("[%.5d] [%8.5d] [%-8.5d] [%08.5d]", -42, -42, -42, -42);
	SAME("[%#010x] [%#-10x] [%10.4x]", 0xabc, 0xabc, 0xabc);
	SAME("[%*d] [%-*d] [%.*d] [%*d]", 6, 7, 6, 7, 3, 7, -6, 7);
	SAME("[%.*d]", -5, 7);
	SAME("%016llx", 0x123456789abcdefull);
}

static void strings(void **state)
{
	const char unterminated[3] = { 'a', 'b', 'c' };

	(void)state;
	SAME("%s|%5s|%-5s|%.2s|%5.1s|%c|%3c|%-3c|%%", "abc", "abc", "abc", "abc", "abc", 'x', 'y',
	     'z');
	SAME("%.3s", unterminated);
	SAME("%.*s", 0, (const char *)unterminated);
	SAME("%p", (void *)0x1234abcd);
	SAME("plain");
	SAME("%s", "");
}

static void own_answers(void **state)
{
	const char *volatile none = NULL;
	char buf[40];

	(void)state;
	fmt_snprintf(buf, sizeof(buf), "%s", none);
	assert_string_equal(buf, "(null)");
	fmt_snprintf(buf, sizeof(buf), "%p", (void *)none);
	assert_string_equal(buf, "0x0");
	fmt_snprintf(buf, sizeof(buf), "%q %d", 5);
	assert_string_equal(buf, "%q 5");
	fmt_snprintf(buf, sizeof(buf), "100%");
	assert_string_equal(buf, "100");
	fmt_snprintf(buf, sizeof(buf), "%08p", (void *)0x12);
	assert_string_equal(buf, "0x000012");
}

static void truncates(void **state)
{
	char *exact = malloc(4);

	(void)state;
	assert_int_equal(fmt_snprintf(exact, 4, "%d", 123456), 6);
	assert_string_equal(exact, "123");
	assert_int_equal(fmt_snprintf(exact, 1, "%s", "abc"), 3);
	assert_string_equal(exact, "");
	assert_int_equal(fmt_snprintf(NULL, 0, "%s-%d", "abc", 7), 5);
	// A width from a program's number must not keep the kernel busy for ever.
	assert_true(fmt_snprintf(exact, 4, "%2000000000d", 1) <= 65536);
	free(exact);
}

static unsigned random_below(unsigned n)
{
	return (unsigned)rand() % n;
}

// Random flags, width, precision, length and value against the C library.
static void random_specs(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 20000; i++) {
		char spec[40] = "<%";
		uint64_t v = (uint64_t)rand() << (random_below(40)) ^ (uint64_t)rand();
		char conv = "diuxXo"[random_below(6)];
		static const char *const lengths[] = { "hh", "h", "", "l", "ll", "z" };
		unsigned length = random_below(6);
		bool is_signed = conv == 'd' || conv == 'i';

		for (unsigned f = random_below(4); f > 0; f--)
			strncat(spec,
				(is_signed ? "-0 +" : "-0#") + random_below(is_signed ? 4 : 3), 1);
		if (random_below(2))
			sprintf(spec + strlen(spec), "%u", 1 + random_below(30));
		if (random_below(2))
			sprintf(spec + strlen(spec), ".%u", random_below(30));
		sprintf(spec + strlen(spec), "%s%c>", lengths[length], conv);
		if (length >= 3)
			SAME(spec, v);
		else
			SAME(spec, (unsigned)v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),   cmocka_unit_test(fields),
		cmocka_unit_test(strings),   cmocka_unit_test(own_answers),
		cmocka_unit_test(truncates), cmocka_unit_test(random_specs),
	};

	return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
