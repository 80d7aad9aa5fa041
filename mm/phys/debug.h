// Hooks that the allocators call and that cost nothing in the kernel. Host tests shadow this file:
// there they poison memory under ASan, make the Nth allocation fail, and tell the model TLB which
// frames were freed.
#pragma once

#include "kernel/base/types.h"

static inline void mem_poison(void *p, size_t bytes)
{
}

static inline void mem_unpoison(void *p, size_t bytes)
{
}

static inline bool mem_alloc_should_fail(void)
{
	return false;
}

static inline void mem_frames_freed(pa_t pa, uint64_t bytes)
{
}
