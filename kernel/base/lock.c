// Spinlocks: test and test-and-set. Debug builds keep, for each CPU, the locks it holds, and check
// that ranks rise. Across interrupts they check the other rule: a lock that interrupt handlers take
// is never held with interrupts on, and nothing that is held with interrupts on is taken under it.
#include "kernel/base/lock.h"

#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"

#ifdef CONFIG_DEBUG_LOCKS
#define MAX_HELD 16
struct held_locks {
	unsigned n;
	unsigned interrupted; // so many of them are held by what an interrupt came into
	bool in_interrupt;
	const struct spinlock *lock[MAX_HELD];
};
static DEFINE_PERCPU(struct held_locks, percpu_held);

// What has been seen of each rank; only ever set.
static struct {
	bool in_interrupt[RANK_CONSOLE + 1];
	bool interrupts_on[RANK_CONSOLE + 1];
} seen;

static void check_interrupts(const struct spinlock *l)
{
	const struct held_locks *held = this_cpu_ptr(percpu_held);
	if (held->in_interrupt)
		seen.in_interrupt[l->rank] = true;
	else if (cpu_irqs_enabled())
		seen.interrupts_on[l->rank] = true;
	if (!seen.interrupts_on[l->rank])
		return;
	if (seen.in_interrupt[l->rank])
		panic("lock %s (%u): taken in interrupts and with interrupts on", l->name, l->rank);
	for (unsigned i = 0; i < held->n; i++)
		if (seen.in_interrupt[held->lock[i]->rank])
			panic("lock %s (%u), held with interrupts on, taken under the interrupts' "
			      "%s (%u)",
			      l->name, l->rank, held->lock[i]->name, held->lock[i]->rank);
}

static void check_order(const struct spinlock *l, bool nested)
{
	const struct held_locks *held = this_cpu_ptr(percpu_held);
	check_interrupts(l);
	for (unsigned i = held->interrupted; i < held->n; i++) {
		const struct spinlock *h = held->lock[i];
		bool fine = h->rank < l->rank || (nested && h->rank == l->rank && h != l);
		if (!fine)
			panic("lock order: %s (%u) taken while holding %s (%u)", l->name, l->rank,
			      h->name, h->rank);
	}
}

static void note_taken(struct spinlock *l)
{
	struct held_locks *held = this_cpu_ptr(percpu_held);
	BUG_ON(held->n == MAX_HELD);
	held->lock[held->n++] = l;
	l->owner_cpu = this_cpu_id() + 1;
}

// Locks may be released in any order.
static void note_released(struct spinlock *l)
{
	struct held_locks *held = this_cpu_ptr(percpu_held);
	spin_assert_held(l);
	l->owner_cpu = 0;
	unsigned i = held->n;
	while (i > 0 && held->lock[i - 1] != l)
		i--;
	BUG_ON(i == 0);
	for (held->n--; i <= held->n; i++)
		held->lock[i - 1] = held->lock[i];
}

void lock_interrupt_enter(void)
{
	struct held_locks *held = this_cpu_ptr(percpu_held);
	BUG_ON(held->in_interrupt);
	held->in_interrupt = true;
	held->interrupted = held->n;
}

void lock_interrupt_leave(void)
{
	struct held_locks *held = this_cpu_ptr(percpu_held);
	BUG_ON(held->n != held->interrupted);
	held->in_interrupt = false;
	held->interrupted = 0;
}
#else
static inline void check_order(const struct spinlock *l, bool nested)
{
}
static inline void note_taken(struct spinlock *l)
{
}
static inline void note_released(struct spinlock *l)
{
}
#endif

// Statistics of waiting, only ever touched by those who do wait.
static DEFINE_PERCPU(uint64_t, spin_waits);
static DEFINE_PERCPU(uint64_t, spin_wait_tsc);

__cold void spin_lock_contended(struct spinlock *l)
{
	uint64_t since = cpu_rdtsc();

	do {
		while (__atomic_load_n(&l->locked, __ATOMIC_RELAXED))
			cpu_relax();
	} while (__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE));
	this_cpu_add(spin_waits, 1);
	this_cpu_add(spin_wait_tsc, cpu_rdtsc() - since);
}

struct lock_stats lock_get_stats(void)
{
	struct lock_stats s = { 0 };

	for (unsigned cpu = 0; cpu < cpu_count_ready(); cpu++) {
		s.spin_waits += READ_ONCE(*per_cpu_ptr(spin_waits, cpu));
		s.spin_wait_tsc += READ_ONCE(*per_cpu_ptr(spin_wait_tsc, cpu));
	}
	return s;
}

RARE_CALL_THUNK(spin_lock_contended);

static inline void acquire(struct spinlock *l)
{
	if (unlikely(__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE)))
		spin_lock_contended(l);
}

void spin_lock(struct spinlock *l)
{
	check_order(l, false);
	acquire(l);
	note_taken(l);
}

void spin_lock_nested(struct spinlock *l)
{
	check_order(l, true);
	acquire(l);
	note_taken(l);
}

bool spin_trylock(struct spinlock *l)
{
	if (__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE))
		return false;
	note_taken(l);
	return true;
}

void spin_unlock(struct spinlock *l)
{
	note_released(l);
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}

uint64_t spin_lock_irqsave(struct spinlock *l)
{
	uint64_t irq_state = cpu_irq_save();
	spin_lock(l);
	return irq_state;
}

void spin_unlock_irqrestore(struct spinlock *l, uint64_t irq_state)
{
	spin_unlock(l);
	cpu_irq_restore(irq_state);
}

void spin_assert_held(const struct spinlock *l)
{
#ifdef CONFIG_DEBUG_LOCKS
	if (l->owner_cpu != this_cpu_id() + 1)
		panic("lock %s is not held by this CPU", l->name);
#endif
}

bool spin_any_held(void)
{
#ifdef CONFIG_DEBUG_LOCKS
	return this_cpu_ptr(percpu_held)->n != 0;
#else
	return false;
#endif
}
