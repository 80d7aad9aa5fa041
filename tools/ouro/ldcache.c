// See ldcache.h.
#include "tools/ouro/ldcache.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ouro/diag.h"

#define OLD_MAGIC        "ld.so-1.7.0"
#define OLD_HEADER_BYTES 16 // magic padded to 12, u32 count
#define OLD_ENTRY_BYTES  12
#define NEW_MAGIC        "glibc-ld.so.cache1.1"
#define NEW_MAGIC_BYTES  20
#define FLAGS_X86_64     0x0303 // FLAG_ELF_LIBC6 | FLAG_X8664_LIB64
#define LITTLE_ENDIAN_2  2      // cache_file_new_flags_endian_little

struct cache_header {
	char magic[NEW_MAGIC_BYTES];
	uint32_t entries;
	uint32_t strings_bytes;
	uint8_t flags;
	uint8_t padding[3];
	uint32_t extension_offset;
	uint32_t unused[3];
};

struct cache_entry {
	int32_t flags;
	uint32_t key, value; // offsets of strings from the header
	uint32_t os_version;
	uint64_t hwcap;
};

_Static_assert(sizeof(struct cache_header) == 48 && sizeof(struct cache_entry) == 24, "glibc's");

// The new-format header, which may stand behind an old-format cache; NULL if there is none.
static const char *find_header(const char *cache, size_t *bytes)
{
	uint32_t n;
	size_t skip;

	if (*bytes < OLD_HEADER_BYTES || memcmp(cache, OLD_MAGIC, sizeof(OLD_MAGIC) - 1))
		return cache;
	memcpy(&n, cache + 12, sizeof(n));
	if (n > (*bytes - OLD_HEADER_BYTES) / OLD_ENTRY_BYTES)
		return NULL;
	// Aligned as glibc does it (ALIGN_CACHE).
	skip = ALIGN_UP(OLD_HEADER_BYTES + (size_t)n * OLD_ENTRY_BYTES, (size_t)8);
	if (skip > *bytes)
		return NULL;
	*bytes -= skip;
	return cache + skip;
}

static const char *string_at(const char *base, size_t bytes, uint32_t offset)
{
	if (offset >= bytes || !memchr(base + offset, 0, bytes - offset))
		return NULL;
	return base + offset;
}

int ldcache_find(const void *cache, size_t bytes, const char *name,
		 int (*fn)(void *arg, const char *path), void *arg)
{
	const char *base = find_header(cache, &bytes);
	struct cache_header h;

	if (!base || bytes < sizeof(h))
		return 0;
	memcpy(&h, base, sizeof(h));
	if (memcmp(h.magic, NEW_MAGIC, NEW_MAGIC_BYTES) ||
	    h.entries > (bytes - sizeof(h)) / sizeof(struct cache_entry))
		return 0;
	for (uint32_t i = 0; i < h.entries; i++) {
		struct cache_entry e;
		const char *key, *path;
		int r;

		memcpy(&e, base + sizeof(h) + i * sizeof(e), sizeof(e));
		if (e.flags != FLAGS_X86_64 || e.hwcap)
			continue;
		key = string_at(base, bytes, e.key);
		path = string_at(base, bytes, e.value);
		if (!key || !path)
			return 0;
		r = strcmp(key, name) == 0 ? fn(arg, path) : 0;
		if (r)
			return r;
	}
	return 0;
}

// glibc's _dl_cache_libcmp: numbers in names compare as numbers, digits sort after other text.
static int lib_compare(const char *a, const char *b)
{
	while (*a) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			char *ea, *eb;
			unsigned long x = strtoul(a, &ea, 10), y = strtoul(b, &eb, 10);

			if (x != y)
				return x < y ? -1 : 1;
			a = ea;
			b = eb;
		} else if (isdigit((unsigned char)*a) || isdigit((unsigned char)*b)) {
			return isdigit((unsigned char)*a) ? 1 : -1;
		} else if (*a != *b) {
			return *a - *b;
		} else {
			a++;
			b++;
		}
	}
	return *a - *b;
}

struct pair {
	const char *name, *path;
};

// Descending: glibc's binary search expects what ldconfig writes.
static int descending(const void *a, const void *b)
{
	return lib_compare(((const struct pair *)b)->name, ((const struct pair *)a)->name);
}

static uint32_t put_string(char *base, size_t *at, const char *s)
{
	uint32_t offset = (uint32_t)*at;

	strcpy(base + *at, s);
	*at += strlen(s) + 1;
	return offset;
}

void *ldcache_make(const struct strvec *names, const struct strvec *paths, size_t *bytes)
{
	size_t n = names->n, strings = 0, at = sizeof(struct cache_header);
	struct pair *pairs = xcalloc(n, sizeof(*pairs));
	struct cache_header h = { .magic = NEW_MAGIC, .flags = LITTLE_ENDIAN_2 };
	char *base;

	for (size_t i = 0; i < n; i++) {
		pairs[i] = (struct pair){ names->v[i], paths->v[i] };
		strings += strlen(names->v[i]) + strlen(paths->v[i]) + 2;
	}
	qsort(pairs, n, sizeof(*pairs), descending);
	*bytes = at + n * sizeof(struct cache_entry) + strings;
	base = xcalloc(1, *bytes);
	h.entries = (uint32_t)n;
	h.strings_bytes = (uint32_t)strings;
	memcpy(base, &h, sizeof(h));
	at += n * sizeof(struct cache_entry);
	for (size_t i = 0; i < n; i++) {
		struct cache_entry e = { .flags = FLAGS_X86_64 };

		e.key = put_string(base, &at, pairs[i].name);
		e.value = put_string(base, &at, pairs[i].path);
		memcpy(base + sizeof(h) + i * sizeof(e), &e, sizeof(e));
	}
	free(pairs);
	return base;
}
