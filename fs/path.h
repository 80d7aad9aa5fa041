// Names: dentries form the tree, a path is a dentry seen through a mount. Dentries of in-memory
// file systems stay as long as their file has a name.
#pragma once

#include "lib/list.h"
#include "lib/rbtree.h"

struct inode;
struct mount;

struct dentry {
	uint32_t refs;
	struct dentry *parent;   // owned reference; itself for a root
	struct inode *inode;     // owned reference; NULL: negative (known not to exist)
	struct rb_root children; // by name; guarded by the directory's lock
	struct rb_node node;
	bool unlinked; // "(deleted)"
	bool mountpoint;
	uint16_t name_bytes;
	char *name; // owned, terminated
};

struct path {
	struct mount *mount;
	struct dentry *dentry;
};

void path_get(const struct path *p);
void path_put(struct path *p);
// Writes the absolute name as the calling thread's root sees it, " (deleted)" appended as Linux
// does, into the end of |buf|; returns where it starts, or NULL if it does not fit.
char *path_to_string(const struct path *p, const struct path *root, char *buf, size_t bytes);
