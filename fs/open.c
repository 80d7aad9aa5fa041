// open(2): creating, permission checks, truncation, and the special files. As Linux's do_open and
// may_open (6.18).
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/magic.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/notify.h"
#include "fs/pipe.h"
#include "fs/stat.h"
#include "fs/vfs.h"
#include "fs/walk.h"
#include "kernel/sched/cred.h"
#include "lib/fmt.h"
#include "mm/virt/memobj.h"

#define MAY_EXEC  1u
#define MAY_WRITE 2u
#define MAY_READ  4u

// The bit of O_TMPFILE that is not O_DIRECTORY (__O_TMPFILE of asm-generic/fcntl.h).
#define TMPFILE_BIT ((unsigned)__O_TMPFILE)

#define OPEN_KNOWN                                                                                 \
	((unsigned)(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NDELAY |      \
		    O_NONBLOCK | __O_SYNC | O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE |            \
		    O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | __O_TMPFILE))

struct open_request {
	unsigned flags;  // O_*
	unsigned access; // MAY_*
	uint32_t mode;
	bool created;
};

// Linux build_open_flags.
static int parse_flags(unsigned flags, struct open_request *r)
{
	static const uint8_t access[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
					   MAY_READ | MAY_WRITE };

	flags &= OPEN_KNOWN;
	r->access = access[flags & O_ACCMODE];
	if (flags & O_PATH) {
		flags &= O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
		r->access = 0;
	} else {
		flags |= O_LARGEFILE;
	}
	if ((flags & (O_DIRECTORY | O_CREAT)) == (O_DIRECTORY | O_CREAT))
		return -EINVAL;
	if (flags & TMPFILE_BIT) {
		if ((flags & (unsigned)O_TMPFILE) != (unsigned)O_TMPFILE ||
		    !(r->access & MAY_WRITE))
			return -EINVAL;
	}
	if (flags & O_TRUNC)
		r->access |= MAY_WRITE;
	r->flags = flags;
	return 0;
}

int may_create(const struct path *dir)
{
	if (!dir->dentry->inode->nlink) // removed
		return -ENOENT;
	if (dir->mount->flags & MOUNT_RDONLY)
		return -EROFS;
	return inode_permission(dir->dentry->inode, MAY_WRITE | MAY_EXEC);
}

static int create_locked(struct walk *w, struct open_request *r, struct dentry **out)
{
	struct dentry *dir = w->path.dentry, *child;
	int err = dir->sb->magic == PROC_SUPER_MAGIC ? -ENOENT : may_create(&w->path);

	if (err) // procfs says of each name that it is not there
		return err;
	if (!dir->inode->ops->create)
		return -EACCES;
	child = dentry_alloc(dir->sb, dir, w->last, w->last_bytes);
	if (!child)
		return -ENOMEM;
	err = dir->inode->ops->create(dir->inode, child, S_IFREG | (r->mode & 07777), 0);
	if (err) {
		dentry_put(child);
		return err;
	}
	dentry_hash(child);
	if (notify_on())
		notify_name_event(dir->inode, IN_CREATE, child->inode, child->name,
				  child->name_bytes, 0);
	r->created = true;
	*out = child;
	return 0;
}

// The last component with O_CREAT: 1 (a symlink), 0 or -errno.
static int open_or_create(struct walk *w, struct open_request *r)
{
	struct dentry *dir = w->path.dentry, *child;
	int err;

	if (w->last_type != LAST_NORMAL)
		return walk_last(w, false);
	if (w->trailing)
		return -EISDIR;
	mutex_lock(&dir->inode->lock);
	err = lookup_child_locked(dir, w->last, w->last_bytes, &child);
	if (err == -ENOENT)
		err = create_locked(w, r, &child);
	mutex_unlock(&dir->inode->lock);
	if (err)
		return err;
	if (!r->created && r->flags & O_EXCL) {
		dentry_put(child);
		return -EEXIST;
	}
	return walk_onto(w, child, !(r->flags & O_NOFOLLOW));
}

