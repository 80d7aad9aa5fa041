// sources: kernel/base/clockmath.c tests/unit/shim/host_seam.c
#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "kernel/base/clockmath.h"
#include "tests/unit/shim/host_seam.h"

static void multiplies_and_divides_in_128_bits(void **state)
{
	assert_int_equal(clock_mul_div(7, 6, 5), 8);
	assert_int_equal(clock_mul_div(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
	assert_int_equal(clock_mul_div(UINT64_MAX, 2, 1), UINT64_MAX); // saturates
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t a = host_random() >> host_random_below(64);
		uint64_t b = host_random() >> host_random_below(64);
		uint64_t c = (host_random() >> host_random_below(64)) | 1;
		unsigned __int128 want = (unsigned __int128)a * b / c;
		assert_int_equal(clock_mul_div(a, b, c),
				 want > UINT64_MAX ? UINT64_MAX : (uint64_t)want);
	}
}

static void rates_are_exact_to_a_part_in_2_to_the_31(void **state)
{
	static const uint64_t rates[] = { 1000,          1193182,       24000000,
					  999999999,     1000000000,    1000000001,
					  2893202000ull, 5000000000ull, 1000000000000ull };
	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		uint32_t mult, shift;
		clock_rate_to_mult(rates[i], &mult, &shift);
		assert_true(mult >= 1u << 31);
		uint64_t hour_ns = clock_scale(rates[i] * 3600, mult, shift);
		assert_true(hour_ns <= 3600000000000ull);
		assert_true(hour_ns >= 3600000000000ull - 3600000000000ull / (1u << 31) - 1);
	}
}

static void counters_are_unwrapped(void **state)
{
	assert_int_equal(clock_unwrap(10, 25, 0xffff, 15), 15);
	assert_int_equal(clock_unwrap(0xfff0, 0x10, 0xffff, 30), 0x20);
	assert_int_equal(clock_unwrap(5, 4, UINT64_MAX, 0), UINT64_MAX);
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t from = host_random(), far = host_random_below(1u << 30);
		uint64_t slack = host_random_below(0x7fff);
		uint64_t expected = host_random_below(2) ? far + slack
				    : far > slack        ? far - slack
							 : 0;
		assert_int_equal(
			clock_unwrap(from & 0xffff, (from + far) & 0xffff, 0xffff, expected), far);
	}
}

static void dates_agree_with_libc(void **state)
{
	for (unsigned i = 0; i < 10000; i++) {
		time_t t = host_random_below(8000000000ull);
		struct tm tm;
		gmtime_r(&t, &tm);
		assert_int_equal(clock_date_to_seconds(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
						       tm.tm_hour, tm.tm_min, tm.tm_sec),
				 t);
	}
	assert_int_equal(clock_date_to_seconds(1970, 1, 1, 0, 0, 0), 0);
	assert_int_equal(clock_date_to_seconds(2000, 2, 29, 23, 59, 59), 951868799);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multiplies_and_divides_in_128_bits),
		cmocka_unit_test(rates_are_exact_to_a_part_in_2_to_the_31),
		cmocka_unit_test(counters_are_unwrapped),
		cmocka_unit_test(dates_agree_with_libc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
