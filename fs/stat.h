// What stat, statx and statfs tell, and what chmod, chown and utimes change, in kernel form.
#pragma once

#include "fs/inode.h"

struct path;
struct file;
struct superblock;

struct kstat {
	uint64_t dev, ino, rdev; // devices as kdev_make()
	uint32_t mode, nlink, uid, gid;
	uint64_t size_bytes;
	uint64_t blocks; // 512-byte units
	uint32_t blksize;
	struct timespec_k atime, mtime, ctime, btime;
	uint64_t attributes, attributes_mask; // STATX_ATTR_* of <linux/stat.h>
	uint64_t mount_id;
};

// Device numbers inside the kernel: major << 20 | minor. The ABI encodings are the callers' work.
static inline uint64_t kdev_make(uint32_t major, uint32_t minor)
{
	return (uint64_t)major << 20 | minor;
}
static inline uint32_t kdev_major(uint64_t dev)
{
	return (uint32_t)(dev >> 20);
}
static inline uint32_t kdev_minor(uint64_t dev)
{
	return (uint32_t)(dev & 0xfffff);
}
// The 64-bit encoding of stat(2)'s st_dev and st_rdev (Linux new_encode_dev, 32 bits used).
static inline uint64_t kdev_encode(uint64_t dev)
{
	uint64_t minor = dev & 0xfffff;

	return (minor & 0xff) | (dev >> 20) << 8 | (minor & ~0xffull) << 12;
}
static inline uint64_t kdev_decode(uint64_t abi)
{
	return kdev_make((abi >> 8) & 0xfff, (uint32_t)((abi & 0xff) | ((abi >> 12) & 0xfff00)));
}

enum iattr_valid {
	IATTR_MODE = 1 << 0,
	IATTR_UID = 1 << 1,
	IATTR_GID = 1 << 2,
	IATTR_SIZE = 1 << 3,
	IATTR_ATIME = 1 << 4,
	IATTR_MTIME = 1 << 5,
	IATTR_ATIME_NOW = 1 << 6, // permission of a writer is enough
	IATTR_MTIME_NOW = 1 << 7,
};

struct iattr {
	uint32_t mode; // permission bits only
	uint32_t uid, gid;
	uint64_t size_bytes;
	struct timespec_k atime, mtime;
};

struct kstatfs {
	uint64_t type; // magic
	uint64_t bsize, blocks, bfree, bavail, files, ffree;
	uint64_t fsid;
	uint64_t namelen, frsize, flags; // ST_* flags
};

// All may sleep. 0 or -errno as the Linux call.
int __must_check vfs_getattr(const struct path *p, struct kstat *out);
// chmod, chown, utimensat: permission checks, setuid bits, then the inode's setattr.
int __must_check vfs_setattr(const struct path *p, unsigned valid, const struct iattr *attr);
int __must_check vfs_statfs(const struct path *p, struct kstatfs *out);
// Sets inode times to now. The inode lock is held (mtime, ctime) or nothing (atime).
struct timespec_k vfs_now(void);
void inode_touch_mtime(struct inode *i);
void inode_touch_ctime(struct inode *i);
// Honours O_NOATIME and the relatime rule of mounts.
void file_touch_atime(struct file *f);
struct mount;
void inode_touch_atime(const struct mount *m, struct inode *i);
