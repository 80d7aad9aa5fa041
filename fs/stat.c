// stat, statfs, and changes of mode, owner and times.
#include "fs/stat.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/notify.h"
#include "kernel/sched/cred.h"
#include "mm/phys/pmm.h"

int vfs_getattr(const struct path *p, struct kstat *out)
{
	struct inode *i = p->dentry->inode;

	*out = (struct kstat){
		.dev = i->sb->dev,
		.ino = i->ino,
		.rdev = i->rdev,
		.mode = i->mode,
		.nlink = i->nlink,
		.uid = i->uid,
		.gid = i->gid,
		.size_bytes = i->size_bytes,
		.blksize = PAGE_SIZE,
		.atime = i->atime,
		.mtime = i->mtime,
		.ctime = i->ctime,
		.btime = i->btime,
		.mount_id = p->mount->id,
	};
	if (p->dentry == p->mount->root) {
		out->attributes |= STATX_ATTR_MOUNT_ROOT;
	}
	out->attributes_mask |= STATX_ATTR_MOUNT_ROOT;
	return i->ops->getattr ? i->ops->getattr(i, out) : 0;
}

static int may_chown(const struct inode *i, const struct cred *c, unsigned valid,
		     const struct iattr *a)
{
	if (cred_has_cap(c, CAP_CHOWN))
		return 0;
	if (valid & IATTR_UID && !(c->fsuid == i->uid && a->uid == i->uid))
		return -EPERM;
	if (valid & IATTR_GID && !(c->fsuid == i->uid && (a->gid == i->gid || a->gid == c->fsgid ||
							  cred_in_group(c, a->gid))))
		return -EPERM;
	return 0;
}

// Linux setattr_prepare.
static int may_setattr(struct inode *i, const struct cred *c, unsigned valid, const struct iattr *a)
{
	int err = may_chown(i, c, valid, a);

	if (err)
		return err;
	if (valid & (IATTR_MODE | IATTR_ATIME | IATTR_MTIME) && !inode_owner_or_capable(i))
		return -EPERM;
	if (valid & (IATTR_ATIME_NOW | IATTR_MTIME_NOW) && !inode_owner_or_capable(i))
		return inode_permission(i, 2);
	return 0;
}

static uint32_t new_mode(const struct inode *i, const struct cred *c, unsigned valid,
			 const struct iattr *a)
{
	uint32_t mode = i->mode;
	uint32_t gid = valid & IATTR_GID ? a->gid : i->gid;

	if (valid & IATTR_MODE) {
		mode = (mode & S_IFMT) | (a->mode & 07777);
		if (mode & S_ISGID && c->fsgid != gid && !cred_in_group(c, gid) &&
		    !cred_has_cap(c, CAP_FSETID))
			mode &= ~S_ISGID;
	} else if (valid & (IATTR_UID | IATTR_GID) && !S_ISDIR(mode)) {
		mode &= ~S_ISUID; // a change of owner drops setuid, and setgid of executables
		if (mode & S_IXGRP || (!cred_has_cap(c, CAP_FSETID) && !cred_in_group(c, gid)))
			mode &= ~S_ISGID;
	}
	return mode;
}

static void apply(struct inode *i, unsigned valid, const struct iattr *a, uint32_t mode)
{
	struct timespec_k now = vfs_now();

	i->mode = mode;
	if (valid & IATTR_UID)
		i->uid = a->uid;
	if (valid & IATTR_GID)
		i->gid = a->gid;
	if (valid & (IATTR_ATIME | IATTR_ATIME_NOW))
		i->atime = valid & IATTR_ATIME ? a->atime : now;
	if (valid & (IATTR_MTIME | IATTR_MTIME_NOW))
		i->mtime = valid & IATTR_MTIME ? a->mtime : now;
	i->ctime = now;
}

// Linux fsnotify_change.
static uint32_t event_of(unsigned valid)
{
	bool access = valid & (IATTR_ATIME | IATTR_ATIME_NOW);
	bool modify = valid & (IATTR_MTIME | IATTR_MTIME_NOW);

	if (valid & (IATTR_MODE | IATTR_UID | IATTR_GID) || (access && modify))
		return IN_ATTRIB;
	return (access ? IN_ACCESS : 0) | (modify ? IN_MODIFY : 0);
}

int vfs_setattr(const struct path *p, unsigned valid, const struct iattr *attr)
{
	struct inode *i = p->dentry->inode;
	const struct cred *c = cred_current();
	struct iattr a = *attr;
	int err;

	if (p->mount->flags & MOUNT_RDONLY)
		return -EROFS;
	if (valid & IATTR_MODE && S_ISLNK(i->mode))
		return -EOPNOTSUPP;
	mutex_lock(&i->lock);
	err = may_setattr(i, c, valid, &a);
	if (err)
		goto out;
	a.mode = new_mode(i, c, valid, &a);
	if (a.mode != i->mode)
		valid |= IATTR_MODE;
	if (i->ops->setattr)
		err = i->ops->setattr(i, valid, &a);
	if (!err)
		apply(i, valid, &a, a.mode);
out:
	mutex_unlock(&i->lock);
	if (!err)
		notify_dentry(p->dentry, event_of(valid));
	return err;
}

static void generic_statfs(struct superblock *sb, struct kstatfs *out)
{
	struct pmm_stats ram;

	if (sb->limit_pages) {
		uint64_t used = READ_ONCE(sb->used_pages);

		out->blocks = sb->limit_pages;
		out->bfree = used < sb->limit_pages ? sb->limit_pages - used : 0;
	} else if (sb->flags & SB_SHOWS_RAM) {
		pmm_get_stats(&ram);
		out->blocks = ram.total_pages;
		out->bfree = ram.free_pages;
	}
	out->bavail = out->bfree;
	out->files = sb->limit_inodes;
	out->ffree = sb->limit_inodes - MIN(READ_ONCE(sb->used_inodes), sb->limit_inodes);
}

static const struct {
	unsigned mount, st;
} st_flags[] = {
	{ MOUNT_RDONLY, 0x0001 },      { MOUNT_NOSUID, 0x0002 },  { MOUNT_NODEV, 0x0004 },
	{ MOUNT_NOEXEC, 0x0008 },      { MOUNT_NOATIME, 0x0400 }, { MOUNT_RELATIME, 0x1000 },
	{ MOUNT_NOSYMFOLLOW, 0x2000 },
};
#define ST_VALID 0x0020 // Linux include/linux/statfs.h: these are not in the UAPI headers

int vfs_statfs(const struct path *p, struct kstatfs *out)
{
	struct superblock *sb = p->dentry->sb;

	*out = (struct kstatfs){
		.type = sb->magic,
		.bsize = PAGE_SIZE,
		.frsize = PAGE_SIZE,
		.namelen = 255,
		.fsid = sb->dev,
		.flags = ST_VALID,
	};
	for (unsigned k = 0; k < ARRAY_SIZE(st_flags); k++)
		if (p->mount->flags & st_flags[k].mount)
			out->flags |= st_flags[k].st;
	if (sb->ops && sb->ops->statfs)
		return sb->ops->statfs(sb, out);
	generic_statfs(sb, out);
	return 0;
}
