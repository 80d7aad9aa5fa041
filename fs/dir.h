// Listing directories.
#pragma once

#include "lib/compiler.h"

struct file;

struct dir_emit {
	// One entry: its name (not terminated), inode number, DT_* type, and the position that
	// continues after it (d_off). False: no room, the entry is not taken.
	bool (*emit)(struct dir_emit *e, const char *name, size_t name_bytes, uint64_t ino,
		     unsigned type, uint64_t next_pos);
};

// getdents64: from f->pos on, which it advances. 0, -ENOTDIR, -ENOENT (removed directory), -errno.
int __must_check file_getdents(struct file *f, struct dir_emit *e);
