// ouro inspect: what a program needs from this host, or what an image holds.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/image.h"
#include "tools/ouro/commands.h"
#include "tools/ouro/diag.h"
#include "tools/ouro/kernel_elf.h"
#include "tools/ouro/pack.h"
#include "tools/ouro/resolve.h"

#define NEWC_HEADER_BYTES 110u

// An initramfs in memory.
struct view {
	const char *bytes;
	uint64_t size;
};

static unsigned long newc_field(const char *header, unsigned i)
{
	char digits[9] = { 0 };

	memcpy(digits, header + 6 + i * 8, 8);
	return strtoul(digits, NULL, 16);
}

// The data of the member at |*at|, which must be called |name|; moves |*at| behind it.
static const char *member(const struct view *v, uint64_t *at, const char *name, uint64_t *bytes)
{
	const char *h = v->bytes + *at;
	uint64_t name_bytes, data;

	if (v->size < NEWC_HEADER_BYTES || *at > v->size - NEWC_HEADER_BYTES ||
	    memcmp(h, "070701", 6))
		return NULL;
	*bytes = newc_field(h, 6);
	name_bytes = newc_field(h, 11);
	data = ALIGN_UP(*at + NEWC_HEADER_BYTES + name_bytes, 4ull);
	if (data > v->size || *bytes > v->size - data || name_bytes <= strlen(name) ||
	    strcmp(h + NEWC_HEADER_BYTES, name))
		return NULL;
	*at = ALIGN_UP(data + *bytes, 4ull);
	return v->bytes + data;
}

static void print_config(const char *p, uint64_t n)
{
	for (const char *end = p + n; p < end; p += strnlen(p, (size_t)(end - p)) + 1)
		printf("  %.*s\n", (int)strnlen(p, (size_t)(end - p)), p);
}

static void print_path(const struct image_entry *entries, const char *names, uint32_t i)
{
	if (entries[i].parent != i && entries[i].parent < i)
		print_path(entries, names, entries[i].parent);
	if (i)
		printf("/%.*s", entries[i].name_bytes, names + entries[i].name_offset);
}

static void print_entry(const struct view *v, const struct image_entry *entries, const char *names,
			uint32_t i)
{
	const struct image_entry *e = &entries[i];

	printf("  %06o %10llu ", e->mode, (unsigned long long)e->size_bytes);
	print_path(entries, names, i);
	if (S_ISLNK(e->mode) && e->data_offset < v->size &&
	    e->size_bytes < v->size - e->data_offset)
		printf(" -> %.*s", (int)e->size_bytes, v->bytes + e->data_offset);
	printf("%s\n", i ? "" : "/");
}

static int print_image(const struct view *v, const char *path, bool list)
{
	uint64_t at = 0, index_bytes, config_bytes;
	const char *index = member(v, &at, IMAGE_INDEX_NAME, &index_bytes);
	const char *config = index ? member(v, &at, IMAGE_CONFIG_NAME, &config_bytes) : NULL;
	const struct image_index_header *h = (const void *)index;
	const struct image_entry *entries = (const void *)(h + 1);
	const char *names;

	if (!config || index_bytes < sizeof(*h) || h->magic != IMAGE_INDEX_MAGIC ||
	    h->entries > (index_bytes - sizeof(*h)) / sizeof(*entries) ||
	    h->names_bytes > index_bytes - sizeof(*h) - h->entries * sizeof(*entries))
		return fail(STATUS_OURO, "%s holds no image of this version of ouro", path);
	names = (const char *)(entries + h->entries);
	printf("%s: %u files, %llu KiB\n", path, h->entries, (unsigned long long)(v->size >> 10));
	print_config(config, config_bytes);
	for (uint32_t i = 0; list && i < h->entries; i++)
		if ((uint64_t)entries[i].name_offset + entries[i].name_bytes <= h->names_bytes)
			print_entry(v, entries, names, i);
	return 0;
}

// -ENOENT: the file is no image.
static int inspect_image(const char *path, bool list)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), status = -ENOENT;
	uint64_t offset = 0, bytes;
	struct stat st;
	char *p = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return -ENOENT;
	bytes = (uint64_t)st.st_size;
	if ((bytes >= 6 && memcmp(p, "070701", 6) == 0) ||
	    kernel_find_image(p, (uint64_t)st.st_size, &offset, &bytes) == 0)
		status = print_image(&(struct view){ p + offset, bytes }, path, list);
	munmap(p, (size_t)st.st_size);
	return status;
}

static int inspect_program(const char *word)
{
	struct needs n;
	int status;
	char *path = pack_find_program(word, &status);

	if (!path)
		return status;
	status = needs_find(&n, path, getenv("LD_LIBRARY_PATH"));
	if (status == 0) {
		printf("%s: %s\n", path,
		       n.names.n ? (n.musl ? "dynamic, musl" : "dynamic, glibc") : "static");
		for (size_t i = 1; i < n.paths.n; i++)
			printf("  needs %s\n", n.paths.v[i]);
	}
	needs_free(&n);
	free(path);
	return status;
}

int cmd_inspect(const struct options *o)
{
	int status = inspect_image(o->words.v[0], o->list);

	return status == -ENOENT ? inspect_program(o->words.v[0]) : status;
}
