// Host shadow of mm/phys/debug.h: ASan poisoning, allocation failures on demand, and a notice of
// every freed frame to the model TLB. Implemented in tests/unit/host_mem.c.
#pragma once

#include "kernel/base/types.h"

// Freed memory: any access is an ASan report until it is unpoisoned.
void mem_poison(void *p, size_t bytes);
void mem_unpoison(void *p, size_t bytes);
// True if the test wants this allocation to fail.
bool mem_alloc_should_fail(void);
// [pa, pa + bytes) goes back to the allocator: no TLB may hold a translation to it.
void mem_frames_freed(pa_t pa, uint64_t bytes);
