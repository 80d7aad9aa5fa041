// The inodes of tmpfs: shared by tmpfs.c (instances, making inodes) and tmpfs_dir.c (directories).
#pragma once

#include "fs/initramfs.h"
#include "fs/inode.h"
#include "fs/path.h"
#include "fs/tmpfs.h"

// Listing positions: 0 ".", 1 "..", then 2 + the position in the lower directory, then entries made
// here in the order of their making.
#define TMPFS_POS_LOWER 2u
#define TMPFS_POS_UPPER (1ull << 32)

struct tmpfs_dir {
	struct inode inode;
	uint32_t lower;        // entry of the initramfs that shows through, or INITRAMFS_NONE
	bool nlink_counted;    // |lower|'s subdirectories are in nlink
	bool automounts_shown; // of the root: all registered directories exist
	struct rb_root order;  // entries made here, by cookie
	uint64_t next_cookie;
};

struct tmpfs_link {
	struct inode inode;
	const char *target;
	bool owned; // by the inode; else it lies in the initramfs
};

extern const struct inode_ops tmpfs_dir_inode_ops;
extern const struct file_ops tmpfs_dir_file_ops;

static inline struct tmpfs_dir *tmpfs_dir_of(struct inode *i)
{
	return container_of(i, struct tmpfs_dir, inode);
}

// A new inode in |dir| (owner, setgid inheritance); -ENOMEM, -ENOSPC.
int __must_check tmpfs_make_inode(struct inode *dir, uint32_t mode, uint64_t rdev,
				  struct inode **out);
int __must_check tmpfs_make_link(struct inode *dir, const char *target, struct inode **out);
// The inode of entry |e| of the initramfs; hard links share one.
int __must_check tmpfs_lower_inode(struct superblock *sb, uint32_t e, struct inode **out);
// Puts an entry made here at the end of the listing, or takes one out. The directory is locked.
void tmpfs_order_add(struct inode *dir, struct dentry *d);
void tmpfs_order_remove(struct inode *dir, struct dentry *d);
// A name was made: listing, size and times of the directory, which is locked.
void tmpfs_entry_added(struct inode *dir, struct dentry *child);
