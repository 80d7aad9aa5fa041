// Operations on names: mkdir, mknod, symlink, link, unlink, rmdir, rename, and the calls on a place
// already found. Order of checks and results as Linux's fs/namei.c (6.18).
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/inotify.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/mount.h"
#include "fs/notify.h"
#include "fs/stat.h"
#include "fs/walk.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/thread.h"

#define MAY_EXEC  1u
#define MAY_WRITE 2u

static struct {
	struct mutex lock; // RANK_MOUNT; serialises renames between directories
} renames;

void namei_init(void)
{
	mutex_init(&renames.lock, RANK_MOUNT);
}

// A name about to be made: the walk stands at its directory, whose lock is held.
struct creation {
	struct walk walk;
	struct dentry *child; // owned, no inode yet
	bool locked;
};

static int creation_begin(struct creation *c, const struct path *at, const char *name, bool dir)
{
	struct walk *w = &c->walk;
	struct dentry *d, *there;
	int err;

	c->child = NULL;
	c->locked = false;
	err = walk_begin(w, at, name, 0);
	if (!err)
		err = walk_parent(w);
	if (err)
		return err;
	if (w->last_type != LAST_NORMAL)
		return -EEXIST;
	d = w->path.dentry;
	mutex_lock(&d->inode->lock);
	c->locked = true;
	err = lookup_child_locked(d, w->last, w->last_bytes, &there);
	if (!err) {
		dentry_put(there);
		return -EEXIST;
	}
	if (err != -ENOENT)
		return err;
	if (w->trailing && !dir)
		return -ENOENT;
	err = may_create(&w->path);
	if (err)
		return err;
	c->child = dentry_alloc(d->sb, d, w->last, w->last_bytes);
	return c->child ? 0 : -ENOMEM;
}

static void creation_end(struct creation *c, int err)
{
	if (!err) {
		dentry_hash(c->child);
		if (notify_on())
			notify_name_event(c->walk.path.dentry->inode, IN_CREATE, c->child->inode,
					  c->child->name, c->child->name_bytes, 0);
	}
	if (c->locked)
		mutex_unlock(&c->walk.path.dentry->inode->lock);
	if (c->child)
		dentry_put(c->child);
	walk_end(&c->walk);
}

int namei_mkdir(const struct path *at, const char *name, uint32_t mode)
{
	struct creation c;
	int err = creation_begin(&c, at, name, true);

	if (!err) {
		struct inode *dir = c.walk.path.dentry->inode;

		err = dir->ops->mkdir ? dir->ops->mkdir(dir, c.child, S_IFDIR | (mode & 01777))
				      : -EPERM;
	}
	creation_end(&c, err);
	return err;
}

// What marks a removed name in an overlay's upper layer; anybody may make one (Linux IS_WHITEOUT).
static bool is_whiteout_device(uint32_t mode, uint64_t rdev)
{
	return S_ISCHR(mode) && !rdev;
}

int namei_mknod(const struct path *at, const char *name, uint32_t mode, uint64_t rdev)
{
	struct creation c;
	int err;

	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
	case S_IFCHR:
	case S_IFBLK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	err = creation_begin(&c, at, name, false);
	if (!err && (S_ISCHR(mode) || S_ISBLK(mode)) && !is_whiteout_device(mode, rdev) &&
	    !cred_has_cap(cred_current(), CAP_MKNOD))
		err = -EPERM;
	if (!err) {
		struct inode *dir = c.walk.path.dentry->inode;

		err = dir->ops->create ? dir->ops->create(dir, c.child, mode, rdev) : -EPERM;
	}
	creation_end(&c, err);
	return err;
}

int namei_symlink(const char *target, const struct path *at, const char *name)
{
	struct creation c;
	int err;

	if (!*target)
		return -ENOENT;
	err = creation_begin(&c, at, name, false);
	if (!err) {
		struct inode *dir = c.walk.path.dentry->inode;

		err = dir->ops->symlink ? dir->ops->symlink(dir, c.child, target) : -EPERM;
	}
	creation_end(&c, err);
	return err;
}

