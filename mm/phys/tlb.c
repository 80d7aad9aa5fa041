// TLB flushes: of this CPU, and of the others by shootdown.
//
// One shootdown at a time, under shoot.lock (RANK_TLB, taken with interrupts on: a CPU that waits
// for it can still answer another one's request). A CPU belongs to pgtable.cpus from before it
// loads the root until after it loaded another one. Must not allocate.

#include "mm/phys/tlb.h"

#include "kernel/base/cpu.h"
#include "kernel/base/lock.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "mm/phys/pmm.h"

// Beyond this many pages one reload of CR3 is cheaper than single invalidations.
#define FLUSH_SINGLE_MAX 8

static DEFINE_PERCPU(struct pgtable *, tlb_loaded); // NULL: the kernel's

static struct {
	struct spinlock lock;
	void (*send)(uint64_t cpu_mask);
	// The request under way: the holder of |lock| writes it, others read it after |waiting|.
	va_t start, end;
	bool kernel;
	uint64_t waiting; // atomic: CPUs that have not flushed yet
} shoot = { .lock = SPINLOCK_INIT(RANK_TLB, "shootdown") };

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

void tlb_shootdown_interrupt(void)
{
	uint64_t me = 1ull << this_cpu_id();

	if (!(__atomic_load_n(&shoot.waiting, __ATOMIC_ACQUIRE) & me))
		return;
	flush_here(shoot.start, shoot.end, shoot.kernel);
	__atomic_fetch_and(&shoot.waiting, ~me, __ATOMIC_RELEASE);
}

static __noinline void flush_others(uint64_t cpus, va_t start, va_t end, bool kernel)
{
	ASSERT(cpu_irqs_enabled());
	spin_lock(&shoot.lock);
	shoot.start = start;
	shoot.end = end;
	shoot.kernel = kernel;
	__atomic_store_n(&shoot.waiting, cpus, __ATOMIC_RELEASE);
	shoot.send(cpus);
	while (__atomic_load_n(&shoot.waiting, __ATOMIC_ACQUIRE))
		cpu_relax();
	spin_unlock(&shoot.lock);
}

static uint64_t online_mask(void)
{
	unsigned n = cpu_count_online();

	return n >= 64 ? ~0ull : (1ull << n) - 1;
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
	uint64_t cpus = __atomic_load_n(&b->pt->cpus, __ATOMIC_RELAXED);
	uint64_t me = 1ull << this_cpu_id();

	// A table without an entry that was present still sits in the caches of upper entries.
	if (b->tables_freed && b->start >= b->end) {
		b->start = 0;
		b->end = PAGE_SIZE;
	}
	if (b->start < b->end) {
		if (cpus & me)
			flush_here(b->start, b->end, false);
		if (unlikely(cpus & ~me))
			flush_others(cpus & ~me, b->start, b->end, false);
	}
	drop_held(b);
	b->start = ~0ull;
	b->end = 0;
	b->tables_freed = false;
}

void tlb_switch(struct pgtable *pt)
{
	struct pgtable *old = this_cpu_read(tlb_loaded);
	uint64_t me = 1ull << this_cpu_id();

	if (old == pt)
		return;
	__atomic_fetch_or(&pt->cpus, me, __ATOMIC_SEQ_CST);
	cpu_write_cr3(pt->root_pa);
	this_cpu_write(tlb_loaded, pt);
	if (old && old != pt_kernel())
		__atomic_fetch_and(&old->cpus, ~me, __ATOMIC_RELEASE);
}

void tlb_unload(struct pgtable *pt)
{
	if (this_cpu_read(tlb_loaded) == pt)
		tlb_switch(pt_kernel());
	DEBUG_ASSERT(!__atomic_load_n(&pt->cpus, __ATOMIC_RELAXED));
}

void tlb_forget_loaded(void)
{
	this_cpu_write(tlb_loaded, NULL);
}

void tlb_flush_kernel(va_t va, va_t end)
{
	uint64_t others = online_mask() & ~(1ull << this_cpu_id());

	flush_here(va, end, true);
	if (others && shoot.send)
		flush_others(others, va, end, true);
}
