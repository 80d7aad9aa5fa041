// sources: kernel/proc/futex_queue.c tests/unit/shim/host_seam.c
// Futex queues: who is woken, who is moved, in which order; FUTEX_WAKE_OP's arithmetic.

#include "kernel/proc/futex_key.h"

#include <asm/errno.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/sched/sched.h"
#include "tests/unit/shim/host_seam.h"

#define MAX_WAITERS 16
// As FUTEX_OP of <linux/futex.h>, without its undefined shifts.
#define OP(op, arg, cmp, cmparg)                                                                   \
	((uint32_t)(op) << 28 | (uint32_t)(cmp) << 24 | ((uint32_t)(arg)&0xfff) << 12 |            \
	 ((uint32_t)(cmparg)&0xfff))

static struct thread threads[MAX_WAITERS];
static struct futex_waiter waiters[MAX_WAITERS];
static int woken[MAX_WAITERS], n_woken;

bool sched_wake(struct thread *t, unsigned mask)
{
	woken[n_woken++] = (int)(t - threads);
	return true;
}

static void bucket_init(struct futex_bucket *b)
{
	spin_init(&b->lock, RANK_FUTEX, "test");
	list_init(&b->waiters);
	n_woken = 0;
}

static void add(struct futex_bucket *b, int i, struct futex_key key, uint32_t bitset)
{
	waiters[i] = (struct futex_waiter){
		.key = key, .bucket = b, .thread = &threads[i], .bitset = bitset
	};
	list_push_back(&b->waiters, &waiters[i].node);
}

static const struct futex_key k1 = { 2, 0x1000 }, k2 = { 2, 0x1004 }, shared = { 3, 0x1000 };

static void tells_keys_apart(void **state)
{
	(void)state;
	assert_true(futex_key_equal(&k1, &k1));
	assert_false(futex_key_equal(&k1, &k2));
	assert_false(futex_key_equal(&k1, &shared));
	// The same serial of an address space and of an object are different things.
	assert_int_not_equal(futex_space(7, false), futex_space(7, true));
}

static void wakes_in_order_of_arrival(void **state)
{
	struct futex_bucket b;

	(void)state;
	bucket_init(&b);
	add(&b, 0, k1, ~0u);
	add(&b, 1, k2, ~0u);
	add(&b, 2, k1, ~0u);
	add(&b, 3, k1, ~0u);
	assert_int_equal(futex_wake_locked(&b, k1, 2, ~0u), 2);
	assert_int_equal(n_woken, 2);
	assert_int_equal(woken[0], 0);
	assert_int_equal(woken[1], 2);
	assert_null(waiters[0].bucket);
	assert_non_null(waiters[3].bucket);
	assert_int_equal(futex_wake_locked(&b, shared, 10, ~0u), 0);
	assert_int_equal(futex_wake_locked(&b, k1, 10, ~0u), 1);
	assert_int_equal(futex_wake_locked(&b, k2, 10, ~0u), 1);
	assert_true(list_empty(&b.waiters));
}

static void obeys_bitsets(void **state)
{
	struct futex_bucket b;

	(void)state;
	bucket_init(&b);
	add(&b, 0, k1, 1);
	add(&b, 1, k1, 2);
	add(&b, 2, k1, 3);
	assert_int_equal(futex_wake_locked(&b, k1, 10, 2), 2);
	assert_int_equal(woken[0], 1);
	assert_int_equal(woken[1], 2);
	assert_false(list_empty(&b.waiters));
}

static void requeues(void **state)
{
	struct futex_bucket b1, b2;

	(void)state;
	bucket_init(&b2);
	bucket_init(&b1);
	for (int i = 0; i < 5; i++)
		add(&b1, i, k1, ~0u);
	add(&b2, 5, k2, ~0u);
	assert_int_equal(futex_requeue_locked(&b1, &k1, &b2, &k2, 1, 2), 3);
	assert_int_equal(n_woken, 1);
	assert_int_equal(woken[0], 0);
	assert_ptr_equal(waiters[1].bucket, &b2);
	assert_true(futex_key_equal(&waiters[2].key, &k2));
	assert_ptr_equal(waiters[3].bucket, &b1);
	// Behind those that wait there already.
	n_woken = 0;
	assert_int_equal(futex_wake_locked(&b2, k2, 10, ~0u), 3);
	assert_int_equal(woken[0], 5);
	assert_int_equal(woken[1], 1);
	assert_int_equal(woken[2], 2);
	assert_int_equal(futex_wake_locked(&b1, k1, 10, ~0u), 2);
}