static int may_link(const struct path *from, const struct path *dir)
{
	const struct inode *i = from->dentry->inode;

	if (from->mount != dir->mount)
		return -EXDEV;
	if (S_ISDIR(i->mode))
		return -EPERM;
	if (!dir->dentry->inode->ops->link)
		return -EPERM;
	// An O_TMPFILE inode may get its first name unless it was opened with O_EXCL.
	if (!i->nlink && (from->dentry->flags & DENTRY_NOLINK || from->dentry->name[0] != '#'))
		return -ENOENT;
	return 0;
}

int namei_link(const struct path *from, const struct path *at, const char *name)
{
	struct creation c;
	int err = creation_begin(&c, at, name, false);

	if (!err)
		err = may_link(from, &c.walk.path);
	if (!err) {
		struct inode *dir = c.walk.path.dentry->inode;

		err = dir->ops->link(dir, c.child, from->dentry->inode);
		if (!err)
			notify_inode(from->dentry->inode, IN_ATTRIB);
	}
	creation_end(&c, err);
	return err;
}

static bool is_busy(const struct dentry *d)
{
	return READ_ONCE(d->flags) & (DENTRY_MOUNTPOINT | DENTRY_AUTOMOUNT);
}

// Linux may_delete: |victim| from |dir|, which is locked.
static int may_delete(const struct path *dir, const struct dentry *victim, bool want_dir)
{
	const struct inode *d = dir->dentry->inode, *v = victim->inode;
	const struct cred *c = cred_current();
	int err = inode_permission(dir->dentry->inode, MAY_WRITE | MAY_EXEC);

	if (err)
		return err;
	if (d->mode & S_ISVTX && v->uid != c->fsuid && d->uid != c->fsuid &&
	    !cred_has_cap(c, CAP_FOWNER))
		return -EPERM;
	if (want_dir && !S_ISDIR(v->mode))
		return -ENOTDIR;
	if (!want_dir && S_ISDIR(v->mode))
		return -EISDIR;
	return dir->dentry->inode->nlink ? 0 : -ENOENT;
}

// A whiteout to stand where |d| was, if the file system needs one. 0 or -ENOMEM.
static int make_whiteout(struct dentry *d, struct dentry **out)
{
	struct inode *dir = d->parent->inode;

	*out = NULL;
	if (!dir->ops->needs_whiteout || !dir->ops->needs_whiteout(dir, d->name, d->name_bytes))
		return 0;
	*out = dentry_alloc(d->sb, d->parent, d->name, d->name_bytes);
	if (!*out)
		return -ENOMEM;
	(*out)->flags |= DENTRY_WHITEOUT;
	return 0;
}

static int remove_locked(const struct path *dir, struct dentry *victim, bool want_dir)
{
	struct inode *d = dir->dentry->inode;
	struct dentry *whiteout;
	int err = may_delete(dir, victim, want_dir);

	if (err)
		return err;
	if (is_busy(victim))
		return -EBUSY;
	if (want_dir ? !d->ops->rmdir : !d->ops->unlink)
		return -EPERM;
	err = make_whiteout(victim, &whiteout);
	if (err)
		return err;
	err = want_dir ? d->ops->rmdir(d, victim) : d->ops->unlink(d, victim);
	if (!err)
		dentry_unhash(victim, whiteout);
	else if (whiteout)
		dentry_put(whiteout);
	return err;
}

// Tells of a removal in Linux's order, and gives |victim| back: if this was its last use, the file
// is gone before its directory hears of it.
static __cold void removed(struct inode *dir, struct dentry *victim, const struct walk *w)
{
	struct inode *i = inode_get(victim->inode);

	if (!S_ISDIR(i->mode))
		notify_inode(i, IN_ATTRIB);
	dentry_put(victim);
	notify_name_event(dir, IN_DELETE, i, w->last, w->last_bytes, 0);
	inode_put(i);
}

