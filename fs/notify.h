// Watches of inodes (inotify, F_NOTIFY) and the places that tell them. While there is no watch in
// the system a place costs one test of notify_watches.
#pragma once

#include "lib/compiler.h"

struct dentry;
struct file;
struct inode;
struct superblock;

struct notify_event {
	uint32_t mask;    // IN_* of <linux/inotify.h>
	uint32_t cookie;  // of the two halves of a rename
	const char *name; // in the watched directory, not terminated; NULL: it is the inode's own
	size_t name_bytes;
	bool unlinked; // it comes through a name that is gone
};

struct watch {
	struct watch *next; // of the same inode, or of those to be freed
	struct watch *next_all, **pprev_all;
	struct inode *inode; // referenced
	uint32_t mask;       // events, and the owner's flags
	// Called with the notify lock held. False: the watch shall end.
	bool (*tell)(struct watch *w, const struct notify_event *e);
	// The watch has been taken out; |tell|: not because its owner goes. The lock is held. Then,
	// without locks, it is to be freed.
	void (*ended)(struct watch *w, bool tell);
	void (*free)(struct watch *w);
};

extern uint32_t notify_watches; // how many there are; atomic

// For owners: one lock guards all watches and what |tell| changes.
void notify_lock(void);
void notify_unlock(void);
void notify_add_locked(struct watch *w, struct inode *i); // takes a reference
// Takes |w| out; it is put on |*dead|.
void notify_end_locked(struct watch *w, bool tell, struct watch **dead);
void notify_free(struct watch *dead); // without locks

// Something was done through a description or a place of the tree: to the inode, and to the
// directory in which it has its name.
void notify_file_event(struct file *f, uint32_t mask);
void notify_dentry_event(struct dentry *d, uint32_t mask);
// To the inode itself; and to |dir|, about a name in it.
void notify_inode_event(struct inode *i, uint32_t mask);
void notify_name_event(struct inode *dir, uint32_t mask, const struct inode *child,
		       const char *name, size_t name_bytes, uint32_t cookie);
void notify_rename(struct inode *old_dir, const char *old_name, size_t old_bytes,
		   const struct dentry *moved);
void notify_gone(struct inode *i); // its last name and use are
void notify_unmounted(struct superblock *sb);

static inline bool notify_on(void)
{
	return unlikely(READ_ONCE(notify_watches));
}
static inline void notify_file(struct file *f, uint32_t mask)
{
	if (notify_on())
		notify_file_event(f, mask);
}
static inline void notify_dentry(struct dentry *d, uint32_t mask)
{
	if (notify_on())
		notify_dentry_event(d, mask);
}
static inline void notify_inode(struct inode *i, uint32_t mask)
{
	if (notify_on())
		notify_inode_event(i, mask);
}
