// TLB flushes: of this CPU, and of the others by shootdown.
//
// Each CPU has one request, which it fills and waits for: kernel code is not preempted, and who
// waits can answer another one's. The CPUs asked are told in their |tlb_asked| who asks, so that
// one interrupt serves all who ask meanwhile. Who has waited a while halts, for the host of a
// virtual machine may not run the other CPUs before; the last to answer wakes it. A CPU belongs to
// pgtable.cpus from before it loads the root until after it loaded another one. Must not allocate.
//
// A CPU that runs a kernel thread keeps the last program's tables loaded but touches nothing of the
// user half: it is lazy. It is not interrupted for entries that changed; it is told (by its mode)
// to flush before it runs the program again. For page tables that are to be freed it is
// interrupted, since it may walk them speculatively, and leaves the root.

#include "mm/phys/tlb.h"

#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "mm/phys/pmm.h"

// Beyond this many pages one reload of CR3 is cheaper than single invalidations.
#define FLUSH_SINGLE_MAX 8

// So long a waiting CPU looks again and again before it halts: more than answers take where each
// CPU has a processor (some 10 microseconds), less than a halt and an interrupt cost.
#define SPIN_TSC 50000u

enum tlb_mode { TLB_ACTIVE, TLB_LAZY, TLB_LAZY_FLUSH };

DEFINE_PERCPU(struct pgtable *, tlb_loaded);
DEFINE_PERCPU(uint32_t, tlb_mode); // atomic: others turn TLB_LAZY into TLB_LAZY_FLUSH
// What is asked of others: written by its owner before any other finds it in |tlb_asked|.
struct tlb_request {
	va_t start, end;
	bool kernel;
	const struct pgtable *leave; // not a flush: to be left by who has it loaded
	uint64_t waiting;            // atomic: CPUs that have not answered yet
	bool halted;                 // atomic: its owner sleeps, or is about to
};
static DEFINE_PERCPU(struct tlb_request, tlb_request);
static DEFINE_PERCPU(uint64_t, tlb_asked); // atomic: bit per CPU whose request is to be answered
static DEFINE_PERCPU(uint64_t, tlb_requests_sent);
static DEFINE_PERCPU(uint64_t, tlb_wait_tsc);

static struct {
	void (*send)(uint64_t cpu_mask);
} shoot;

static void flush_here(va_t start, va_t end, bool kernel)
{
	if ((end - start) >> PAGE_SHIFT > FLUSH_SINGLE_MAX) {
		if (kernel)
			cpu_flush_tlb_all();
		else
			cpu_flush_tlb_user();
		return;
	}
	// One invalidation also empties the caches of upper entries (SDM 3A 4.10.4.1).
	for (va_t va = start; va < end; va += PAGE_SIZE)
		cpu_invlpg(va);
}

void tlb_set_shootdown(void (*send)(uint64_t cpu_mask))
{
	shoot.send = send;
}

static void answer(unsigned cpu)
{
	struct tlb_request *r = per_cpu_ptr(tlb_request, cpu);
	uint64_t me = 1ull << this_cpu_id();

	if (r->leave || (!r->kernel && this_cpu_read(tlb_mode) != TLB_ACTIVE)) {
		// Only a lazy CPU can be asked to leave, and a lazy one has no use for the tables.
		if (this_cpu_read(tlb_mode) != TLB_ACTIVE)
			tlb_switch(pt_kernel());
	} else {
		flush_here(r->start, r->end, r->kernel);
	}
	// From here on it may be the next request. To wake its owner once too often does no harm.
	if (!__atomic_and_fetch(&r->waiting, ~me, __ATOMIC_SEQ_CST) &&
	    __atomic_load_n(&r->halted, __ATOMIC_SEQ_CST))
		shoot.send(1ull << cpu);
}

void tlb_shootdown_interrupt(void)
{
	uint64_t asked = __atomic_exchange_n(this_cpu_ptr(tlb_asked), 0, __ATOMIC_SEQ_CST);

	for (; asked; asked &= asked - 1)
		answer((unsigned)__builtin_ctzll(asked));
}

static void wait_for_answers(struct tlb_request *r)
{
	uint64_t since = cpu_rdtsc();

	while (__atomic_load_n(&r->waiting, __ATOMIC_ACQUIRE)) {
		cpu_relax();
		if (cpu_rdtsc() - since < SPIN_TSC)
			continue;
		cpu_irq_disable();
		__atomic_store_n(&r->halted, true, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&r->waiting, __ATOMIC_SEQ_CST))
			cpu_wait_for_irq();
		cpu_irq_enable();
		__atomic_store_n(&r->halted, false, __ATOMIC_RELAXED);
	}
	this_cpu_add(tlb_wait_tsc, cpu_rdtsc() - since);
}

// Interrupts must be on: a CPU that is asked may be waiting for this one.
static __noinline void request(uint64_t cpus, va_t start, va_t end, bool kernel,
			       const struct pgtable *leave)
{
	struct tlb_request *r = this_cpu_ptr(tlb_request);
	uint64_t me = 1ull << this_cpu_id(), to_interrupt = 0;

	ASSERT(cpu_irqs_enabled());
	r->start = start;
	r->end = end;
	r->kernel = kernel;
	r->leave = leave;
	__atomic_store_n(&r->waiting, cpus, __ATOMIC_RELEASE);
	// Who is asked already has its interrupt under way, or has not looked yet who asks.
	for (uint64_t left = cpus; left; left &= left - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(left);

		if (!__atomic_fetch_or(per_cpu_ptr(tlb_asked, cpu), me, __ATOMIC_SEQ_CST))
			to_interrupt |= 1ull << cpu;
	}
	if (to_interrupt)
		shoot.send(to_interrupt);
	this_cpu_add(tlb_requests_sent, 1);
	wait_for_answers(r);
}

