// A hash table from byte strings to pointers. Keys are copied; values belong to the caller.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct map_slot;
struct map {
	struct map_slot *slots;
	size_t capacity, used;
};

void *map_get(const struct map *m, const void *key, size_t bytes);
// Replaces what was there.
void map_put(struct map *m, const void *key, size_t bytes, void *value);
void map_free(struct map *m);
