// Kernel heap: size classes over pmm pages, with per-CPU caches. Never sleeps, never runs reclaim
// callbacks: any context, also with a spinlock below RANK_KMALLOC held. NULL when out of memory.
// Objects are aligned to 16 bytes, those of a power of two to their size (up to a page).
#pragma once

#include "lib/compiler.h"

// Once at boot, after pmm_init.
void kmalloc_init(void);

void *__must_check kmalloc(size_t bytes); // 0 bytes: a valid, distinct pointer
void *__must_check kzalloc(size_t bytes);
void kfree(void *p); // NULL is fine

// Arrays: NULL on overflow of count * bytes as well.
void *__must_check kcalloc(size_t count, size_t bytes);
// Larger than a few pages, contiguous only in kernel virtual memory where need be (kva.c). Contents
// undefined. Must not be called with a spinlock held.
void *__must_check kvalloc(size_t bytes);
void kvfree(void *p);

// A copy of at most |max| bytes of |s|, always terminated.
char *__must_check kstrndup(const char *s, size_t max);

struct kmem_stats {
	uint64_t live_objects;  // of all sizes
	uint64_t live_bytes;    // rounded up to size classes
	uint64_t backing_pages; // 4 KiB
};
void kmalloc_get_stats(struct kmem_stats *out);
// Gives what this CPU caches and all pages without objects back to the pmm; returns pages freed.
uint64_t kmalloc_shrink(uint64_t want_pages);
