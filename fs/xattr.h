// Extended attributes of tmpfs: kept with the inode, gone with it. Takes the inode's lock.
#pragma once

#include "fs/inode.h"

// Sets |name| to a copy of |value|, by XATTR_CREATE and XATTR_REPLACE of <linux/xattr.h>; NULL
// removes it. 0, -EOPNOTSUPP, -EPERM, -EACCES, -EINVAL, -EEXIST, -ENODATA, -ENOMEM.
int __must_check xattr_set(struct inode *i, const char *name, const void *value, size_t bytes,
			   unsigned flags);
// A copy of the value, as much as fits in |bytes|; its length, or -errno. |bytes| 0: the length.
int64_t __must_check xattr_get(struct inode *i, const char *name, void *buf, size_t bytes);
// The names that the caller may know, each with its NUL. The length; -ERANGE if |bytes|, unless 0,
// is less.
int64_t __must_check xattr_list(struct inode *i, char *buf, size_t bytes);
void xattr_free_all(struct inode *i); // the inode dies
