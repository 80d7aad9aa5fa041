// Open addressing with linear probing, at most three quarters full; see map.h.
#include "tools/ouro/map.h"

#include <stdlib.h>
#include <string.h>

#include "tools/ouro/diag.h"

struct map_slot {
	char *key; // NULL: free
	size_t key_bytes;
	uint64_t hash;
	void *value;
};

// FNV-1a.
static uint64_t hash_bytes(const void *key, size_t bytes)
{
	const unsigned char *p = key;
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < bytes; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

static struct map_slot *find_slot(const struct map *m, const void *key, size_t bytes, uint64_t hash)
{
	size_t i = hash & (m->capacity - 1);

	for (;; i = (i + 1) & (m->capacity - 1)) {
		struct map_slot *s = &m->slots[i];

		if (!s->key ||
		    (s->hash == hash && s->key_bytes == bytes && memcmp(s->key, key, bytes) == 0))
			return s;
	}
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->capacity = old.capacity ? old.capacity * 2 : 64;
	m->slots = xcalloc(m->capacity, sizeof(*m->slots));
	for (size_t i = 0; i < old.capacity; i++) {
		struct map_slot *s = &old.slots[i];

		if (s->key)
			*find_slot(m, s->key, s->key_bytes, s->hash) = *s;
	}
	free(old.slots);
}

void *map_get(const struct map *m, const void *key, size_t bytes)
{
	struct map_slot *s;

	if (m->capacity == 0)
		return NULL;
	s = find_slot(m, key, bytes, hash_bytes(key, bytes));
	return s->key ? s->value : NULL;
}

void map_put(struct map *m, const void *key, size_t bytes, void *value)
{
	uint64_t hash = hash_bytes(key, bytes);
	struct map_slot *s;

	if ((m->used + 1) * 4 > m->capacity * 3)
		grow(m);
	s = find_slot(m, key, bytes, hash);
	if (!s->key) {
		s->key = xmalloc(bytes);
		memcpy(s->key, key, bytes);
		s->key_bytes = bytes;
		s->hash = hash;
		m->used++;
	}
	s->value = value;
}

void map_free(struct map *m)
{
	for (size_t i = 0; i < m->capacity; i++)
		free(m->slots[i].key);
	free(m->slots);
	*m = (struct map){ 0 };
}
