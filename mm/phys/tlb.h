// TLB maintenance. A batch collects the frames and page-table pages that an operation took out of
// page tables, and owns them until every CPU that may have cached an entry has flushed.
#pragma once

#include "mm/phys/mapper.h"

#define TLB_BATCH_PAGES 64

struct tlb_batch {
	struct pgtable *pt;
	va_t start, end; // range that needs a flush; start > end: nothing yet
	bool tables_freed;
	bool all; // flush everything of this root
	unsigned n;
	struct {
		struct page *page;
		uint8_t order;
		bool table;
	} held[TLB_BATCH_PAGES];
	// When full, the batch flushes early (spinlocks of page tables may be held: no waiting is
	// done for the own CPU; with other CPUs running the overflow goes to a chained page).
	struct tlb_chunk *more;
};

void tlb_batch_begin(struct tlb_batch *b, struct pgtable *pt);
void tlb_batch_range(struct tlb_batch *b, va_t va, va_t end);
void tlb_batch_add(struct tlb_batch *b, struct page *p, unsigned order, bool table);
// Flushes where needed, waits for other CPUs, then drops what the batch holds. Interrupts must be
// on and no spinlock held when more than one CPU is online.
void tlb_batch_end(struct tlb_batch *b);
// Loads |pt| on this CPU.
void tlb_switch(struct pgtable *pt);
