// Names: dentries form the tree, a path is a dentry seen through a mount. Dentries of in-memory
// file systems stay as long as their file has a name.
#pragma once

#include "lib/list.h"
#include "lib/rbtree.h"

struct inode;
struct mount;
struct superblock;

enum dentry_flags {
	DENTRY_UNLINKED = 1 << 0,   // has lost its name: "(deleted)"
	DENTRY_MOUNTPOINT = 1 << 1, // something is mounted here
	DENTRY_AUTOMOUNT = 1 << 2,  // something is to be mounted here at first use
	DENTRY_WHITEOUT = 1 << 3,   // hides a name of the initramfs; has no inode
	DENTRY_HASHED = 1 << 4,     // is in its parent's tree
	DENTRY_EMBEDDED = 1 << 5,   // part of a larger allocation: never freed alone
	DENTRY_NOLINK = 1 << 6,     // O_TMPFILE with O_EXCL: may never get a name
};

// |children|, |parent|, |name| and |flags| are guarded by the lock of the name trees (dentry.c);
// changes are also made under the directory's inode lock, so holding that keeps them still.
struct dentry {
	uint32_t refs; // atomic
	uint16_t flags;
	uint16_t name_bytes;
	struct dentry *parent; // owned reference; itself for a root
	struct inode *inode;   // owned reference; NULL: there is no such file
	struct superblock *sb;
	struct rb_root children; // by name
	struct rb_node node;
	uint64_t cookie;      // position in its directory's listing
	struct rb_node order; // the file system's own use: by cookie
	uint32_t hash;
	uint32_t child_count; // hashed children that are not whiteouts
	char *name;           // terminated; inline_name or owned
	char inline_name[24];
};

struct path {
	struct mount *mount;
	struct dentry *dentry;
};

void path_get(const struct path *p);
void path_put(struct path *p); // may sleep; leaves *p empty
static inline bool path_equal(const struct path *a, const struct path *b)
{
	return a->mount == b->mount && a->dentry == b->dentry;
}
// Writes the absolute name as the calling thread's root sees it, " (deleted)" appended as Linux
// does, into the end of |buf|; returns where it starts, or NULL if it does not fit.
char *path_to_string(const struct path *p, const struct path *root, char *buf, size_t bytes);
