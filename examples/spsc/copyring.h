// The ring of spsc.h over ordinary memory: each copy is split in two where it meets the end. Only
// to be compared with.
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct copyring {
	unsigned char *base;
	size_t capacity; // a power of two
	alignas(64) _Atomic uint64_t head;
	uint64_t tail_seen;
	alignas(64) _Atomic uint64_t tail;
	uint64_t head_seen;
};

static inline int copyring_init(struct copyring *r, size_t capacity)
{
	r->base = malloc(capacity);
	r->capacity = capacity;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	r->tail_seen = r->head_seen = 0;
	return r->base ? 0 : -1;
}

static inline void copyring_destroy(struct copyring *r)
{
	free(r->base);
}

static inline size_t copyring_write(struct copyring *r, const void *bytes, size_t n)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	size_t room = r->capacity - (size_t)(head - r->tail_seen), at, first;

	if (room < n) {
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
		room = r->capacity - (size_t)(head - r->tail_seen);
	}
	if (n > room)
		n = room;
	at = head & (r->capacity - 1);
	first = n < r->capacity - at ? n : r->capacity - at;
	memcpy(r->base + at, bytes, first);
	memcpy(r->base, (const unsigned char *)bytes + first, n - first);
	atomic_store_explicit(&r->head, head + n, memory_order_release);
	return n;
}

static inline size_t copyring_read(struct copyring *r, void *bytes, size_t n)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	size_t there = (size_t)(r->head_seen - tail), at, first;

	if (there < n) {
		r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
		there = (size_t)(r->head_seen - tail);
	}
	if (n > there)
		n = there;
	at = tail & (r->capacity - 1);
	first = n < r->capacity - at ? n : r->capacity - at;
	memcpy(bytes, r->base + at, first);
	memcpy((unsigned char *)bytes + first, r->base, n - first);
	atomic_store_explicit(&r->tail, tail + n, memory_order_release);
	return n;
}
