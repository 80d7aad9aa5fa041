// sources: lib/rbtree.c tests/unit/shim/host_seam.c
// lib/rbtree against a sorted array: random insertions and removals, tree rules, augmented values.

#include "lib/rbtree.h"

#include "tests/unit/shim/host_seam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEYS 300

struct item {
	struct rb_node node;
	unsigned key, weight, max_weight;
	bool in;
};

static struct item items[KEYS];

#define ITEM(n) rb_entry(n, struct item, node)

static bool update_max(struct rb_node *n)
{
	struct item *it = ITEM(n);
	unsigned max = it->weight;

	if (n->left)
		max = MAX(max, ITEM(n->left)->max_weight);
	if (n->right)
		max = MAX(max, ITEM(n->right)->max_weight);
	if (max == it->max_weight)
		return false;
	it->max_weight = max;
	return true;
}

static void insert(struct rb_root *root, struct item *it, rb_update_fn *update)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = it->key < ITEM(parent)->key ? &parent->left : &parent->right;
	}
	rb_insert(root, &it->node, parent, link, update);
	it->in = true;
}

// Checks colours, order and summaries; returns the black height.
static int check(const struct rb_node *n, const struct rb_node *parent, bool augmented)
{
	int left, right;
	bool black;

	if (!n)
		return 1;
	black = n->parent_color & 1;
	assert_ptr_equal((void *)(n->parent_color & ~1ul), parent);
	if (!black) {
		assert_true(!n->left || n->left->parent_color & 1);
		assert_true(!n->right || n->right->parent_color & 1);
	}
	left = check(n->left, n, augmented);
	right = check(n->right, n, augmented);
	assert_int_equal(left, right);
	if (augmented) {
		unsigned have = ITEM(n)->max_weight;

		assert_false(update_max((struct rb_node *)n));
		assert_int_equal(have, ITEM(n)->max_weight);
	}
	return left + black;
}

static void check_order(const struct rb_root *root)
{
	struct rb_node *n = rb_first(root);
	struct rb_node *last = NULL;

	for (unsigned k = 0; k < KEYS; k++) {
		if (!items[k].in)
			continue;
		assert_ptr_equal(n, &items[k].node);
		assert_ptr_equal(rb_prev(n), last);
		last = n;
		n = rb_next(n);
	}
	assert_null(n);
	assert_ptr_equal(rb_last(root), last);
}

static void random_ops(rb_update_fn *update)
{
	struct rb_root root = { NULL };

	memset(items, 0, sizeof(items));
	for (unsigned step = 0; step < 10000; step++) {
		unsigned k = host_random_below(KEYS);
		struct item *it = &items[k];

		if (it->in && step % 7 == 0 && update) {
			it->weight = host_random_below(50);
			rb_propagate(&it->node, update);
		} else if (it->in) {
			rb_erase(&root, &it->node, update);
			it->in = false;
		} else {
			it->key = k;
			it->weight = host_random_below(50);
			insert(&root, it, update);
		}
		if (root.node)
			assert_true(root.node->parent_color & 1);
		check(root.node, NULL, update != NULL);
		if (step % 16 == 0)
			check_order(&root);
	}
	for (unsigned k = 0; k < KEYS; k++) {
		if (items[k].in)
			rb_erase(&root, &items[k].node, update);
		items[k].in = false;
		check(root.node, NULL, update != NULL);
	}
	assert_null(root.node);
}

static void plain(void **state)
{
	random_ops(NULL);
}

static void augmented(void **state)
{
	random_ops(update_max);
}

static void empty_tree(void **state)
{
	struct rb_root root = { NULL };

	assert_null(rb_first(&root));
	assert_null(rb_last(&root));
	rb_propagate(NULL, update_max);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(augmented),
		cmocka_unit_test(empty_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
