// sources: lib/radix.c tests/unit/shim/host_seam.c
// lib/radix against a plain table of (index, value): random operations, searches, failures.

#include "lib/radix.h"

#include "tests/unit/shim/host_seam.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned live, countdown; // countdown: the Nth allocation fails; 0: none

static void *count_alloc(size_t bytes)
{
	if (countdown && --countdown == 0)
		return NULL;
	live++;
	return calloc(1, bytes);
}

static void count_free(void *p, size_t bytes)
{
	live--;
	free(p);
}

static const struct radix_alloc mem = { count_alloc, count_free };

// Indexes that exercise each level, neighbours of powers of 64, and the two ends.
static const uint64_t spots[] = { 0,
				  1,
				  63,
				  64,
				  65,
				  4095,
				  4096,
				  4097,
				  262143,
				  262144,
				  1ull << 24,
				  1ull << 36,
				  1ull << 60,
				  (1ull << 60) - 1,
				  UINT64_MAX - 1,
				  UINT64_MAX };
#define SPOTS ARRAY_SIZE(spots)

static void ends_and_levels(void **state)
{
	struct radix r;
	uint64_t found;

	radix_init(&r, &mem);
	assert_int_equal(radix_get(&r, 5), 0);
	assert_null(radix_slot(&r, 5));
	assert_false(radix_next_used(&r, 0, UINT64_MAX, &found));
	assert_true(radix_next_empty(&r, 7, 7, &found));
	assert_int_equal(found, 7);
	for (unsigned i = 0; i < SPOTS; i++)
		assert_int_equal(radix_set(&r, spots[i], i + 1), 0);
	for (unsigned i = 0; i < SPOTS; i++) {
		assert_int_equal(radix_get(&r, spots[i]), i + 1);
		assert_int_equal(*radix_slot(&r, spots[i]), i + 1);
	}
	assert_true(radix_next_used(&r, (1ull << 60) + 1, UINT64_MAX, &found));
	assert_true(found == UINT64_MAX - 1);
	assert_false(radix_next_empty(&r, UINT64_MAX - 1, UINT64_MAX, &found));
	assert_true(radix_next_empty(&r, 63, UINT64_MAX, &found));
	assert_int_equal(found, 66);
	for (unsigned i = 0; i < SPOTS; i++)
		assert_int_equal(radix_clear(&r, spots[i]), i + 1);
	assert_int_equal(radix_clear(&r, 5), 0);
	assert_null(r.root);
	assert_int_equal(live, 0);
}

// The first node of a low index in a taller tree leaves the high ones reachable.
static void low_after_high(void **state)
{
	struct radix r;
	uint64_t found;

	radix_init(&r, &mem);
	assert_int_equal(radix_set(&r, 5000, 1), 0);
	assert_int_equal(radix_set(&r, 3, 2), 0);
	assert_int_equal(radix_get(&r, 5000), 1);
	assert_true(radix_next_used(&r, 4, UINT64_MAX, &found));
	assert_int_equal(found, 5000);
	radix_destroy(&r);
}

// A full node, then a full subtree: searches for an empty index skip it whole.
static void full_subtrees(void **state)
{
	struct radix r;
	uint64_t found;

	radix_init(&r, &mem);
	for (uint64_t i = 0; i < 8192; i++)
		assert_int_equal(radix_set(&r, i, 1), 0);
	assert_true(radix_next_empty(&r, 0, UINT64_MAX, &found));
	assert_int_equal(found, 8192);
	assert_false(radix_next_empty(&r, 0, 8191, &found));
	assert_int_equal(radix_clear(&r, 4500), 1);
	assert_true(radix_next_empty(&r, 17, 8191, &found));
	assert_int_equal(found, 4500);
	assert_int_equal(radix_set(&r, 1ull << 40, 2), 0);
	assert_true(radix_next_empty(&r, 4501, UINT64_MAX, &found));
	assert_int_equal(found, 8192);
	radix_destroy(&r);
	assert_int_equal(live, 0);
	radix_destroy(&r);
}

static void random_ops(void **state)
{
	static uint64_t model[2048];
	struct radix r;

	radix_init(&r, &mem);
	for (unsigned step = 0; step < 20000; step++) {
		uint64_t i = host_random_below(2048);
		uint64_t to = i + host_random_below(300), want, got;

		if (host_random_below(5) < 3) {
			model[i] = step + 1;
			assert_int_equal(radix_set(&r, i, step + 1), 0);
		} else {
			assert_int_equal(radix_clear(&r, i), model[i]);
			model[i] = 0;
		}
		i = host_random_below(2048);
		for (want = i; want <= to && (want >= 2048 || !model[want]); want++)
			;
		assert_int_equal(radix_next_used(&r, i, to, &got), want <= to);
		assert_true(want > to || got == want);
		for (want = i; want <= to && want < 2048 && model[want]; want++)
			;
		assert_int_equal(radix_next_empty(&r, i, to, &got), want <= to);
		assert_true(want > to || got == want);
	}
	for (unsigned i = 0; i < 2048; i++)
		assert_int_equal(radix_clear(&r, i), model[i]);
	assert_int_equal(live, 0);
}

// Each allocation of each insertion fails once: -ENOMEM, nothing changed, nothing leaked.
static void nth_failure(void **state)
{
	for (unsigned i = 0; i < SPOTS; i++) {
		for (unsigned n = 1;; n++) {
			struct radix r;
			unsigned before;
			int err;

			radix_init(&r, &mem);
			assert_int_equal(radix_set(&r, 70, 9), 0);
			before = live;
			countdown = n;
			err = radix_set(&r, spots[i], 3);
			countdown = 0;
			if (!err) {
				radix_destroy(&r);
				break;
			}
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(live, before);
			assert_int_equal(radix_get(&r, 70), 9);
			assert_int_equal(radix_get(&r, spots[i]), 0);
			assert_int_equal(r.height, 2);
			radix_destroy(&r);
		}
	}
	assert_int_equal(live, 0);
}

// radix_add stores only where nothing is; radix_next_slots goes through all groups in order.
static void add_and_walk(void **state)
{
	const uint64_t *slots;
	uint64_t there = 0, first, from = 0;
	unsigned seen = 0, n;
	struct radix r;

	radix_init(&r, &mem);
	for (unsigned i = 0; i < SPOTS; i++) {
		assert_int_equal(radix_add(&r, spots[i], i + 1, &there), 0);
		assert_int_equal(radix_add(&r, spots[i], 99, &there), -EEXIST);
		assert_int_equal(there, i + 1);
		assert_int_equal(radix_get(&r, spots[i]), i + 1);
	}
	while ((slots = radix_next_slots(&r, from, &first, &n))) {
		assert_true(first >= from);
		assert_true(n > 0 && first % 64 + n <= 64);
		assert_true(slots[0] && slots[n - 1]);
		for (unsigned i = 0; i < n; i++)
			seen += slots[i] != 0;
		from = (first | 63) + 1;
		if (!from)
			break;
	}
	assert_int_equal(seen, SPOTS);
	countdown = 1;
	assert_int_equal(radix_add(&r, 1ull << 50, 5, &there), -ENOMEM);
	countdown = 0;
	radix_destroy(&r);
	assert_null(radix_next_slots(&r, 0, &first, &n));
	assert_int_equal(live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_and_levels), cmocka_unit_test(low_after_high),
		cmocka_unit_test(full_subtrees),   cmocka_unit_test(random_ops),
		cmocka_unit_test(nth_failure),     cmocka_unit_test(add_and_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
