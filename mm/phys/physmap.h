// The direct map: all RAM (and, on demand, device memory) at one virtual offset. These two
// functions are the only way from a physical address to memory, here and in host tests.
#pragma once

#include "kernel/base/types.h"

#ifndef PHYSMAP_BASE          // host tests define it as a constant
extern uint64_t physmap_base; // read-only after boot
#define PHYSMAP_BASE physmap_base
#endif

static inline void *phys_to_virt(pa_t pa)
{
	return (void *)(PHYSMAP_BASE + pa);
}

static inline pa_t virt_to_phys(const void *va)
{
	return (uint64_t)va - PHYSMAP_BASE;
}

// Makes [pa, pa + bytes) reachable through the direct map (2 MiB or 1 GiB entries, not executable).
// May be called again for what is mapped. |uncached| for device memory. -ENOMEM.
int __must_check physmap_ensure(pa_t pa, uint64_t bytes, bool uncached);
