// The inodes of node file systems: shared by pseudo.c and pseudo_file.c.
#pragma once

#include "fs/inode.h"
#include "fs/pseudo.h"

struct pseudo_inode {
	struct inode inode;
	struct pseudo_ref ref; // ref.node NULL: a directory that only tables make
	char *dir;             // path of a directory that tables may add to; owned; else NULL
};

extern const struct inode_ops pseudo_file_inode_ops;

static inline struct pseudo_inode *pseudo_of(struct inode *i)
{
	return container_of(i, struct pseudo_inode, inode);
}
