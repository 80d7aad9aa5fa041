// glibc's /etc/ld.so.cache: reading what the host has, and writing a small one for the image, so
// that the guest's dynamic linker finds its libraries at once. Pure functions over bytes.
// Format: glibc, sysdeps/generic/dl-cache.h (the "new" format, since glibc 2.2; 2.32 made the old
// one optional).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tools/ouro/vec.h"

// Calls |fn| with the path of each x86-64 library called |name|, best first, until it returns
// non-zero, and returns that. Entries for special CPUs (glibc-hwcaps) are passed over. Malformed
// bytes end the search; 0.
int ldcache_find(const void *cache, size_t bytes, const char *name,
		 int (*fn)(void *arg, const char *path), void *arg);

// A cache that maps each names[i] to paths[i]; to be freed. |*bytes| is its size.
void *ldcache_make(const struct strvec *names, const struct strvec *paths, size_t *bytes);
