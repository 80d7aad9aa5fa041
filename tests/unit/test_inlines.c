// sources:
// What lib's headers define inline: bit arrays, lists, checked arithmetic, alignment.
#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/bitmap.h"
#include "lib/checked.h"
#include "lib/list.h"

static void bitmaps_against_bytes(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (size_t bits = 1; bits < 300; bits += 13) {
		uint64_t *map = calloc(BITMAP_WORDS(bits), 8);
		uint8_t *bytes = calloc(bits, 1);

		for (int step = 0; step < 200; step++) {
			size_t bit = (size_t)rand() % bits, from = (size_t)rand() % bits, at,
			       count = 0;

			if (rand() % 3) {
				bitmap_set(map, bit);
				bytes[bit] = 1;
			} else {
				bitmap_clear(map, bit);
				bytes[bit] = 0;
			}
			assert_int_equal(bitmap_test(map, bit), bytes[bit]);
			for (at = from; at < bits && !bytes[at]; at++)
				;
			assert_int_equal(bitmap_find_set(map, bits, from), at);
			for (at = from; at < bits && bytes[at]; at++)
				;
			assert_int_equal(bitmap_find_zero(map, bits, from), at);
			for (at = 0; at < bits; at++)
				count += bytes[at];
			assert_int_equal(bitmap_count(map, bits), count);
		}
		assert_int_equal(bitmap_find_zero(map, bits, bits), bits);
		free(map);
		free(bytes);
	}
}

struct item {
	int value;
	struct list_node node;
};

static void lists(void **state)
{
	struct list_node head = LIST_INIT(head);
	struct item items[4] = { { .value = 0 }, { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct item *pos, *tmp;
	int sum = 0, order = 0;

	(void)state;
	assert_true(list_empty(&head));
	assert_null(list_pop_front(&head));
	list_push_back(&head, &items[1].node);
	list_push_back(&head, &items[2].node);
	list_push_front(&head, &items[0].node);
	list_push_back(&head, &items[3].node);
	list_for_each (pos, &head, node)
		order = order * 10 + pos->value;
	assert_int_equal(order, 123);
	assert_ptr_equal(list_first(&head, struct item, node), &items[0]);
	list_for_each_safe (pos, tmp, &head, node) {
		if (pos->value % 2)
			list_remove(&pos->node);
	}
	assert_true(list_empty(&items[1].node));
	list_for_each (pos, &head, node)
		sum += pos->value;
	assert_int_equal(sum, 2);
	assert_ptr_equal(list_pop_front(&head), &items[0].node);
	assert_ptr_equal(list_pop_front(&head), &items[2].node);
	assert_true(list_empty(&head));
}

static void checked(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(checked_add_u64(UINT64_MAX - 1, 1, &v) && v == UINT64_MAX);
	assert_false(checked_add_u64(UINT64_MAX, 1, &v));
	assert_true(checked_mul_u64(1ull << 32, (1ull << 32) - 1, &v));
	assert_false(checked_mul_u64(1ull << 32, 1ull << 32, &v));
	assert_true(checked_align_up_u64(1, 4096, &v) && v == 4096);
	assert_true(checked_align_up_u64(0, 4096, &v) && v == 0);
	assert_true(checked_align_up_u64(UINT64_MAX - 4095, 4096, &v) && v == UINT64_MAX - 4095);
	assert_false(checked_align_up_u64(UINT64_MAX - 4094, 4096, &v));
	assert_true(ALIGN_UP(4097u, 4096) == 8192 && ALIGN_DOWN(4097u, 4096) == 4096);
	assert_true(IS_ALIGNED(8192, 4096) && !IS_ALIGNED(8191, 4096));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bitmaps_against_bytes),
		cmocka_unit_test(lists),
		cmocka_unit_test(checked),
	};

	return cmocka_run_group_tests_name("inlines", tests, NULL, NULL);
}
