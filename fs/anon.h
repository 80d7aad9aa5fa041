// Files that have no place in the tree: anonymous inodes ("anon_inode:[eventfd]"), and objects with
// an inode of their own ("pipe:[12]", "socket:[13]").
#pragma once

#include "fs/file.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/path.h"

void anon_init(void); // vfs_init

// One kind of anonymous file: define it static with its name "[eventfd]"; all share one inode.
struct anon_kind {
	const char *name;
	struct dentry dentry;
};
// An open description with |flags| (O_RDWR and status flags). 0 or -ENOMEM.
int __must_check anon_file_create(struct anon_kind *kind, unsigned flags,
				  const struct file_ops *ops, void *priv, struct file **out);

// A family of objects shown as PREFIX:[ino]: define it static and initialise it once at init.
struct anon_fs {
	const char *prefix; // "pipe"; also the file system's type with "fs" behind it
	const char *fstype;
	uint64_t magic;
	void (*release)(struct inode *i); // before the inode is freed; may be NULL
	struct superblock sb;
	struct mount mount;
};
void anon_fs_init(struct anon_fs *fs);
// A new object with |mode| (S_IFIFO or S_IFSOCK | permissions), its inode's fops and priv. |out|
// gets the one, owned reference. 0 or -ENOMEM.
int __must_check anon_path_create(struct anon_fs *fs, uint32_t mode, const struct file_ops *fops,
				  void *priv, struct path *out);
