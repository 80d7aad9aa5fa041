// A shelf: a few objects of one kind that the CPU put aside, ready made, for the next use. A
// per-CPU variable of type struct shelf holds it; what is on it keeps its contents. Must not be
// touched by interrupts: kernel code is not preempted, so no lock is needed.
#pragma once

#include "lib/compiler.h"

#define SHELF_SLOTS 8u

struct shelf {
	unsigned n;
	void *objects[SHELF_SLOTS];
};

// The object put last, or NULL.
static __always_inline_fn void *shelf_take(struct shelf *s)
{
	return likely(s->n) ? s->objects[--s->n] : NULL;
}

// False: the shelf is full, and the caller keeps |object|.
static __always_inline_fn bool shelf_put(struct shelf *s, void *object)
{
	if (unlikely(s->n >= SHELF_SLOTS))
		return false;
	s->objects[s->n++] = object;
	return true;
}
