// Files that have no place in the tree: anonymous inodes ("anon_inode:[eventfd]"), and objects with
// an inode of their own ("pipe:[12]", "socket:[13]").
#pragma once

#include "fs/file.h"
#include "fs/inode.h"
#include "fs/path.h"

// One kind of anonymous file: define it static with its name "[eventfd]"; all share one inode.
struct anon_kind {
	const char *name;
	struct dentry dentry;
};
// An open description with |flags| (O_RDWR and status flags). 0 or -ENOMEM.
int __must_check anon_file_create(struct anon_kind *kind, unsigned flags,
				  const struct file_ops *ops, void *priv, struct file **out);
// An inode of its own (S_IFIFO or S_IFSOCK | permissions) shown as |prefix|:[ino]; |out| gets the
// owned path. The inode's fops and priv are |fops| and |priv|; |release| runs at its end.
int __must_check anon_path_create(const char *prefix, uint32_t mode, const struct file_ops *fops,
				  void *priv, const struct inode_ops *ops, struct path *out);
