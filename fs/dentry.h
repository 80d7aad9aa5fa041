// The trees of names. One spinlock (RANK_DENTRY) guards every parent, name, flags and children
// field and the mount tree; whoever changes a directory also holds its inode lock.
#pragma once

#include "fs/path.h"
#include "kernel/base/lock.h"

extern struct spinlock dentry_lock;
extern uint64_t dentry_moves; // renames so far

// An unhashed dentry with one reference that holds one on |parent| (NULL: a root). NULL: no memory.
struct dentry *__must_check dentry_alloc(struct superblock *sb, struct dentry *parent,
					 const char *name, size_t name_bytes);
// The same in memory of the caller, for DENTRY_EMBEDDED ones. |name| is borrowed.
void dentry_init_embedded(struct dentry *d, struct superblock *sb, char *name, size_t name_bytes);
struct dentry *dentry_get(struct dentry *d);
void dentry_put(struct dentry *d); // may sleep
// The child of that name with a reference, or NULL. Whiteouts are found too.
struct dentry *dentry_find(struct dentry *dir, const char *name, size_t name_bytes);
// The first child, by no particular order, that is not a whiteout: is |dir| empty?
bool dentry_has_children(struct dentry *dir);
// Puts |d| into its parent's tree; a whiteout of that name gives way. On file systems that are not
// SB_VOLATILE the tree holds a reference from now on. The directory's lock is held.
void dentry_hash(struct dentry *d);
// Takes |d| out of the tree and marks it as having lost its name. |whiteout| (may be NULL, owned by
// the tree afterwards) takes its place. The directory's lock is held; may sleep.
void dentry_unhash(struct dentry *d, struct dentry *whiteout);
// rename: |old| swaps parent and name with |place|, an unhashed dentry; what stood there (if
// anything) loses its name; |whiteout| (or NULL) hides |old|'s former name. Both directory locks
// are held. Never fails.
void dentry_move(struct dentry *old, struct dentry *place, struct dentry *whiteout);
void dentry_exchange(struct dentry *a, struct dentry *b);
// Is |d| |ancestor| or below it?
bool dentry_is_below(const struct dentry *d, const struct dentry *ancestor);
