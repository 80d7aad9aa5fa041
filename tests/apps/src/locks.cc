// glibc's mutexes with priority inheritance, robust mutexes, rwlocks, semaphores, and a condition
// variable over a PI mutex.
#include <cerrno>
#include <cstdio>
#include <pthread.h>
#include <semaphore.h>

static pthread_mutex_t pi, robust;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static long pi_count, sem_count, turns;
static int pair[2], torn;

static void *pi_thread(void *)
{
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&pi);
		pi_count++;
		pthread_mutex_unlock(&pi);
	}
	return nullptr;
}

static void *dies_with_it(void *)
{
	pthread_mutex_lock(&robust);
	return nullptr;
}

static void *rw_thread(void *arg)
{
	for (int i = 0; i < 500; i++) {
		if (arg) {
			pthread_rwlock_wrlock(&rw);
			pair[0]++;
			pair[1]++;
		} else {
			pthread_rwlock_rdlock(&rw);
			torn += pair[0] != pair[1];
		}
		pthread_rwlock_unlock(&rw);
	}
	return nullptr;
}

static void *sem_thread(void *)
{
	for (int i = 0; i < 100; i++) {
		sem_wait(&sem);
		sem_count++;
		sem_post(&sem);
	}
	return nullptr;
}

static void *turn_thread(void *arg)
{
	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&pi);
		while (turns % 2 != (long)arg)
			pthread_cond_wait(&cond, &pi);
		turns++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&pi);
	}
	return nullptr;
}

static void run(int n, void *(*fn)(void *), bool numbered)
{
	pthread_t t[8];
	for (long i = 0; i < n; i++)
		pthread_create(&t[i], nullptr, fn, numbered ? (void *)i : nullptr);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], nullptr);
}

int main()
{
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&pi, &a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &a);
	sem_init(&sem, 0, 1);
	run(4, pi_thread, false);
	run(1, dies_with_it, false);
	bool died = pthread_mutex_lock(&robust) == EOWNERDEAD &&
		    !pthread_mutex_consistent(&robust) && !pthread_mutex_unlock(&robust);
	run(2, rw_thread, true);
	run(4, sem_thread, false);
	run(2, turn_thread, true);
	std::printf("pi %ld robust %d rwlock %d semaphore %ld cond-pi %ld\n", pi_count, died, torn,
		    sem_count, turns);
}