// Takes the lazy CPUs out of |cpus|: each will flush before it runs the program again.
static uint64_t leave_out_lazy(uint64_t cpus)
{
	uint64_t active = 0;

	for (; cpus; cpus &= cpus - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(cpus);
		uint32_t mode = TLB_LAZY;

		if (!__atomic_compare_exchange_n(per_cpu_ptr(tlb_mode, cpu), &mode, TLB_LAZY_FLUSH,
						 false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
		    mode == TLB_ACTIVE)
			active |= 1ull << cpu;
	}
	return active;
}

static __noinline void flush_others(uint64_t cpus, va_t start, va_t end, bool tables_freed)
{
	if (!tables_freed)
		cpus = leave_out_lazy(cpus);
	if (cpus)
		request(cpus, start, end, false, NULL);
}

static __always_inline_fn void flush_user(struct pgtable *pt, va_t start, va_t end,
					  bool tables_freed)
{
	uint64_t cpus = __atomic_load_n(&pt->cpus, __ATOMIC_SEQ_CST);
	uint64_t me = 1ull << this_cpu_id();

	if (cpus & me)
		flush_here(start, end, false);
	if (unlikely(cpus & ~me))
		flush_others(cpus & ~me, start, end, tables_freed);
}

void tlb_flush_range(struct pgtable *pt, va_t start, va_t end)
{
	flush_user(pt, start, end, false);
}

static void drop_held(struct tlb_batch *b)
{
	if (!b->n)
		return;
	page_put_values(b->held, b->n);
	for (unsigned i = 0; b->flagged && i < b->n; i++) {
		struct page *p = (struct page *)(b->held[i] & ~(uintptr_t)TLB_HELD_MASK);

		if (b->held[i] & TLB_HELD_TABLE)
			page_free_zeroed(p);
		else if (b->held[i] & TLB_HELD_HUGE)
			page_put(p, HUGE_ORDER);
	}
	b->n = 0;
	b->flagged = false;
}

void tlb_batch_flush(struct tlb_batch *b)
{
	// A table without an entry that was present still sits in the caches of upper entries.
	if (b->tables_freed && b->start >= b->end) {
		b->start = 0;
		b->end = PAGE_SIZE;
	}
	if (b->start < b->end)
		flush_user(b->pt, b->start, b->end, b->tables_freed);
	drop_held(b);
	b->start = ~0ull;
	b->end = 0;
	b->tables_freed = false;
}

void tlb_switch(struct pgtable *pt)
{
	struct pgtable *old = this_cpu_read(tlb_loaded);
	uint64_t me = 1ull << this_cpu_id();

	if (old == pt) {
		if (__atomic_exchange_n(this_cpu_ptr(tlb_mode), TLB_ACTIVE, __ATOMIC_SEQ_CST) ==
		    TLB_LAZY_FLUSH)
			cpu_flush_tlb_user();
		return;
	}
	__atomic_fetch_or(&pt->cpus, me, __ATOMIC_SEQ_CST);
	// Before the load, which flushes: who still finds this CPU lazy relies on that.
	__atomic_exchange_n(this_cpu_ptr(tlb_mode), TLB_ACTIVE, __ATOMIC_SEQ_CST);
	cpu_write_cr3(pt->root_pa);
	this_cpu_write(tlb_loaded, pt);
	if (old && old != pt_kernel()) // NULL: a CPU that has just started
		__atomic_fetch_and(&old->cpus, ~me, __ATOMIC_RELEASE);
}

void tlb_unload(struct pgtable *pt)
{
	uint64_t irq = cpu_irq_save(), cpus;

	if (this_cpu_read(tlb_loaded) == pt)
		tlb_switch(pt_kernel());
	cpu_irq_restore(irq);
	cpus = __atomic_load_n(&pt->cpus, __ATOMIC_SEQ_CST);
	if (cpus)
		request(cpus, 0, 0, false, pt);
	DEBUG_ASSERT(!__atomic_load_n(&pt->cpus, __ATOMIC_RELAXED));
}

struct tlb_stats tlb_get_stats(void)
{
	struct tlb_stats s = { 0 };

	for (unsigned cpu = 0; cpu < cpu_count_ready(); cpu++) {
		s.requests += READ_ONCE(*per_cpu_ptr(tlb_requests_sent, cpu));
		s.wait_tsc += READ_ONCE(*per_cpu_ptr(tlb_wait_tsc, cpu));
	}
	return s;
}

void tlb_forget_loaded(void)
{
	this_cpu_write(tlb_loaded, pt_kernel());
	this_cpu_write(tlb_mode, TLB_ACTIVE);
}

void tlb_flush_kernel(va_t va, va_t end)
{
	uint64_t others = cpu_running_mask() & ~(1ull << this_cpu_id());

	flush_here(va, end, true);
	if (others && shoot.send)
		request(others, va, end, true, NULL);
}

void tlb_interrupt(uint64_t cpus)
{
	cpus &= cpu_running_mask() & ~(1ull << this_cpu_id());
	if (cpus && shoot.send)
		request(cpus, 0, 0, true, NULL); // an empty range: nothing is flushed
}
