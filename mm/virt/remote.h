// Another address space's memory, as debuggers see and change it (Linux's access_remote_vm()).
#pragma once

#include "kernel/base/types.h"

struct aspace;

#define REMOTE_WRITE 1u
// What the program itself may not do, as Linux's FOLL_FORCE: read anything that is mapped, and
// write to private mappings that it may not write to, which get pages of their own.
#define REMOTE_FORCE 2u

// Moves |bytes| between |buf|, kernel memory, and |va| of |as|, of which the caller has a
// reference; |as| may be its own. How many were moved: fewer, down to 0, where something cannot be
// reached. Sleeps; no lock may be held.
size_t aspace_access(struct aspace *as, va_t va, void *buf, size_t bytes, unsigned flags);
