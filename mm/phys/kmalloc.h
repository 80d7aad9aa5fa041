// Kernel heap: size classes over pmm pages, with per-CPU caches. Never sleeps. NULL when out of
// memory. kmem_cache gives typed caches their own pages (no false sharing, poison in debug builds).
#pragma once

#include "lib/compiler.h"

void *__must_check kmalloc(size_t bytes);
void *__must_check kzalloc(size_t bytes);
void kfree(void *p); // NULL is fine

// Arrays: NULL on overflow of count * bytes as well.
void *__must_check kcalloc(size_t count, size_t bytes);
// Larger than a few pages, contiguous only in kernel virtual memory where need be.
void *__must_check kvalloc(size_t bytes);
void kvfree(void *p);

char *__must_check kstrndup(const char *s, size_t max);

struct kmem_stats {
	uint64_t live_objects, live_bytes, backing_pages;
};
void kmalloc_get_stats(struct kmem_stats *out);