static int walk_to_open(struct walk *w, struct open_request *r)
{
	int err;

	do {
		err = walk_parent(w);
		if (err)
			return err;
		if (r->flags & O_CREAT)
			err = open_or_create(w, r);
		else
			err = walk_last(w, !(r->flags & O_NOFOLLOW));
	} while (err > 0);
	return err;
}

// Linux may_open.
static int may_open(const struct path *p, struct open_request *r)
{
	struct inode *i = p->dentry->inode;

	switch (i->mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (r->access & MAY_WRITE)
			return -EISDIR;
		break;
	case S_IFBLK:
	case S_IFCHR:
		if (p->mount->flags & MOUNT_NODEV || i->sb->flags & SB_NODEV)
			return -EACCES;
		// fall through
	case S_IFIFO:
	case S_IFSOCK:
		r->flags &= ~(unsigned)O_TRUNC;
		break;
	}
	if (r->access) {
		int err = inode_permission(i, r->access);

		if (err)
			return err;
		if (r->access & MAY_WRITE && p->mount->flags & MOUNT_RDONLY &&
		    (S_ISREG(i->mode) || S_ISDIR(i->mode)))
			return -EROFS;
	}
	if (r->flags & O_NOATIME && !inode_owner_or_capable(i))
		return -EPERM;
	return 0;
}

static int open_chrdev(struct inode *i, struct file *f)
{
	const struct chrdev *dev = chrdev_find(i->rdev);

	if (!dev)
		return -ENXIO;
	f->ops = dev->fops;
	return dev->open ? dev->open(i, f) : 0;
}

static int open_special(struct inode *i, struct file *f)
{
	if (i->ops->open)
		return i->ops->open(i, f);
	switch (i->mode & S_IFMT) {
	case S_IFCHR:
		return open_chrdev(i, f);
	case S_IFIFO: // one with operations of its own is a standard stream of the program's
		return f->ops ? 0 : fifo_open(i, f);
	case S_IFBLK:
	case S_IFSOCK:
		return -ENXIO;
	}
	return 0;
}

// Makes the description and lets the object prepare it.
static int open_description(const struct path *p, unsigned flags, struct file **out)
{
	struct inode *i = p->dentry->inode;
	bool counted = !(flags & O_PATH) && (flags + 1) & 2 && S_ISREG(i->mode);
	struct file *f;
	int err = counted ? inode_get_write_access(i) : 0;

	if (err)
		return err;
	f = file_alloc(p, flags, flags & O_PATH ? NULL : i->fops, NULL);
	if (!f) {
		if (counted)
			inode_put_write_access(i);
		return -ENOMEM;
	}
	f->flags |= flags & O_NOCTTY; // of interest to terminals only
	err = flags & O_PATH ? 0 : open_special(i, f);
	f->flags &= ~(unsigned)O_NOCTTY;
	if (err) {
		f->ops = NULL; // nothing to release
		file_put(f);
		return err;
	}
	if (f->ops && f->ops->seek)
		f->mode |= FMODE_SEEK;
	else
		f->mode &= ~FMODE_SEEK;
	// A file of pages that was opened, not one made by memfd_create.
	if (f->ops && S_ISREG(i->mode) && i->obj && !i->obj->huge)
		f->mode |= FMODE_DIRECT;
	if ((flags & (O_DIRECT | O_PATH)) == O_DIRECT && !(f->mode & FMODE_DIRECT)) {
		file_put(f);
		return -EINVAL;
	}
	notify_file(f, IN_OPEN);
	*out = f;
	return 0;
}

static int truncate_opened(struct file *f)
{
	// The description may be read-only (O_RDONLY | O_TRUNC): count as a writer for the moment.
	int err = inode_get_write_access(f->inode);

	if (err)
		return err;
	err = inode_truncate(f->inode, 0);
	inode_put_write_access(f->inode);
	if (!err)
		notify_dentry(f->path.dentry, IN_MODIFY);
	return err;
}

