// sources: kernel/sched/mutex.c tests/unit/shim/host_seam.c tests/unit/shim/host_waitq.c
// Sleeping locks under real threads: exclusion, readers together, writers not starved.

#include "kernel/sched/mutex.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/shim/host_seam.h"

#define THREADS 6
#define ROUNDS  3000

static struct mutex mutex;
static struct rwsem sem;
static uint64_t counter;   // not atomic: the lock must do it
static int inside_readers; // atomic
static int most_readers, writers_inside;

static void run_threads(void *(*fn)(void *arg))
{
	pthread_t t[THREADS];

	for (long i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, fn, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
}

static void *count_with_mutex(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		mutex_lock(&mutex);
		uint64_t seen = counter;

		if (!(i % 64))
			sched_yield();
		counter = seen + 1;
		mutex_unlock(&mutex);
	}
	return NULL;
}

static void mutex_excludes(void **state)
{
	(void)state;
	mutex_init(&mutex, RANK_INODE);
	counter = 0;
	run_threads(count_with_mutex);
	assert_int_equal(counter, THREADS * ROUNDS);
	assert_false(mutex_is_mine(&mutex));
}

static void mutex_knows_its_owner(void **state)
{
	(void)state;
	mutex_init(&mutex, RANK_INODE);
	assert_true(mutex_trylock(&mutex));
	assert_true(mutex_is_mine(&mutex));
	assert_false(mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	assert_true(mutex_trylock(&mutex));
	mutex_unlock(&mutex);
}

static void *read_and_write(void *arg)
{
	long me = (long)arg;

	for (int i = 0; i < ROUNDS; i++) {
		if ((i + me) % 4) {
			rwsem_read_lock(&sem);
			int n = __atomic_add_fetch(&inside_readers, 1, __ATOMIC_SEQ_CST);

			if (n > __atomic_load_n(&most_readers, __ATOMIC_SEQ_CST))
				__atomic_store_n(&most_readers, n, __ATOMIC_SEQ_CST);
			if (__atomic_load_n(&writers_inside, __ATOMIC_SEQ_CST))
				fail();
			if (!(i % 32))
				sched_yield();
			__atomic_sub_fetch(&inside_readers, 1, __ATOMIC_SEQ_CST);
			rwsem_read_unlock(&sem);
		} else {
			rwsem_write_lock(&sem);
			if (__atomic_add_fetch(&writers_inside, 1, __ATOMIC_SEQ_CST) != 1 ||
			    __atomic_load_n(&inside_readers, __ATOMIC_SEQ_CST))
				fail();
			counter++;
			__atomic_sub_fetch(&writers_inside, 1, __ATOMIC_SEQ_CST);
			rwsem_write_unlock(&sem);
		}
	}
	return NULL;
}

static void rwsem_excludes_writers(void **state)
{
	uint64_t writes = 0;

	(void)state;
	rwsem_init(&sem, RANK_ASPACE);
	counter = 0;
	run_threads(read_and_write);
	for (int me = 0; me < THREADS; me++)
		for (int i = 0; i < ROUNDS; i++)
			writes += !((i + me) % 4);
	assert_int_equal(counter, writes);
	assert_int_equal(sem.state, 0);
	assert_int_equal(sem.writers_waiting, 0);
}

// Readers that never leave a gap: a writer must get in all the same.
static int stop_readers;

static void *read_for_ever(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop_readers, __ATOMIC_SEQ_CST)) {
		rwsem_read_lock(&sem);
		sched_yield();
		rwsem_read_unlock(&sem);
	}
	return NULL;
}

static void writers_are_preferred(void **state)
{
	pthread_t t[3];

	(void)state;
	rwsem_init(&sem, RANK_ASPACE);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, read_for_ever, NULL), 0);
	for (int i = 0; i < 50; i++) {
		rwsem_write_lock(&sem);
		rwsem_write_unlock(&sem);
	}
	__atomic_store_n(&stop_readers, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(sem.state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutex_excludes),
		cmocka_unit_test(mutex_knows_its_owner),
		cmocka_unit_test(rwsem_excludes_writers),
		cmocka_unit_test(writers_are_preferred),
	};

	return cmocka_run_group_tests_name("mutex", tests, NULL, NULL);
}
