// The host's versions of kernel/base for unit tests: CPU numbers, spinlocks with rank checks,
// panic, log, clock, and the test run's random numbers. Owns the CPU numbers of threads.

#include "tests/unit/shim/host_seam.h"

#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/lock.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MAX_HELD 32

_Thread_local bool host_irqs_off;
_Thread_local jmp_buf *host_panic_jump;
unsigned host_online_cpus = 1;
bool (*host_interrupts)(void);
struct cpu_features cpu_features;

static struct {
	pthread_mutex_t lock;
	pthread_once_t once;
	pthread_key_t key;
	uint64_t taken; // bit per CPU number in use
} cpus = { .lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT };

static _Thread_local unsigned my_cpu = ~0u, acting_as = ~0u;
static _Thread_local const struct spinlock *held[MAX_HELD];
static _Thread_local unsigned n_held;

uint64_t cpu_rdtsc(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void host_yield(void)
{
	if (host_interrupts && !host_irqs_off)
		host_interrupts();
	sched_yield();
}

void host_halt(void)
{
	do
		sched_yield();
	while (host_interrupts && !host_interrupts());
}

static void cpu_release(void *number_plus_one)
{
	pthread_mutex_lock(&cpus.lock);
	cpus.taken &= ~(1ull << ((uintptr_t)number_plus_one - 1));
	pthread_mutex_unlock(&cpus.lock);
}

static void cpus_init(void)
{
	pthread_key_create(&cpus.key, cpu_release);
}

static unsigned cpu_claim(void)
{
	unsigned n;

	pthread_once(&cpus.once, cpus_init);
	pthread_mutex_lock(&cpus.lock);
	if (!~cpus.taken) {
		fprintf(stderr, "host: more threads than model CPUs\n");
		abort();
	}
	n = __builtin_ctzll(~cpus.taken);
	cpus.taken |= 1ull << n;
	pthread_mutex_unlock(&cpus.lock);
	pthread_setspecific(cpus.key, (void *)(uintptr_t)(n + 1));
	return n;
}

// host_waitq.c gives the thread a struct thread here.
void __attribute__((weak)) host_cpu_claimed(unsigned cpu)
{
}

unsigned host_cpu(void)
{
	if (acting_as != ~0u)
		return acting_as;
	if (my_cpu == ~0u) {
		my_cpu = cpu_claim();
		host_cpu_claimed(my_cpu);
	}
	return my_cpu;
}

void host_cpu_impersonate(unsigned cpu)
{
	acting_as = cpu;
}

unsigned host_spinlocks_held(void)
{
	return n_held;
}

static void push_held(struct spinlock *l, bool nested)
{
	for (unsigned i = 0; i < n_held; i++) {
		if (held[i] == l)
			panic("spinlock %s taken twice", l->name);
		if (l->rank && (nested ? held[i]->rank > l->rank : held[i]->rank >= l->rank))
			panic("lock order: %s (%u) taken while holding %s (%u)", l->name, l->rank,
			      held[i]->name, held[i]->rank);
	}
	if (n_held == MAX_HELD)
		panic("more than %d spinlocks held", MAX_HELD);
	held[n_held++] = l;
}

static void pop_held(struct spinlock *l)
{
	for (unsigned i = n_held; i-- > 0;) {
		if (held[i] != l)
			continue;
		for (n_held--; i < n_held; i++)
			held[i] = held[i + 1];
		return;
	}
	panic("spinlock %s released by a thread that does not hold it", l->name);
}

bool spin_trylock(struct spinlock *l)
{
	if (__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE))
		return false;
	push_held(l, true);
	l->owner_cpu = (uint16_t)(host_cpu() + 1);
	return true;
}

static void lock_checked(struct spinlock *l, bool nested)
{
	push_held(l, nested);
	while (__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE))
		sched_yield();
	l->owner_cpu = (uint16_t)(host_cpu() + 1);
}

void spin_lock(struct spinlock *l)
{
	lock_checked(l, false);
}

void spin_lock_nested(struct spinlock *l)
{
	lock_checked(l, true);
}

void spin_unlock(struct spinlock *l)
{
	pop_held(l);
	l->owner_cpu = 0;
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}

uint64_t spin_lock_irqsave(struct spinlock *l)
{
	uint64_t flags = cpu_irq_save();

	spin_lock(l);
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *l, uint64_t irq_state)
{
	spin_unlock(l);
	cpu_irq_restore(irq_state);
}

void spin_assert_held(const struct spinlock *l)
{
	if (l->owner_cpu != host_cpu() + 1)
		panic("spinlock %s is not held", l->name);
}

static void __noreturn panic_end(void)
{
	if (host_panic_jump) {
		n_held = 0;
		longjmp(*host_panic_jump, 1);
	}
	fprintf(stderr, "seed: OURO_TEST_SEED=%llu\n", (unsigned long long)host_seed());
	abort();
}

void panic(const char *fmt, ...)
{
	va_list args;

	if (!host_panic_jump) {
		va_start(args, fmt);
		fprintf(stderr, "panic: ");
		vfprintf(stderr, fmt, args);
		fprintf(stderr, "\n");
		va_end(args);
	}
	panic_end();
}

void panic_regs(const struct pt_regs *regs, const char *fmt, ...)
{
	fprintf(stderr, "panic: %s\n", fmt);
	panic_end();
}

void log_print(enum log_level level, const char *area, const char *fmt, ...)
{
	va_list args;

	if (!getenv("OURO_LOG"))
		return;
	va_start(args, fmt);
	fprintf(stderr, "[%s] ", area);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
}

bool log_enabled(enum log_level level, const char *area)
{
	return getenv("OURO_LOG") != NULL;
}

static uint64_t host_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

// Weak, so that a test may bring a clock of its own.
uint64_t __attribute__((weak)) clock_mono_ns(void)
{
	return host_ns(CLOCK_MONOTONIC);
}

uint64_t __attribute__((weak)) clock_real_ns(void)
{
	return host_ns(CLOCK_REALTIME);
}

static uint64_t seed, random_state;

uint64_t host_seed(void)
{
	if (!seed) {
		const char *given = getenv("OURO_TEST_SEED");

		seed = given ? strtoull(given, NULL, 0)
			     : host_ns(CLOCK_REALTIME) ^ ((uint64_t)getpid() << 40);
		seed |= 1;
		random_state = seed;
		fprintf(stderr, "seed: OURO_TEST_SEED=%llu\n", (unsigned long long)seed);
	}
	return seed;
}

// xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016.
uint64_t host_random(void)
{
	(void)host_seed();
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

uint64_t host_random_below(uint64_t n)
{
	return host_random() % n;
}
