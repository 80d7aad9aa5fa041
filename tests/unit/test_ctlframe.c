// sources: lib/ctlframe.c
// The framing parser of the control channel: pieces of any size, long and short records, noise.
#include "lib/ctlframe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct {
	unsigned types[64], n;
	uint8_t bytes[200000];
	size_t used;
	uint32_t expected_offset;
} seen;

static void on_record(void *arg, unsigned type, uint32_t offset, uint32_t total, const void *bytes,
		      size_t n)
{
	assert_ptr_equal(arg, &seen);
	assert_true(offset + n <= total);
	if (total <= FRAME_SMALL_BYTES)
		assert_int_equal(n, total);
	if (offset == 0) {
		assert_true(seen.n < 64);
		seen.types[seen.n++] = type;
		seen.expected_offset = 0;
	}
	assert_int_equal(offset, seen.expected_offset);
	seen.expected_offset += (uint32_t)n;
	memcpy(seen.bytes + seen.used, bytes, n);
	seen.used += n;
}

static struct frame_parser parser(void)
{
	memset(&seen, 0, sizeof(seen));
	return (struct frame_parser){ .record = on_record, .arg = &seen };
}

static size_t put(uint8_t *out, unsigned type, const void *bytes, uint32_t n)
{
	struct ctl_header h;

	frame_header(&h, type, n);
	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), bytes, n);
	return sizeof(h) + n;
}

static void test_every_cut(void **state)
{
	uint8_t stream[1000], payload[300];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)i;
	n += put(stream + n, CTL_STDOUT, payload, 300);
	n += put(stream + n, CTL_STDIN_EOF, payload, 0);
	n += put(stream + n, CTL_CREDIT, payload, 4);
	n += put(stream + n, CTL_STDOUT, payload, FRAME_SMALL_BYTES);
	n += put(stream + n, CTL_STDOUT, payload, FRAME_SMALL_BYTES + 1);
	for (size_t step = 1; step <= n; step++) {
		struct frame_parser p = parser();

		for (size_t at = 0; at < n; at += step)
			frame_feed(&p, stream + at, MIN(step, n - at));
		assert_int_equal(seen.n, 5);
		assert_int_equal(seen.types[1], CTL_STDIN_EOF);
		assert_int_equal(seen.types[4], CTL_STDOUT);
		assert_int_equal(seen.used, 300 + 4 + 2 * FRAME_SMALL_BYTES + 1);
		assert_memory_equal(seen.bytes, payload, 300);
		assert_int_equal(p.garbage_bytes, 0);
		assert_int_equal(p.in_payload, 0);
	}
}

static void test_longest(void **state)
{
	static uint8_t payload[CTL_MAX_LENGTH + 8], stream[CTL_MAX_LENGTH + 100];
	struct frame_parser p = parser();
	size_t n = put(stream, CTL_LOG, payload, CTL_MAX_LENGTH);

	frame_feed(&p, stream, n);
	assert_int_equal(seen.used, CTL_MAX_LENGTH);
	assert_int_equal(seen.n, 1);
}

// Noise, also noise that looks like the start of a record or has a length that cannot be.
static void test_noise(void **state)
{
	static const char *const noise[] = {
		"x", "uO", "Ou", "uuO", "uOuO", "some longer noise", "uO\x01\x01\xff\xff\xff\xff"
	};

	for (size_t i = 0; i < ARRAY_SIZE(noise); i++) {
		for (size_t step = 1; step < 40; step += 3) {
			struct frame_parser p = parser();
			uint8_t stream[200];
			size_t n = strlen(noise[i]);

			memcpy(stream, noise[i], n);
			memset(stream + n, 0, 8); // a header must end before the next begins
			n += 8;
			n += put(stream + n, CTL_STDOUT, "kept", 4);
			for (size_t at = 0; at < n; at += step)
				frame_feed(&p, stream + at, MIN(step, n - at));
			assert_true(seen.used >= 4);
			assert_memory_equal(seen.bytes + seen.used - 4, "kept", 4);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_cut),
					    cmocka_unit_test(test_longest),
					    cmocka_unit_test(test_noise) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