static void requeues_within_a_bucket(void **state)
{
	struct futex_bucket b;

	(void)state;
	bucket_init(&b);
	for (int i = 0; i < 4; i++)
		add(&b, i, k1, ~0u);
	assert_int_equal(futex_requeue_locked(&b, &k1, &b, &k2, 0, 3), 3);
	assert_int_equal(n_woken, 0);
	assert_int_equal(futex_wake_locked(&b, k1, 10, ~0u), 1);
	assert_int_equal(futex_wake_locked(&b, k2, 10, ~0u), 3);
	assert_true(list_empty(&b.waiters));
}

static void apply(uint32_t op, uint32_t old, uint32_t want, int compare)
{
	uint32_t v;

	assert_true(futex_op_apply(op, old, &v));
	assert_int_equal(v, want);
	assert_int_equal(futex_op_compare(op, old), compare);
}

static void applies_wake_ops(void **state)
{
	uint32_t v;

	(void)state;
	apply(OP(FUTEX_OP_SET, 5, FUTEX_OP_CMP_EQ, 3), 3, 5, 1);
	apply(OP(FUTEX_OP_ADD, 0xfff, FUTEX_OP_CMP_LT, 0), 0, UINT32_MAX, 0); // -1 as twelve bits
	apply(OP((FUTEX_OP_OR | 8), 4, FUTEX_OP_CMP_GE, 1), 1, 17, 1);        // 1 << 4
	apply(OP((FUTEX_OP_OR | 8), 31, FUTEX_OP_CMP_GE, 1), 1, 1u << 31 | 1, 1);
	apply(OP(FUTEX_OP_ANDN, 1, FUTEX_OP_CMP_NE, 7), 7, 6, 0);
	apply(OP(FUTEX_OP_XOR, 3, FUTEX_OP_CMP_GT, 0xffe), 0, 3, 1); // 0 > -2
	apply(OP(FUTEX_OP_XOR, 3, FUTEX_OP_CMP_LE, 0), 1, 2, 0);
	apply(OP(FUTEX_OP_SET, 9, 6, 0), 0, 9, -ENOSYS);
	assert_false(futex_op_apply(OP(5, 0, 0, 0), 0, &v));
}

static void refuses_waiters_for_locks(void **state)
{
	struct futex_bucket b1, b2;

	(void)state;
	bucket_init(&b2);
	bucket_init(&b1);
	add(&b1, 0, k1, ~0u);
	add(&b1, 1, k1, 0);
	add(&b1, 2, k1, ~0u);
	assert_int_equal(futex_wake_locked(&b1, k2, 9, ~0u), 0);
	assert_int_equal(futex_wake_locked(&b1, k1, 1, ~0u), 1);
	assert_int_equal(futex_wake_locked(&b1, k1, 9, ~0u), -EINVAL);
	assert_int_equal(futex_requeue_locked(&b1, &k1, &b2, &k2, 1, INT32_MAX), -EINVAL);
	assert_true(list_empty(&b2.waiters));
	assert_non_null(waiters[2].bucket);
}

static void requeues_without_limit(void **state)
{
	struct futex_bucket b1, b2;

	(void)state;
	bucket_init(&b2);
	bucket_init(&b1);
	for (int i = 0; i < 3; i++)
		add(&b1, i, k1, ~0u);
	assert_int_equal(futex_requeue_locked(&b1, &k1, &b2, &k2, 1, INT32_MAX), 3);
	assert_int_equal(n_woken, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_keys_apart),
		cmocka_unit_test(wakes_in_order_of_arrival),
		cmocka_unit_test(obeys_bitsets),
		cmocka_unit_test(requeues),
		cmocka_unit_test(requeues_within_a_bucket),
		cmocka_unit_test(requeues_without_limit),
		cmocka_unit_test(refuses_waiters_for_locks),
		cmocka_unit_test(applies_wake_ops),
	};

	return cmocka_run_group_tests_name("futex_queue", tests, NULL, NULL);
}
