// Reader of cpio "newc" archives (magic 070701, and 070702 whose checksum is not looked at) that
// lie in memory: for the kernel's scan of an initramfs without an index. Pure and bounded: the
// archive is untrusted. Names and data stay where they are. Any context, no locks.
#pragma once

#include "lib/compiler.h"

#define CPIO_MAX_NAME_BYTES 4096 // with padding and terminator, as Linux's initramfs reader

struct cpio_member {
	const char *name;    // in the archive, terminated
	uint32_t name_bytes; // without terminator and padding; at least 1
	uint64_t header_offset;
	uint64_t data_offset; // from the start of the archive
	uint32_t size_bytes;  // data; all of it is inside the archive
	uint32_t ino, mode, uid, gid, nlink, mtime_s;
	uint32_t dev_major, dev_minor;   // of the device that held the file (ino is unique in it)
	uint32_t rdev_major, rdev_minor; // of the device that the file is
};

struct cpio_reader {
	const uint8_t *archive;
	uint64_t bytes;
	uint64_t at; // offset of the next header, multiple of 4
};

void cpio_init(struct cpio_reader *r, const void *archive, uint64_t bytes);
// Returns 1 and the next member, 0 at the end of the archive, -EINVAL at a malformed header (r->at
// is its offset and the iteration cannot go on). Archives may be concatenated with zeros between
// them: a trailer ends one, not the iteration.
int __must_check cpio_next(struct cpio_reader *r, struct cpio_member *out);
