// Use-after-free and overrun checks of debug kernels: a freed object is filled with a pattern, an
// allocated one ends in a red zone that remembers its size. On the host ASan does this instead, so
// there only the tests of this file call these.
#pragma once

#include "kernel/base/panic.h"
#include "lib/string.h"

#define KMEM_FREED_BYTE 0x6b
#define KMEM_ZONE_BYTE  0xbb
#define KMEM_ZONE_MAGIC 0x5ad0000000000000ull

// The last 8 bytes of the slot say how many bytes the caller asked for.
static inline void kmem_check_mark_allocated(void *object, size_t slot, size_t bytes)
{
	uint64_t word = KMEM_ZONE_MAGIC | bytes;

	memset((char *)object + bytes, KMEM_ZONE_BYTE, slot - bytes - sizeof(word));
	memcpy((char *)object + slot - sizeof(word), &word, sizeof(word));
}

// False: something wrote behind the object, or it is freed twice.
static inline bool kmem_check_zone(const void *object, size_t slot)
{
	const unsigned char *b = object;
	uint64_t word;
	size_t bytes;

	memcpy(&word, b + slot - sizeof(word), sizeof(word));
	bytes = word & ~KMEM_ZONE_MAGIC;
	if ((word & KMEM_ZONE_MAGIC) != KMEM_ZONE_MAGIC || bytes + sizeof(word) > slot)
		return false;
	for (size_t i = bytes; i < slot - sizeof(word); i++) {
		if (b[i] != KMEM_ZONE_BYTE)
			return false;
	}
	return true;
}

#if defined(CONFIG_DEBUG) && !defined(OURO_HOST_TEST)
#define KMEM_CHECK_BYTES sizeof(uint64_t)
static inline void kmem_mark_allocated(void *object, size_t slot, size_t bytes)
{
	kmem_check_mark_allocated(object, slot, bytes);
}
static inline void kmem_mark_freed(void *object, size_t slot)
{
	if (!kmem_check_zone(object, slot))
		panic("kfree(%p): overrun or double free", object);
	memset(object, KMEM_FREED_BYTE, slot);
}
#else
#define KMEM_CHECK_BYTES 0u
static inline void kmem_mark_allocated(void *object, size_t slot, size_t bytes)
{
}
static inline void kmem_mark_freed(void *object, size_t slot)
{
}
#endif