// Finds and removes the last component of a finished walk.
static int remove_last(struct walk *w, bool want_dir)
{
	struct dentry *dir = w->path.dentry, *victim;
	int err;

	mutex_lock(&dir->inode->lock);
	err = lookup_child_locked(dir, w->last, w->last_bytes, &victim);
	if (err) {
		mutex_unlock(&dir->inode->lock);
		return err;
	}
	if (w->trailing && !want_dir)
		err = S_ISDIR(victim->inode->mode) ? -EISDIR : -ENOTDIR;
	else if (w->path.mount->flags & MOUNT_RDONLY)
		err = -EROFS;
	else
		err = remove_locked(&w->path, victim, want_dir);
	if (!err && notify_on()) {
		removed(dir->inode, victim, w);
		victim = NULL;
	}
	mutex_unlock(&dir->inode->lock);
	if (victim)
		dentry_put(victim);
	return err;
}

int namei_unlink(const struct path *at, const char *name)
{
	struct walk w;
	int err = walk_begin(&w, at, name, 0);

	if (!err)
		err = walk_parent(&w);
	if (!err)
		err = w.last_type == LAST_NORMAL ? remove_last(&w, false) : -EISDIR;
	walk_end(&w);
	return err;
}

int namei_rmdir(const struct path *at, const char *name)
{
	static const int by_type[] = {
		[LAST_NORMAL] = 0,
		[LAST_DOT] = -EINVAL,
		[LAST_DOTDOT] = -ENOTEMPTY,
		[LAST_ROOT] = -EBUSY,
	};
	struct walk w;
	int err = walk_begin(&w, at, name, 0);

	if (!err)
		err = walk_parent(&w);
	if (!err)
		err = by_type[w.last_type];
	if (!err)
		err = remove_last(&w, true);
	walk_end(&w);
	return err;
}

// A rename under way: both directories are locked, ancestors first.
struct rename {
	struct walk from, to;
	struct dentry *old, *target; // owned; |target| NULL: the new name is free
	struct dentry *place;        // owned: carries the new parent and name
	unsigned flags;
};

static void lock_directories(struct dentry *a, struct dentry *b)
{
	if (a == b) {
		mutex_lock(&a->inode->lock);
		return;
	}
	mutex_lock(&renames.lock);
	if (dentry_is_below(a, b)) {
		mutex_lock(&b->inode->lock);
		mutex_lock_nested(&a->inode->lock);
	} else {
		mutex_lock(&a->inode->lock);
		mutex_lock_nested(&b->inode->lock);
	}
}

static void unlock_directories(struct dentry *a, struct dentry *b)
{
	mutex_unlock(&a->inode->lock);
	if (a == b)
		return;
	mutex_unlock(&b->inode->lock);
	mutex_unlock(&renames.lock);
}

