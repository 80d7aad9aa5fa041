// Path walking and the operations on names. Paths are kernel copies (at most PATH_MAX). All may
// sleep; 0 or -errno as the Linux call. |at| is where a relative path starts.
#pragma once

#include "fs/inode.h"
#include "fs/path.h"

enum lookup_flags {
	LOOKUP_FOLLOW = 1 << 0,      // follow a symlink in the last component
	LOOKUP_DIRECTORY = 1 << 1,   // must be a directory
	LOOKUP_EMPTY = 1 << 2,       // "" means |at| itself (AT_EMPTY_PATH)
	LOOKUP_NO_SYMLINKS = 1 << 3, // openat2 RESOLVE_*
	LOOKUP_BENEATH = 1 << 4,
	LOOKUP_IN_ROOT = 1 << 5,
	LOOKUP_NO_XDEV = 1 << 6,
	LOOKUP_NO_MAGICLINKS = 1 << 7,
};

int __must_check namei_lookup(const struct path *at, const char *name, unsigned flags,
			      struct path *out);
struct file;
// open(2): flags as O_*, creating with |mode| (umask already applied).
int __must_check namei_open(const struct path *at, const char *name, unsigned open_flags,
			    uint32_t mode, unsigned lookup, struct file **out);
// For exec: a regular file with execute permission on a mount that allows it (else -EACCES), open
// for reading and FMODE_EXEC (-ETXTBSY while there are writers, who get it from now on).
int __must_check namei_open_exec(const struct path *at, const char *name, unsigned lookup,
				 struct file **out);
// Opens what |p| names (a path already walked), as for O_PATH reopening and exec.
int __must_check namei_open_path(const struct path *p, unsigned open_flags, struct file **out);
int __must_check namei_mkdir(const struct path *at, const char *name, uint32_t mode);
int __must_check namei_mknod(const struct path *at, const char *name, uint32_t mode, uint64_t rdev);
int __must_check namei_symlink(const char *target, const struct path *at, const char *name);
int __must_check namei_link(const struct path *from, const struct path *at, const char *name);
int __must_check namei_unlink(const struct path *at, const char *name);
int __must_check namei_rmdir(const struct path *at, const char *name);
int __must_check namei_rename(const struct path *old_at, const char *old_name,
			      const struct path *new_at, const char *new_name, unsigned flags);
// Permission of the current credentials: |mask| of 4 read, 2 write, 1 execute. 0 or -EACCES.
int __must_check inode_permission(struct inode *i, unsigned mask);
int __must_check inode_truncate(struct inode *i, uint64_t size_bytes); // checks seals and limits
int __must_check namei_truncate(const struct path *p, uint64_t size_bytes); // truncate(2)
// readlink(2) of the link itself: length or -EINVAL if it is none.
int64_t __must_check namei_readlink(const struct path *p, char *buf, size_t bytes);
// access(2) by the real ids, or faccessat2 AT_EACCESS by the effective ones.
int __must_check namei_access(const struct path *p, unsigned mask, bool effective);
