// TLB maintenance. A batch collects the frames and page-table pages that an operation took out of
// page tables, and owns them until every CPU that may have cached an entry has flushed.
//
// tlb_batch_begin ... pt_* operations ... tlb_batch_end. A full batch flushes in the middle of an
// operation, so locks of page tables may be held while other CPUs are waited for: such locks (and
// whatever else the caller holds) must never be taken with interrupts off.
#pragma once

#include "kernel/base/percpu.h"
#include "mm/phys/mapper.h"
#include "mm/phys/page.h"

#define TLB_BATCH_PAGES 64

struct tlb_batch {
	struct pgtable *pt;
	va_t start, end;                // range that needs a flush; start > end: nothing yet
	uint64_t anon_pages, obj_pages; // 4 KiB pages taken out by unmapping, by page->owner
	unsigned n;
	bool tables_freed; // caches of upper entries need a flush too
	bool flagged;      // something held is not a single page
	// struct page pointers; bits 0-4 say what: see TLB_HELD_*. Not initialised beyond |n|.
	uintptr_t held[TLB_BATCH_PAGES];
};

#define TLB_HELD_HUGE  1u // an order-9 reference
#define TLB_HELD_TABLE 2u // a page table, all entries zero
#define TLB_HELD_MASK  31u

static inline void tlb_batch_begin(struct tlb_batch *b, struct pgtable *pt)
{
	b->pt = pt;
	b->start = ~0ull;
	b->end = 0;
	b->anon_pages = b->obj_pages = 0;
	b->n = 0;
	b->tables_freed = false;
	b->flagged = false;
}

static inline void tlb_batch_range(struct tlb_batch *b, va_t va, va_t end)
{
	if (va < b->start)
		b->start = va;
	if (end > b->end)
		b->end = end;
}

// Flushes where needed, waits for other CPUs, then drops what the batch holds; it may be filled
// again. Interrupts must be on if other CPUs may have the root loaded.
void tlb_batch_flush(struct tlb_batch *b);

static inline void tlb_batch_add(struct tlb_batch *b, struct page *p, unsigned held_flags)
{
	b->held[b->n++] = (uintptr_t)p | held_flags;
	b->flagged |= held_flags != 0;
	if (unlikely(b->n == TLB_BATCH_PAGES))
		tlb_batch_flush(b);
}

static inline void tlb_batch_end(struct tlb_batch *b)
{
	if (b->n || b->start < b->end)
		tlb_batch_flush(b);
}

// Flushes [start, end) of |pt| on every CPU that has it loaded, as a batch would: for entries that
// lost rights, where nothing is to be dropped. Interrupts as for tlb_batch_flush.
void tlb_flush_range(struct pgtable *pt, va_t start, va_t end);

// What this CPU has loaded, and whether it is lazy about it (not 0): see tlb.c.
DECLARE_PERCPU(struct pgtable *, tlb_loaded);
DECLARE_PERCPU(uint32_t, tlb_mode);

// Loads |pt| on this CPU, and ends laziness. Interrupts off, or no chance to move to another CPU
// meanwhile.
void tlb_switch(struct pgtable *pt);
// A kernel thread runs next on this CPU: nothing of the user half is touched until the next
// tlb_switch. Interrupts are off.
static inline void tlb_set_lazy(void)
{
	if (this_cpu_read(tlb_mode) == 0 && this_cpu_read(tlb_loaded) != pt_kernel())
		this_cpu_write(tlb_mode, 1); // nobody else changes it from 0
}
// Before |pt| is freed: all CPUs that have it loaded (lazily: nothing runs in it) load the
// kernel's. Interrupts are on.
void tlb_unload(struct pgtable *pt);
// Shootdowns that needed an interrupt, so far, and how long was waited for them.
struct tlb_stats {
	uint64_t requests, wait_tsc;
};
struct tlb_stats tlb_get_stats(void);
// Start-up of a CPU: what it has loaded is the kernel's own.
void tlb_forget_loaded(void);
// Flushes [va, end) of the kernel half on all CPUs. Interrupts must be on if there are several.
void tlb_flush_kernel(va_t va, va_t end);
// Every other CPU of |cpus| that runs takes an interrupt and answers it. Interrupts must be on.
void tlb_interrupt(uint64_t cpus);
// Shootdown on other CPUs: |send| raises an interrupt on each CPU of the mask, whose handler calls
// tlb_shootdown_interrupt(). Registered once by whoever owns the interrupt controller.
void tlb_set_shootdown(void (*send)(uint64_t cpu_mask));
void tlb_shootdown_interrupt(void);
