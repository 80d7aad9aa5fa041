// A path walk in progress: shared by namei.c (the walk), namei_ops.c and open.c. Stops before the
// last component, which the operation treats in its own way.
#pragma once

#include "fs/namei.h"

#define NAME_BYTES_MAX 255 // NAME_MAX
#define LINKS_MAX      40  // Linux MAXSYMLINKS

enum last_type { LAST_NORMAL, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

struct link_body;

void namei_init(void); // once, before any path is walked

struct walk {
	struct path path;         // owned: where the walk stands
	struct path root;         // owned: what "/" and ".." stop at
	unsigned flags;           // enum lookup_flags
	unsigned links;           // symlinks followed
	uint64_t moves;           // dentry_moves at its start
	const char *rest;         // still to be walked
	struct link_body *bodies; // texts of followed links, newest first
	const char *last;         // the last component, not terminated
	size_t last_bytes;
	enum last_type last_type;
	bool trailing; // a slash behind it: must be a directory
};

// walk_begin must be paired with walk_end, whatever it returned.
int __must_check walk_begin(struct walk *w, const struct path *at, const char *name,
			    unsigned flags);
void walk_end(struct walk *w);
// Walks to the directory of the last component and sets |last|. 0 or -errno.
int __must_check walk_parent(struct walk *w);
// Steps onto the last component. 1: it was a symlink, call walk_parent again; 0 or -errno.
int __must_check walk_last(struct walk *w, bool follow);
// The same onto |child|, a child of where the walk stands (takes over its reference).
int __must_check walk_onto(struct walk *w, struct dentry *child, bool follow);
// All of it. w->path is the result.
int __must_check walk_whole(struct walk *w);

// The child by name, with a reference; the directory's lock is held for the second. -ENOENT,
// -ENAMETOOLONG, -ENOMEM or the file system's error.
int __must_check lookup_child(struct dentry *dir, const char *name, size_t bytes,
			      struct dentry **out);
int __must_check lookup_child_locked(struct dentry *dir, const char *name, size_t bytes,
				     struct dentry **out);
// May the caller add a name to |dir| (its lock is held)? -ENOENT (removed), -EROFS, -EACCES.
int __must_check may_create(const struct path *dir);