// Linux do_renameat2, between the look-ups and vfs_rename.
static int check_rename(const struct rename *r)
{
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (r->target && r->flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (exchange && !r->target)
		return -ENOENT;
	if (exchange && r->to.trailing && !S_ISDIR(r->target->inode->mode))
		return -ENOTDIR;
	if (!S_ISDIR(r->old->inode->mode) && (r->from.trailing || (!exchange && r->to.trailing)))
		return -ENOTDIR;
	// A directory must not go below itself.
	if (dentry_is_below(r->to.path.dentry, r->old))
		return -EINVAL;
	if (r->target && dentry_is_below(r->from.path.dentry, r->target))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int may_rename(const struct rename *r)
{
	bool old_is_dir = S_ISDIR(r->old->inode->mode);
	struct inode *to = r->to.path.dentry->inode;
	int err = may_delete(&r->from.path, r->old, old_is_dir);

	if (err)
		return err;
	if (!r->target)
		err = may_create(&r->to.path);
	else if (r->flags & RENAME_EXCHANGE)
		err = may_delete(&r->to.path, r->target, S_ISDIR(r->target->inode->mode));
	else
		err = may_delete(&r->to.path, r->target, old_is_dir);
	if (err)
		return err;
	if (!to->ops->rename)
		return -EPERM;
	// A directory that gets another parent is written itself ("..").
	if (to != r->from.path.dentry->inode && old_is_dir)
		err = inode_permission(r->old->inode, MAY_WRITE);
	if (!err && to != r->from.path.dentry->inode && r->flags & RENAME_EXCHANGE &&
	    S_ISDIR(r->target->inode->mode))
		err = inode_permission(r->target->inode, MAY_WRITE);
	return err;
}

// What shall stand under |r|'s old name: a character device 0:0 with RENAME_WHITEOUT, which is an
// ordinary file; else a whiteout of our own if a lower layer has the name; or nothing.
static int fill_old_name(const struct rename *r, struct dentry **out)
{
	struct dentry *old = r->old, *d;
	struct inode *dir = old->parent->inode;
	int err;

	*out = NULL;
	if (r->flags & RENAME_EXCHANGE)
		return 0;
	if (!(r->flags & RENAME_WHITEOUT))
		return make_whiteout(old, out);
	if (!dir->ops->create)
		return -EINVAL;
	d = dentry_alloc(old->sb, old->parent, old->name, old->name_bytes);
	if (!d)
		return -ENOMEM;
	err = dir->ops->create(dir, d, S_IFCHR, 0);
	if (err)
		dentry_put(d);
	else
		*out = d;
	return err;
}

static void unfill_old_name(struct inode *dir, struct dentry *d)
{
	if (!d)
		return;
	if (d->inode)
		(void)dir->ops->unlink(dir, d); // cannot fail: it was made under the same lock
	dentry_put(d);
}

static __cold void renamed(const struct rename *r, struct inode *from, struct inode *to)
{
	notify_rename(from, r->from.last, r->from.last_bytes, r->old);
	if (r->target && !(r->flags & RENAME_EXCHANGE))
		notify_inode(r->target->inode, IN_ATTRIB);
	notify_inode(r->old->inode, IN_MOVE_SELF);
	if (!(r->flags & RENAME_EXCHANGE))
		return;
	notify_rename(to, r->to.last, r->to.last_bytes, r->target);
	notify_inode(r->target->inode, IN_MOVE_SELF);
}

static int do_rename(struct rename *r)
{
	struct inode *from = r->from.path.dentry->inode, *to = r->to.path.dentry->inode;
	struct dentry *whiteout = NULL;
	int err;

	if (r->target && r->target->inode == r->old->inode)
		return 0; // two names of one file: nothing happens
	err = may_rename(r);
	if (err)
		return err;
	if (is_busy(r->old) || (r->target && is_busy(r->target)))
		return -EBUSY;
	err = fill_old_name(r, &whiteout);
	if (err)
		return err;
	err = from->ops->rename(from, r->old, to, r->target ? r->target : r->place, r->flags);
	if (err) {
		unfill_old_name(from, whiteout);
		return err;
	}
	if (r->flags & RENAME_EXCHANGE)
		dentry_exchange(r->old, r->target);
	else
		dentry_move(r->old, r->place, whiteout);
	if (notify_on())
		renamed(r, from, to);
	return 0;
}

static int rename_locked(struct rename *r)
{
	struct dentry *to = r->to.path.dentry;
	int err =
		lookup_child_locked(r->from.path.dentry, r->from.last, r->from.last_bytes, &r->old);

	if (err)
		return err;
	err = lookup_child_locked(to, r->to.last, r->to.last_bytes, &r->target);
	if (err == -ENOENT)
		r->target = NULL;
	else if (err)
		return err;
	err = check_rename(r);
	if (err)
		return err;
	r->place = dentry_alloc(to->sb, to, r->to.last, r->to.last_bytes);
	return r->place ? do_rename(r) : -ENOMEM;
}

static int walk_both(struct rename *r)
{
	int err = walk_parent(&r->from);

	if (!err)
		err = walk_parent(&r->to);
	if (err)
		return err;
	if (r->from.path.mount != r->to.path.mount)
		return -EXDEV;
	if (r->from.last_type != LAST_NORMAL)
		return -EBUSY;
	if (r->to.last_type != LAST_NORMAL)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	return r->from.path.mount->flags & MOUNT_RDONLY ? -EROFS : 0;
}

int namei_rename(const struct path *old_at, const char *old_name, const struct path *new_at,
		 const char *new_name, unsigned flags)
{
	struct rename r = { .flags = flags };
	int err, err2;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if (flags & RENAME_EXCHANGE && flags & (RENAME_NOREPLACE | RENAME_WHITEOUT))
		return -EINVAL;
	err = walk_begin(&r.from, old_at, old_name, 0);
	err2 = walk_begin(&r.to, new_at, new_name, 0);
	if (!err)
		err = err2;
	if (!err)
		err = walk_both(&r);
	if (!err) {
		lock_directories(r.from.path.dentry, r.to.path.dentry);
		err = rename_locked(&r);
		unlock_directories(r.from.path.dentry, r.to.path.dentry);
	}
	if (r.place)
		dentry_put(r.place);
	if (r.target)
		dentry_put(r.target);
	if (r.old)
		dentry_put(r.old);
	walk_end(&r.to);
	walk_end(&r.from);
	return err;
}

int namei_truncate(const struct path *p, uint64_t size_bytes)
{
	struct inode *i = p->dentry->inode;
	int err;

	if (size_bytes > INT64_MAX)
		return -EINVAL;
	if (S_ISDIR(i->mode))
		return -EISDIR;
	if (!S_ISREG(i->mode))
		return -EINVAL;
	if (p->mount->flags & MOUNT_RDONLY)
		return -EROFS;
	err = inode_permission(i, MAY_WRITE);
	if (!err)
		err = inode_get_write_access(i);
	if (err)
		return err;
	err = inode_truncate(i, size_bytes);
	inode_put_write_access(i);
	if (!err)
		notify_dentry(p->dentry, IN_MODIFY);
	return err;
}

int64_t namei_readlink(const struct path *p, char *buf, size_t bytes)
{
	struct inode *i = p->dentry->inode;

	if (!S_ISLNK(i->mode) || !i->ops->readlink)
		return -EINVAL;
	inode_touch_atime(p->mount, i);
	return i->ops->readlink(i, buf, bytes);
}

static int access_with(const struct path *p, unsigned mask)
{
	struct inode *i = p->dentry->inode;
	int err;

	if (mask & MAY_EXEC && S_ISREG(i->mode) &&
	    (p->mount->flags & MOUNT_NOEXEC || i->sb->flags & SB_NOEXEC))
		return -EACCES;
	err = inode_permission(i, mask);
	if (err || !(mask & MAY_WRITE))
		return err;
	if (p->mount->flags & MOUNT_RDONLY && (S_ISREG(i->mode) || S_ISDIR(i->mode)))
		return -EROFS;
	return 0;
}

// Do the real ids already decide as the effective ones would?
static bool real_is_effective(const struct cred *c)
{
	if (c->uid != c->fsuid || c->gid != c->fsgid)
		return false;
	return c->uid ? !c->cap_effective : c->cap_effective == c->cap_permitted;
}

int namei_access(const struct path *p, unsigned mask, bool effective)
{
	const struct cred *c = cred_current();
	struct cred *saved, *real;
	int err;

	if (effective || real_is_effective(c))
		return access_with(p, mask);
	real = cred_clone(c);
	if (!real)
		return -ENOMEM;
	real->fsuid = c->uid;
	real->fsgid = c->gid;
	real->cap_effective = c->uid ? 0 : c->cap_permitted;
	saved = cred_exchange(real);
	err = access_with(p, mask);
	cred_put(cred_exchange(saved));
	return err;
}
