// Reader of newc archives in memory. Owns nothing, takes no locks, never sleeps; every number comes
// from the archive and is checked before it is used.
#include <asm/errno.h>

#include "lib/cpio.h"
#include "lib/string.h"

#define HEADER_BYTES 110 // magic and 13 fields
#define FIELDS       13

// The fields in the order of the header, after the magic.
enum field {
	F_INO,
	F_MODE,
	F_UID,
	F_GID,
	F_NLINK,
	F_MTIME,
	F_FILESIZE,
	F_DEV_MAJOR,
	F_DEV_MINOR,
	F_RDEV_MAJOR,
	F_RDEV_MINOR,
	F_NAMESIZE,
	F_CHECK,
};

// Eight hexadecimal digits; false for anything else.
static bool parse_hex(const uint8_t *digits, uint32_t *out)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 8; i++) {
		uint8_t c = digits[i], letter = c | 0x20;

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if (letter >= 'a' && letter <= 'f')
			value = value << 4 | (uint32_t)(letter - 'a' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

static bool parse_fields(const uint8_t *header, uint32_t field[FIELDS])
{
	if (memcmp(header, "070701", 6) != 0 && memcmp(header, "070702", 6) != 0)
		return false;
	for (unsigned i = 0; i < FIELDS; i++) {
		if (!parse_hex(header + 6 + 8 * i, &field[i]))
			return false;
	}
	return true;
}

static void skip_zeros(struct cpio_reader *r)
{
	while (r->at + 4 <= r->bytes && memcmp(r->archive + r->at, "\0\0\0\0", 4) == 0)
		r->at += 4;
}

// Reads the member at r->at. The sums cannot overflow: fields have 32 bits, offsets are below
// the archive's size, which fits in memory.
static int read_member(const struct cpio_reader *r, struct cpio_member *out, uint64_t *next)
{
	uint32_t field[FIELDS];
	const char *name;

	if (r->bytes - r->at < HEADER_BYTES || !parse_fields(r->archive + r->at, field))
		return -EINVAL;
	if (field[F_NAMESIZE] < 2 || field[F_NAMESIZE] > CPIO_MAX_NAME_BYTES ||
	    r->bytes - r->at - HEADER_BYTES < field[F_NAMESIZE])
		return -EINVAL;
	name = (const char *)r->archive + r->at + HEADER_BYTES;
	if (name[field[F_NAMESIZE] - 1])
		return -EINVAL;
	*out = (struct cpio_member){
		.name = name,
		.name_bytes = (uint32_t)strlen(name),
		.header_offset = r->at,
		.data_offset = ALIGN_UP(r->at + HEADER_BYTES + field[F_NAMESIZE], 4),
		.size_bytes = field[F_FILESIZE],
		.ino = field[F_INO],
		.mode = field[F_MODE],
		.uid = field[F_UID],
		.gid = field[F_GID],
		.nlink = field[F_NLINK],
		.mtime_s = field[F_MTIME],
		.dev_major = field[F_DEV_MAJOR],
		.dev_minor = field[F_DEV_MINOR],
		.rdev_major = field[F_RDEV_MAJOR],
		.rdev_minor = field[F_RDEV_MINOR],
	};
	if (out->name_bytes == 0)
		return -EINVAL;
	if (out->size_bytes == 0)
		out->data_offset = MIN(out->data_offset, r->bytes);
	if (out->data_offset > r->bytes || r->bytes - out->data_offset < out->size_bytes)
		return -EINVAL;
	*next = MIN(ALIGN_UP(out->data_offset + out->size_bytes, 4), r->bytes);
	return 0;
}

void cpio_init(struct cpio_reader *r, const void *archive, uint64_t bytes)
{
	*r = (struct cpio_reader){ .archive = archive, .bytes = bytes };
}

__stack_guarded int cpio_next(struct cpio_reader *r, struct cpio_member *out)
{
	for (;;) {
		uint64_t next;
		int err;

		skip_zeros(r);
		if (r->bytes - r->at < 4)
			return 0;
		err = read_member(r, out, &next);
		if (err)
			return err;
		r->at = next;
		if (strcmp(out->name, "TRAILER!!!") != 0)
			return 1;
	}
}
