// The kernel's mapping area: addresses for what is contiguous only there (kvalloc) and for kernel
// stacks. The first GiB is the stacks', the rest kvalloc's.
#pragma once

#include "kernel/base/types.h"

#ifdef OURO_HOST_TEST
#define KVA_BASE 0x220000000000ull
#else
#define KVA_BASE 0xffffc90000000000ull
#endif
#define KVA_STACKS_BYTES GIGA_SIZE
#define KVA_BYTES        (1ull << 40)

// Once at boot, after pmm_init and kmalloc_init, before the first address space. Needs memory.
void kva_init(void);

// Maps fresh frames (contents undefined) at [va, va + pages * 4096). -ENOMEM leaves nothing mapped.
int __must_check kva_map_pages(va_t va, uint64_t pages);
// |n| stacks of |bytes| (a multiple of 4096), an unmapped page below each: the top of the first
// one, the others |bytes| + 4096 apart; 0: out of memory. They are never freed.
uint64_t kva_alloc_stacks(unsigned n, uint64_t bytes);
// Unmaps |n| ranges of |pages| each, at most KVA_UNMAP_PAGES in all, flushes all CPUs and frees the
// frames. Interrupts are on, no spinlock is held.
#define KVA_UNMAP_PAGES 32
void kva_unmap_ranges(const va_t *starts, unsigned n, uint64_t pages);
