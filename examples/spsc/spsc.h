// A byte ring between one producer thread and one consumer thread, without locks and without
// wrap-around code: its memory is mapped twice, side by side, so that what is free and what is
// filled are each one piece, and can be given to memcpy, read(2) or a parser as they are.
//
// One header, C11, Linux (and what speaks its system calls). Copy it where you like: no licence
// text is needed beyond the one line below.
//
//	struct spsc r;
//	if (spsc_init(&r, 1 << 16)) ...errno...
//	producer: n = spsc_free(&r, &p);   fill p[0..n), or less;  spsc_commit(&r, filled);
//	consumer: n = spsc_filled(&r, &p); use  p[0..n), or less;  spsc_release(&r, used);
//	or spsc_write / spsc_read, which copy.
//
// Memory order. Positions count bytes and never wrap (2^64). The producer alone stores |head|, the
// consumer alone stores |tail|. Bytes are written before head is stored with release, and read
// after head was loaded with acquire; the same for tail with the roles exchanged. The two views are
// distinct objects to the compiler: both sides compute their pointer in the same way, from the
// position, so that a given byte is always reached through the same view on both sides where it was
// filled in one piece; and where it was not, the acquire load stands between the accesses.
//
// Each side keeps a copy of the other's position and looks at the shared one only when the copy
// does not suffice: the cache line of a position moves between the CPUs once per refill, not once
// per call. SPDX-License-Identifier: MIT
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SPSC_CACHE_LINE 64

struct spsc {
	// read-only after spsc_init
	unsigned char *base; // two views of |capacity| bytes
	size_t capacity;     // a power of two, whole pages

	// the producer's line
	alignas(SPSC_CACHE_LINE) _Atomic uint64_t head; // bytes ever filled
	uint64_t tail_seen;

	// the consumer's line
	alignas(SPSC_CACHE_LINE) _Atomic uint64_t tail; // bytes ever used
	uint64_t head_seen;
};

// Rounds |capacity| up to a power of two of whole pages. 0, or -1 with errno.
static inline int spsc_init(struct spsc *r, size_t capacity)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *base;
	int fd, error;

	while (size < capacity) {
		if (size > SIZE_MAX / 4) {
			errno = EINVAL;
			return -1;
		}
		size *= 2;
	}
	fd = memfd_create("spsc", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	base = MAP_FAILED;
	if (ftruncate(fd, (off_t)size) == 0)
		base = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base != MAP_FAILED && (mmap(base, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
					fd, 0) == MAP_FAILED ||
				   mmap(base + size, size, PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)) {
		error = errno;
		munmap(base, 2 * size);
		errno = error;
		base = MAP_FAILED;
	}
	error = errno;
	close(fd); // the mappings keep the memory
	errno = error;
	if (base == MAP_FAILED)
		return -1;
	r->base = base;
	r->capacity = size;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	r->tail_seen = r->head_seen = 0;
	return 0;
}

// Neither side may be in use any more.
static inline void spsc_destroy(struct spsc *r)
{
	munmap(r->base, 2 * r->capacity);
	r->base = NULL;
}

// Producer: where the free bytes are, and how many. All of them are one piece.
static inline size_t spsc_free(struct spsc *r, void **bytes)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	if (head - r->tail_seen == r->capacity)
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	*bytes = r->base + (head & (r->capacity - 1));
	return r->capacity - (size_t)(head - r->tail_seen);
}

// Producer: looks again for what the consumer has used meanwhile.
static inline size_t spsc_free_now(struct spsc *r, void **bytes)
{
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	return spsc_free(r, bytes);
}

// Producer: the first |n| free bytes are filled.
static inline void spsc_commit(struct spsc *r, size_t n)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	atomic_store_explicit(&r->head, head + n, memory_order_release);
}

// Consumer: where the filled bytes are, and how many. All of them are one piece.
static inline size_t spsc_filled(struct spsc *r, const void **bytes)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (r->head_seen == tail)
		r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
	*bytes = r->base + (tail & (r->capacity - 1));
	return (size_t)(r->head_seen - tail);
}

// Consumer: looks again for what the producer has filled meanwhile.
static inline size_t spsc_filled_now(struct spsc *r, const void **bytes)
{
	r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
	return spsc_filled(r, bytes);
}

// Consumer: the first |n| filled bytes are used.
static inline void spsc_release(struct spsc *r, size_t n)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	atomic_store_explicit(&r->tail, tail + n, memory_order_release);
}

// Producer: copies in as much of |n| as there is room for.
static inline size_t spsc_write(struct spsc *r, const void *bytes, size_t n)
{
	void *to;
	size_t room = spsc_free(r, &to);

	if (room < n)
		room = spsc_free_now(r, &to);
	if (n > room)
		n = room;
	memcpy(to, bytes, n);
	spsc_commit(r, n);
	return n;
}

// Consumer: copies out as much of |n| as there is.
static inline size_t spsc_read(struct spsc *r, void *bytes, size_t n)
{
	const void *from;
	size_t there = spsc_filled(r, &from);

	if (there < n)
		there = spsc_filled_now(r, &from);
	if (n > there)
		n = there;
	memcpy(bytes, from, n);
	spsc_release(r, n);
	return n;
}
