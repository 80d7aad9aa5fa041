// The index of the initramfs, searched in place. Everything in it is checked when used: a damaged
// image gives errors, never a crash.
#include "fs/initramfs.h"

#include <linux/errno.h>

#include "fs/vfs.h"
#include "lib/checked.h"
#include "lib/cpio.h"
#include "lib/string.h"

static struct { // read-only after initramfs_open
	const uint8_t *image;
	uint64_t bytes;
	const struct image_entry *entries;
	uint32_t count;
	const char *names;
	uint64_t names_bytes;
	const char *config;
	size_t config_bytes;
} img;

static int parse_index(const uint8_t *index, uint64_t bytes)
{
	struct image_index_header h;
	uint64_t table;

	if (bytes < sizeof(h))
		return -EINVAL;
	memcpy(&h, index, sizeof(h));
	table = (uint64_t)h.entries * sizeof(struct image_entry);
	if (h.magic != IMAGE_INDEX_MAGIC || h.version != IMAGE_INDEX_VERSION || !h.entries ||
	    table > bytes - sizeof(h) || h.names_bytes > bytes - sizeof(h) - table ||
	    !IS_ALIGNED((uintptr_t)index, 8))
		return -EINVAL;
	img.entries = (const struct image_entry *)(index + sizeof(h));
	img.names = (const char *)index + sizeof(h) + table;
	img.names_bytes = h.names_bytes;
	img.count = h.entries;
	return 0;
}

static bool member_is(const struct cpio_member *m, const char *name)
{
	return strlen(name) == m->name_bytes && !memcmp(m->name, name, m->name_bytes);
}

int initramfs_open(const void *image, uint64_t bytes)
{
	struct cpio_member m;
	struct cpio_reader r;
	int err;

	memset(&img, 0, sizeof(img));
	img.image = image;
	img.bytes = bytes;
	cpio_init(&r, image, bytes);
	err = cpio_next(&r, &m);
	if (err < 0)
		return err;
	if (!err || !member_is(&m, IMAGE_INDEX_NAME))
		return -ENOENT;
	err = parse_index(img.image + m.data_offset, m.size_bytes);
	if (err)
		return err;
	if (cpio_next(&r, &m) == 1 && member_is(&m, IMAGE_CONFIG_NAME)) {
		img.config = (const char *)img.image + m.data_offset;
		img.config_bytes = m.size_bytes;
	}
	return 0;
}

uint32_t initramfs_entries(void)
{
	return img.count;
}

const void *initramfs_image(uint64_t *bytes)
{
	*bytes = img.bytes;
	return img.image;
}

const struct image_entry *initramfs_entry(uint32_t e)
{
	const struct image_entry *ent;

	if (e >= img.count)
		return NULL;
	ent = &img.entries[e];
	if ((uint64_t)ent->name_offset + ent->name_bytes > img.names_bytes)
		return NULL;
	if ((uint64_t)ent->first_child + ent->children > img.count)
		return NULL;
	return ent;
}

const char *initramfs_name(const struct image_entry *ent)
{
	return img.names + ent->name_offset;
}

const void *initramfs_data(const struct image_entry *ent)
{
	uint64_t end;

	if (!checked_add_u64(ent->data_offset, ent->size_bytes, &end) || end > img.bytes)
		return NULL;
	return img.image + ent->data_offset;
}

static int compare(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	int c = memcmp(a, b, MIN(a_bytes, b_bytes));

	if (c)
		return c;
	return a_bytes == b_bytes ? 0 : a_bytes < b_bytes ? -1 : 1;
}

uint32_t initramfs_lookup(uint32_t dir, const char *name, size_t name_bytes)
{
	const struct image_entry *d = initramfs_entry(dir);
	uint32_t lo, hi;

	if (!d)
		return INITRAMFS_NONE;
	lo = d->first_child;
	hi = lo + d->children;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct image_entry *ent = initramfs_entry(mid);
		int c;

		if (!ent)
			return INITRAMFS_NONE;
		c = compare(name, name_bytes, initramfs_name(ent), ent->name_bytes);
		if (!c)
			return mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return INITRAMFS_NONE;
}

const char *initramfs_config(size_t *bytes)
{
	*bytes = img.config_bytes;
	return img.config;
}
