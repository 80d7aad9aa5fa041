// Writes the initramfs: cpio "newc" with the index and the configuration of lib/image.h. The same
// tree and configuration give the same bytes.
#pragma once

#include <stdint.h>

#include "tools/ouro/tree.h"
#include "tools/ouro/vec.h"

// What to run; becomes the configuration member.
struct image_config {
	char *exe; // guest path, absolute
	struct strvec argv, env, opts;
	char *cwd;
	bool tty;
};

// Lays out and writes the image of |t| to |fd| from its present position. |*size_bytes| is its
// size, whole pages. |out_name| is for messages. Sorts the tree. 0 or an exit status.
int image_write(struct tree *t, const struct image_config *c, int fd, const char *out_name,
		uint64_t *size_bytes);
