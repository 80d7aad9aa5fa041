// Superblocks (a file system instance) and mounts (where it is seen). The tree of mounts and the
// trees of names are guarded by one spinlock inside fs/dentry.c; mounting itself by a mutex.
#pragma once

#include "fs/inode.h"
#include "fs/path.h"

struct kstatfs;

struct superblock_ops {
	int (*statfs)(struct superblock *sb, struct kstatfs *out); // NULL: generic
	// The name shown for an object without a place in the tree ("pipe:[12]"); |buf| as
	// snprintf.
	int (*dname)(const struct dentry *d, char *buf, size_t bytes);
	// Is a cached name still right? NULL: always.
	bool (*revalidate)(struct dentry *d);
	void (*release)(struct superblock *sb);
};

enum superblock_flags {
	SB_VOLATILE = 1 << 0, // names are kept only while used (procfs)
	SB_INTERNAL = 1 << 1, // never mounted in the tree: pipes, sockets, anonymous inodes, memfds
	SB_NOEXEC = 1 << 2,
	SB_NODEV = 1 << 3,
	SB_SHOWS_RAM = 1 << 4, // statfs tells all memory as its size (if it has no limit), not 0
};

struct superblock {
	const struct superblock_ops *ops;
	const char *fstype; // "tmpfs"
	const char *source; // first word of its line in /proc/mounts
	uint64_t magic;     // statfs f_type
	uint64_t dev;       // st_dev, kdev_make(0, n)
	uint32_t flags;     // enum superblock_flags
	uint32_t refs;      // mounts
	uint64_t next_ino;  // atomic
	struct dentry *root;
	uint64_t limit_pages, used_pages; // tmpfs size=; used is atomic; limit 0: none
	uint64_t limit_inodes, used_inodes;
	void *priv;
};

enum mount_flags {
	MOUNT_RDONLY = 1 << 0,
	MOUNT_NOSUID = 1 << 1,
	MOUNT_NODEV = 1 << 2,
	MOUNT_NOEXEC = 1 << 3,
	MOUNT_NOATIME = 1 << 4,
	MOUNT_RELATIME = 1 << 5,
	MOUNT_NOSYMFOLLOW = 1 << 6,
};

struct mount {
	uint32_t refs; // atomic
	unsigned id;   // /proc/self/mountinfo, statx
	unsigned flags;
	struct superblock *sb;
	struct dentry *root;       // owned reference
	struct mount *parent;      // owned; itself for the root mount and internal ones
	struct dentry *mountpoint; // owned; in |parent|
	struct list_node node;     // all mounts, in mount order
	bool detached;
};

void mount_init(void); // once, first of all
void superblock_init(struct superblock *sb, const struct superblock_ops *ops, const char *fstype,
		     uint64_t magic);
void superblock_put(struct superblock *sb); // drops the maker's reference; the last frees it
struct mount *mount_get(struct mount *m);
void mount_put(struct mount *m);
// A mount that is in no tree (internal file systems use a static one). |m| is initialised.
void mount_init_internal(struct mount *m, struct superblock *sb);
// Mounts |sb| (whose root dentry exists) on |where|; takes over the caller's reference to |sb|.
// 0, -ENOMEM, -ENOTDIR.
int __must_check mount_attach(struct superblock *sb, const struct path *where, unsigned flags);
int __must_check mount_detach(const struct path *mounted_root, bool lazy); // umount2
// If something is mounted on |p|, replaces it by what is (repeatedly). Mounts what is registered
// there on first use. 0 or -errno.
int __must_check mount_follow(struct path *p);
// If |p| is the root of a mount, goes to where that is mounted; false at the top.
bool mount_follow_up(struct path *p);
// Registers a file system to be mounted on a directory at its first use ("/proc", "/dev/shm"; the
// directory is made if the image has none). |name| stands in |dir|. |a| must stay.
struct automount {
	const char *dir;    // "/" or "/dev"
	const char *name;   // "proc"
	uint32_t mode;      // of the directory, if it must be made
	unsigned flags;     // enum mount_flags
	bool only_if_empty; // not over a directory in which the image has files
	int (*make)(struct superblock **out);
	struct automount *next;
};
void mount_register_automount(struct automount *a);
void mount_all_automounts(void); // before mounts are listed
// For the file systems that hold such directories: is |name| in |dir| registered; all in |dir|.
const struct automount *mount_find_automount(const char *dir, const char *name, size_t name_bytes);
const struct automount *mount_next_automount(const struct automount *a, const char *dir);
struct mount *mount_root(void); // the first mount; borrowed; NULL before it exists
// Calls |fn| for each mount of the tree in order until it returns non-zero. May sleep.
int mount_for_each(int (*fn)(struct mount *m, void *arg), void *arg);
