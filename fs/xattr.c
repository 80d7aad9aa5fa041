// Extended attributes as Linux's tmpfs has them: user., trusted. and security. names, the last
// first. Owns inode.xattrs, a list guarded by the inode's lock.
#include "fs/xattr.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <linux/xattr.h>

#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/stat.h"
#include "kernel/sched/cred.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

struct xattr {
	struct xattr *next;
	size_t bytes;
	char *value; // behind the name
	char name[];
};

#define MAY_READ  4u
#define MAY_WRITE 2u

static bool is_trusted(const char *name)
{
	return str_has_prefix(name, XATTR_TRUSTED_PREFIX);
}

// A known name space, and something behind it.
static int check_name(const struct inode *i, const char *name)
{
	static const char *const spaces[] = { XATTR_USER_PREFIX, XATTR_TRUSTED_PREFIX,
					      XATTR_SECURITY_PREFIX };

	if (i->sb->magic != TMPFS_MAGIC || strcmp(i->sb->fstype, "tmpfs"))
		return -EOPNOTSUPP;
	for (size_t n = 0; n < ARRAY_SIZE(spaces); n++)
		if (str_has_prefix(name, spaces[n]))
			return name[strlen(spaces[n])] ? 0 : -EINVAL;
	return -EOPNOTSUPP;
}

// Linux's xattr_permission(), and cap_inode_setxattr() for names of security modules.
static int may(struct inode *i, const char *name, unsigned mask)
{
	const bool write = mask == MAY_WRITE;
	const bool admin = cred_has_cap(cred_current(), CAP_SYS_ADMIN);

	if (is_trusted(name))
		return admin ? 0 : write ? -EPERM : -ENODATA;
	if (str_has_prefix(name, XATTR_SECURITY_PREFIX))
		return admin || !write ? 0 : -EPERM;
	if (str_has_prefix(name, XATTR_USER_PREFIX)) {
		if (!S_ISREG(i->mode) && !S_ISDIR(i->mode))
			return write ? -EPERM : -ENODATA;
		if (write && S_ISDIR(i->mode) && i->mode & S_ISVTX && !inode_owner_or_capable(i))
			return -EPERM;
	}
	return inode_permission(i, mask);
}

// Where |name| is, or where it belongs.
static struct xattr **find(struct inode *i, const char *name)
{
	struct xattr **at = (struct xattr **)&i->xattrs;

	while (*at && strcmp((*at)->name, name) > 0)
		at = &(*at)->next;
	return at;
}

static bool is_at(struct xattr *const *at, const char *name)
{
	return *at && !strcmp((*at)->name, name);
}

static struct xattr *make(const char *name, const void *value, size_t bytes)
{
	const size_t name_bytes = strlen(name) + 1;
	struct xattr *x = kmalloc(sizeof(*x) + name_bytes + bytes);

	if (!x)
		return NULL;
	x->bytes = bytes;
	x->value = x->name + name_bytes;
	memcpy(x->name, name, name_bytes);
	memcpy(x->value, value, bytes);
	return x;
}

static int set_locked(struct inode *i, const char *name, struct xattr *new, unsigned flags)
{
	struct xattr **at = find(i, name), *old = is_at(at, name) ? *at : NULL;

	if (!old && (!new || flags &XATTR_REPLACE))
		return -ENODATA;
	if (old && flags & XATTR_CREATE)
		return -EEXIST;
	if (new)
		new->next = old ? old->next : *at;
	*at = new ? new : old->next;
	kfree(old);
	inode_touch_ctime(i);
	return 0;
}

int xattr_set(struct inode *i, const char *name, const void *value, size_t bytes, unsigned flags)
{
	struct xattr *new = NULL;
	int err = may(i, name, MAY_WRITE);

	if (!err)
		err = check_name(i, name);
	if (err)
		return err;
	if (value) {
		new = make(name, value, bytes);
		if (!new)
			return -ENOMEM;
	}
	mutex_lock(&i->lock);
	err = set_locked(i, name, new, flags);
	mutex_unlock(&i->lock);
	if (err)
		kfree(new);
	return err;
}

int64_t xattr_get(struct inode *i, const char *name, void *buf, size_t bytes)
{
	struct xattr **at;
	int64_t r = may(i, name, MAY_READ);

	if (!r)
		r = check_name(i, name);
	if (r)
		return r;
	mutex_lock(&i->lock);
	at = find(i, name);
	if (!is_at(at, name)) {
		r = -ENODATA;
	} else {
		r = (int64_t)(*at)->bytes;
		if (bytes && (*at)->bytes > bytes)
			r = -ERANGE;
		else if (bytes)
			memcpy(buf, (*at)->value, (*at)->bytes);
	}
	mutex_unlock(&i->lock);
	return r;
}

int64_t xattr_list(struct inode *i, char *buf, size_t bytes)
{
	const bool admin = cred_has_cap(cred_current(), CAP_SYS_ADMIN);
	size_t used = 0;

	mutex_lock(&i->lock);
	for (struct xattr *x = i->xattrs; x; x = x->next) {
		size_t n = strlen(x->name) + 1;

		if (is_trusted(x->name) && !admin)
			continue;
		if (bytes && used + n <= bytes)
			memcpy(buf + used, x->name, n);
		used += n;
	}
	mutex_unlock(&i->lock);
	return bytes && used > bytes ? -ERANGE : (int64_t)used;
}

void xattr_free_all(struct inode *i)
{
	for (struct xattr *x = i->xattrs, *next; x; x = next) {
		next = x->next;
		kfree(x);
	}
}
