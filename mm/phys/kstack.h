// Kernel stacks: 16 KiB with an unmapped guard page below, cached.
#pragma once

#include "lib/compiler.h"

#define KSTACK_BYTES 16384

// Called by kva_init.
void kstack_init(void);
// Returns the lowest usable address, or NULL.
void *__must_check kstack_alloc(void);
// Any context. The stack stays mapped; see kstack_trim.
void kstack_free(void *base);
// Unmaps some of the free stacks beyond a few; true if there may be more. Interrupts are on, no
// spinlock is held. For idle CPUs.
bool kstack_trim(void);
// True if |va| lies in the guard page of some kernel stack (for the double-fault report).
bool kstack_is_guard(uint64_t va);