// Linux do_open, behind the walk.
static int open_found(const struct path *p, struct open_request *r, struct file **out)
{
	struct inode *i = p->dentry->inode;
	int err;

	if (r->flags & O_CREAT && r->flags & O_EXCL && !r->created)
		return -EEXIST;
	if (r->flags & O_CREAT && S_ISDIR(i->mode))
		return -EISDIR;
	if (r->flags & O_DIRECTORY && !S_ISDIR(i->mode))
		return -ENOTDIR;
	if (r->created) {
		r->flags &= ~(unsigned)O_TRUNC;
		r->access = 0;
	}
	if (!(r->flags & O_PATH)) {
		err = may_open(p, r);
		if (err)
			return err;
	}
	err = open_description(p, r->flags, out);
	if (!err && r->created)
		(*out)->mode |= FMODE_CREATED;
	if (err || !(r->flags & O_TRUNC) || !S_ISREG(i->mode))
		return err;
	err = truncate_opened(*out);
	if (err)
		file_put(*out);
	return err;
}

static __stack_guarded int open_tmpfile(struct walk *w, struct open_request *r, struct file **out)
{
	struct dentry *dir, *child;
	struct inode *inode;
	char name[24]; // as Linux's: /proc/self/fd tells it
	struct path p;
	int err;

	w->flags |= LOOKUP_FOLLOW | LOOKUP_DIRECTORY;
	err = walk_whole(w);
	if (err)
		return err;
	dir = w->path.dentry;
	err = may_create(&w->path);
	if (err)
		return err;
	if (!dir->inode->ops->tmpfile)
		return -EOPNOTSUPP;
	err = dir->inode->ops->tmpfile(dir->inode, S_IFREG | (r->mode & 07777), &inode);
	if (err)
		return err;
	child = dentry_alloc(
		dir->sb, dir, name,
		(size_t)fmt_snprintf(name, sizeof(name), "#%llu", (unsigned long long)inode->ino));
	if (!child) {
		inode_put(inode);
		return -ENOMEM;
	}
	child->flags |= DENTRY_UNLINKED;
	child->inode = inode;
	inode->nlink = 0;
	p = (struct path){ w->path.mount, child };
	err = open_description(&p, r->flags & ~(unsigned)O_EXCL, out);
	// O_EXCL: linkat must refuse to give it a name.
	if (!err && r->flags & O_EXCL)
		child->flags |= DENTRY_NOLINK;
	dentry_put(child);
	return err;
}

int namei_open(const struct path *at, const char *name, unsigned open_flags, uint32_t mode,
	       unsigned lookup, struct file **out)
{
	struct open_request r = { .mode = mode };
	struct walk w;
	int err = parse_flags(open_flags, &r);

	if (err)
		return err;
	err = walk_begin(&w, at, name, lookup);
	if (err)
		goto out;
	if (r.flags & TMPFILE_BIT) {
		err = open_tmpfile(&w, &r, out);
		goto out;
	}
	err = walk_to_open(&w, &r);
	if (!err && w.trailing && !S_ISDIR(w.path.dentry->inode->mode))
		err = -ENOTDIR;
	if (!err)
		err = open_found(&w.path, &r, out);
out:
	walk_end(&w);
	return err;
}

int namei_open_path(const struct path *p, unsigned open_flags, struct file **out)
{
	struct open_request r = { 0 };
	int err = parse_flags(open_flags & ~(unsigned)(O_CREAT | O_EXCL), &r);

	return err ? err : open_found(p, &r, out);
}

int namei_open_exec(const struct path *at, const char *name, unsigned lookup, struct file **out)
{
	struct path p;
	struct inode *i;
	int err = namei_lookup(at, name, lookup, &p);

	if (err)
		return err;
	i = p.dentry->inode;
	err = -ELOOP;
	if (S_ISLNK(i->mode))
		goto out;
	err = -EACCES;
	if (!S_ISREG(i->mode) || p.mount->flags & MOUNT_NOEXEC || i->sb->flags & SB_NOEXEC)
		goto out;
	err = inode_permission(i, MAY_EXEC);
	if (!err)
		err = open_description(&p, O_RDONLY | O_LARGEFILE, out);
	if (err)
		goto out;
	err = file_deny_write(*out);
	if (err)
		file_put(*out);
out:
	path_put(&p);
	return err;
}
