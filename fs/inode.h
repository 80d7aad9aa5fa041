// Inodes: what a file is, apart from its names and its open descriptions. Constants and modes are
// those of <linux/stat.h>. Lock order: directory (RANK_DIR) before inode (RANK_INODE).
#pragma once

#include "kernel/sched/mutex.h"
#include "lib/compiler.h"

struct inode;
struct dentry;
struct file;
struct memobj;
struct uio;
struct superblock;
struct path;
struct iattr;
struct watch;
struct kstat;

struct timespec_k { // seconds since 1970 and nanoseconds
	int64_t s;
	uint32_t ns;
};

struct inode_ops {
	// Directory operations; the directory's lock is held exclusively except for lookup.
	// lookup fills |child->inode| (leaves it NULL if there is none); |child| is not kept and
	// its name is not terminated. 0 or -errno; -EEXIST: it has put a dentry into the tree
	// itself.
	int (*lookup)(struct inode *dir, struct dentry *child);
	int (*create)(struct inode *dir, struct dentry *child, uint32_t mode, uint64_t rdev);
	int (*mkdir)(struct inode *dir, struct dentry *child, uint32_t mode);
	int (*symlink)(struct inode *dir, struct dentry *child, const char *target);
	int (*link)(struct inode *dir, struct dentry *child, struct inode *target);
	int (*unlink)(struct inode *dir, struct dentry *child);
	int (*rmdir)(struct inode *dir, struct dentry *child);
	// |target| is what has the new name now, or a dentry without an inode. The caller moves the
	// dentries afterwards. RENAME_* of <linux/fs.h>.
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *target, unsigned flags);
	// Must a removed |name| be remembered, because a lower layer has it? NULL: no.
	bool (*needs_whiteout)(struct inode *dir, const char *name, size_t name_bytes);
	int (*tmpfile)(struct inode *dir, uint32_t mode, struct inode **out);
	// Copies the target without terminator into buf; its length or -errno.
	int64_t (*readlink)(struct inode *inode, char *buf, size_t bytes);
	// Magic links of procfs: the path itself, instead of readlink. Optional.
	int (*get_link)(struct inode *inode, struct path *out);
	int (*setattr)(struct inode *inode, unsigned valid, const struct iattr *attr);
	int (*getattr)(struct inode *inode, struct kstat *out); // NULL: generic from the fields
	int (*truncate)(struct inode *inode, uint64_t size_bytes);
	// Prepares an open description (sets f->ops if it differs). Optional.
	int (*open)(struct inode *inode, struct file *f);
	void (*release)(struct inode *inode); // last reference: free it
};

struct inode {
	const struct inode_ops *ops;
	const struct file_ops *fops; // for open descriptions of this inode
	struct superblock *sb;
	uint64_t ino;
	uint32_t refs; // atomic
	uint64_t rdev;
	struct memobj *obj; // page-backed files; NULL otherwise

	struct mutex lock; // RANK_DIR for directories, else RANK_INODE
	// guarded by lock
	uint32_t mode; // S_IFMT | permissions
	uint32_t uid, gid;
	uint32_t nlink;
	uint64_t size_bytes;
	struct timespec_k atime, mtime, ctime, btime;
	int32_t writers; // open for writing; negative: executables being run (ETXTBSY); atomic
	uint32_t pins;   // open descriptions by path of a fifo and the like; owner's use
	void *locks;     // fs/flock.c
	void *xattrs;    // fs/xattr.c
	struct watch *watches; // fs/notify.c

	void *priv;
};

// One reference; owner and times from the caller's credentials and clock.
void inode_init(struct inode *i, const struct inode_ops *ops, struct superblock *sb, uint32_t mode);
struct inode *inode_get(struct inode *i);
void inode_put(struct inode *i);
bool inode_owner_or_capable(const struct inode *i); // the owner, or CAP_FOWNER
// Counts a description open for writing of a regular file. 0 or -ETXTBSY (it is being run).
int __must_check inode_get_write_access(struct inode *i);
void inode_put_write_access(struct inode *i);
// A write or truncation by somebody without CAP_FSETID drops setuid and setgid. The lock is held.
void inode_drop_set_ids(struct inode *i); // for inode_kill_privs only
static inline void inode_kill_privs(struct inode *i)
{
	if (unlikely(i->mode & 06000)) // S_ISUID, S_ISGID
		inode_drop_set_ids(i);
}
