// --rootfs: a directory, a tar archive (any compression libarchive knows) or an OCI image archive
// becomes the guest's tree.
#pragma once

#include "tools/ouro/tree.h"

int rootfs_load(struct tree *t, const char *path);
// The guest path of a program in the tree: |word| itself if it has a slash, else along |path|.
// NULL if there is none. To be freed.
char *rootfs_find_program(const struct tree *t, const char *word, const char *path);
// 0 if the tree's program can start: an x86-64 ELF whose interpreter is in the tree too.
int rootfs_check_program(const struct tree *t, const char *path);
