// Directories of tmpfs: names made here, names of the initramfs below, whiteouts. The callers hold
// the directory's lock. A name made here is listed by its cookie (order tree); one of the layer
// below by its position there, unless the tree of names says that it is gone or replaced.
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/dir.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/stat.h"
#include "fs/tmpfs_inode.h"
#include "fs/walk.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

#define ENTRY_BYTES 20u // what an entry adds to a directory's size (Linux BOGO_DIRENT_SIZE)

#define MODE_TO_DT(mode) (((mode)&S_IFMT) >> 12) // DT_* are the type bits of the mode

void tmpfs_order_add(struct inode *dir, struct dentry *d)
{
	struct tmpfs_dir *t = tmpfs_dir_of(dir);
	struct rb_node *parent = rb_last(&t->order);

	d->cookie = t->next_cookie++;
	rb_insert(&t->order, &d->order, parent, parent ? &parent->right : &t->order.node, NULL);
}

void tmpfs_order_remove(struct inode *dir, struct dentry *d)
{
	if (d->cookie >= TMPFS_POS_UPPER)
		rb_erase(&tmpfs_dir_of(dir)->order, &d->order, NULL);
	d->cookie = 0;
}

static bool is_root_dir(const struct dentry *d)
{
	const struct mount *m = mount_root();

	return m && d == m->root;
}

// Makes a directory for something to be mounted on, with its dentry: -EEXIST says so.
static int make_mountpoint(struct dentry *parent, const struct automount *a)
{
	struct dentry *d = dentry_alloc(parent->sb, parent, a->name, strlen(a->name));
	int err;

	if (!d)
		return -ENOMEM;
	err = tmpfs_make_inode(parent->inode, S_IFDIR | a->mode, 0, &d->inode);
	if (!err) {
		d->flags |= DENTRY_AUTOMOUNT;
		parent->inode->nlink++;
		tmpfs_order_add(parent->inode, d);
		dentry_hash(d);
		err = -EEXIST;
	}
	dentry_put(d);
	return err;
}

static bool has_lower_names(struct inode *dir)
{
	const struct image_entry *ent = initramfs_entry(tmpfs_dir_of(dir)->lower);

	return ent && ent->children;
}

static int lookup_automount(struct dentry *child)
{
	const struct automount *a = mount_find_automount("/", child->name, child->name_bytes);

	if (!a)
		return 0;
	if (!child->inode)
		return make_mountpoint(child->parent, a);
	if (S_ISDIR(child->inode->mode) && !(a->only_if_empty && has_lower_names(child->inode)))
		child->flags |= DENTRY_AUTOMOUNT;
	return 0;
}

static int tmpfs_lookup(struct inode *dir, struct dentry *child)
{
	struct tmpfs_dir *t = tmpfs_dir_of(dir);
	uint32_t e;
	int err;

	if (t->lower != INITRAMFS_NONE) {
		e = initramfs_lookup(t->lower, child->name, child->name_bytes);
		if (e != INITRAMFS_NONE) {
			err = tmpfs_lower_inode(dir->sb, e, &child->inode);
			if (err)
				return err;
			child->cookie =
				e - initramfs_entry(t->lower)->first_child + TMPFS_POS_LOWER;
		}
	}
	return is_root_dir(child->parent) ? lookup_automount(child) : 0;
}

void tmpfs_entry_added(struct inode *dir, struct dentry *child)
{
	tmpfs_order_add(dir, child);
	dir->size_bytes += ENTRY_BYTES;
	inode_touch_mtime(dir);
}

static void entry_removed(struct inode *dir, struct dentry *child)
{
	tmpfs_order_remove(dir, child);
	dir->size_bytes -= MIN(dir->size_bytes, (uint64_t)ENTRY_BYTES);
	inode_touch_mtime(dir);
}

static int tmpfs_make(struct inode *dir, struct dentry *child, uint32_t mode, uint64_t rdev)
{
	int err = tmpfs_make_inode(dir, mode, rdev, &child->inode);

	if (!err)
		tmpfs_entry_added(dir, child);
	return err;
}

static int tmpfs_mkdir(struct inode *dir, struct dentry *child, uint32_t mode)
{
	int err = tmpfs_make(dir, child, mode, 0);

	if (!err)
		dir->nlink++;
	return err;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *child, const char *target)
{
	int err = tmpfs_make_link(dir, target, &child->inode);

	if (!err)
		tmpfs_entry_added(dir, child);
	return err;
}

static void change_nlink(struct inode *i, int by)
{
	mutex_lock_nested(&i->lock);
	i->nlink += (uint32_t)by;
	inode_touch_ctime(i);
	mutex_unlock(&i->lock);
}

static int tmpfs_link(struct inode *dir, struct dentry *child, struct inode *target)
{
	child->inode = inode_get(target);
	change_nlink(target, 1);
	tmpfs_entry_added(dir, child);
	return 0;
}

static int tmpfs_unlink(struct inode *dir, struct dentry *child)
{
	entry_removed(dir, child);
	change_nlink(child->inode, -1);
	return 0;
}

// Is any name of the layer below still visible?
static bool lower_is_empty(struct dentry *dir)
{
	const struct image_entry *ent = initramfs_entry(tmpfs_dir_of(dir->inode)->lower);

	for (uint32_t k = 0; ent && k < ent->children; k++) {
		const struct image_entry *c = initramfs_entry(ent->first_child + k);
		struct dentry *d = c ? dentry_find(dir, initramfs_name(c), c->name_bytes) : NULL;

		if (!d)
			return false;
		dentry_put(d); // positive ones were counted by dentry_has_children
	}
	return true;
}

static bool dir_is_empty(struct dentry *dir)
{
	return !dentry_has_children(dir) && lower_is_empty(dir);
}

// Takes the directory out of use if it is empty: nobody can add to it once it is marked.
static int kill_dir(struct dentry *d)
{
	int err = 0;

	mutex_lock_nested(&d->inode->lock);
	if (!dir_is_empty(d)) {
		err = -ENOTEMPTY;
	} else {
		d->inode->nlink = 0;
		inode_touch_ctime(d->inode);
	}
	mutex_unlock(&d->inode->lock);
	return err;
}

static int tmpfs_rmdir(struct inode *dir, struct dentry *child)
{
	int err = kill_dir(child);

	if (err)
		return err;
	entry_removed(dir, child);
	dir->nlink--;
	return 0;
}

static void exchange(struct inode *a_dir, struct dentry *a, struct inode *b_dir, struct dentry *b)
{
	tmpfs_order_remove(a_dir, a);
	tmpfs_order_remove(b_dir, b);
	tmpfs_order_add(b_dir, a);
	tmpfs_order_add(a_dir, b);
	if (a_dir != b_dir && S_ISDIR(a->inode->mode) != S_ISDIR(b->inode->mode)) {
		int by = S_ISDIR(a->inode->mode) ? 1 : -1;

		b_dir->nlink += (uint32_t)by;
		a_dir->nlink -= (uint32_t)by;
	}
}

static int replace(struct inode *new_dir, struct dentry *target)
{
	int err = 0;

	if (S_ISDIR(target->inode->mode)) {
		err = kill_dir(target);
		if (!err)
			new_dir->nlink--;
	} else {
		change_nlink(target->inode, -1);
	}
	if (!err)
		entry_removed(new_dir, target);
	return err;
}

static int tmpfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			struct dentry *target, unsigned flags)
{
	int err;

	if (flags & RENAME_EXCHANGE) {
		exchange(old_dir, old, new_dir, target);
		inode_touch_ctime(target->inode);
	} else {
		err = target->inode ? replace(new_dir, target) : 0;
		if (err)
			return err;
		entry_removed(old_dir, old);
		tmpfs_entry_added(new_dir, old);
		if (S_ISDIR(old->inode->mode) && old_dir != new_dir) {
			old_dir->nlink--;
			new_dir->nlink++;
		}
	}
	inode_touch_mtime(old_dir);
	inode_touch_mtime(new_dir);
	inode_touch_ctime(old->inode);
	return 0;
}

static bool tmpfs_needs_whiteout(struct inode *dir, const char *name, size_t name_bytes)
{
	uint32_t lower = tmpfs_dir_of(dir)->lower;

	return lower != INITRAMFS_NONE &&
	       initramfs_lookup(lower, name, name_bytes) != INITRAMFS_NONE;
}

static int tmpfs_tmpfile(struct inode *dir, uint32_t mode, struct inode **out)
{
	return tmpfs_make_inode(dir, mode, 0, out);
}

static int tmpfs_getattr(struct inode *i, struct kstat *out)
{
	struct tmpfs_dir *t = tmpfs_dir_of(i);
	const struct image_entry *ent = initramfs_entry(t->lower);

	mutex_lock(&i->lock);
	for (uint32_t k = 0; ent && !t->nlink_counted && k < ent->children; k++) {
		const struct image_entry *c = initramfs_entry(ent->first_child + k);

		if (c && S_ISDIR(c->mode))
			i->nlink++;
	}
	t->nlink_counted = true;
	out->nlink = i->nlink;
	mutex_unlock(&i->lock);
	return 0;
}

static void tmpfs_dir_release(struct inode *i)
{
	if (i->sb->limit_inodes)
		__atomic_fetch_sub(&i->sb->used_inodes, 1, __ATOMIC_RELAXED);
	kfree(tmpfs_dir_of(i));
}

// Brings all directories of registered file systems in, so that a listing of "/" shows them.
static void show_automounts(struct dentry *dir)
{
	struct tmpfs_dir *t = tmpfs_dir_of(dir->inode);
	const struct automount *a = NULL;

	if (t->automounts_shown || !is_root_dir(dir))
		return;
	while ((a = mount_next_automount(a, "/"))) {
		struct dentry *d;

		if (!lookup_child_locked(dir, a->name, strlen(a->name), &d))
			dentry_put(d);
	}
	t->automounts_shown = true;
}

static bool emit_dentry(struct dir_emit *e, struct dentry *d)
{
	return e->emit(e, d->name, d->name_bytes, d->inode->ino, MODE_TO_DT(d->inode->mode),
		       d->cookie + 1);
}

// A name of the layer below, unless a whiteout or another file stands there.
static bool emit_lower(struct dir_emit *e, struct dentry *dir, const struct image_entry *ent,
		       uint64_t pos)
{
	struct dentry *d = dentry_find(dir, initramfs_name(ent), ent->name_bytes);
	bool hidden = d && (d->flags & DENTRY_WHITEOUT || d->cookie != pos);

	if (d)
		dentry_put(d);
	return hidden || e->emit(e, initramfs_name(ent), ent->name_bytes, ent->inode,
				 MODE_TO_DT(ent->mode), pos + 1);
}

static bool emit_dots(struct file *f, struct dir_emit *e)
{
	struct dentry *d = f->path.dentry;

	if (f->pos == 0) {
		if (!e->emit(e, ".", 1, d->inode->ino, MODE_TO_DT(S_IFDIR), 1))
			return false;
		f->pos = 1;
	}
	if (f->pos == 1) {
		if (!e->emit(e, "..", 2, d->parent->inode->ino, MODE_TO_DT(S_IFDIR), 2))
			return false;
		f->pos = 2;
	}
	return true;
}

static bool emit_lowers(struct file *f, struct dir_emit *e)
{
	struct dentry *dir = f->path.dentry;
	const struct image_entry *ent = initramfs_entry(tmpfs_dir_of(dir->inode)->lower);

	while (ent && f->pos < TMPFS_POS_LOWER + ent->children) {
		const struct image_entry *c =
			initramfs_entry(ent->first_child + (uint32_t)(f->pos - TMPFS_POS_LOWER));

		if (c && !emit_lower(e, dir, c, f->pos))
			return false;
		f->pos++;
	}
	f->pos = MAX(f->pos, TMPFS_POS_UPPER);
	return true;
}

static struct dentry *first_from(struct tmpfs_dir *t, uint64_t cookie)
{
	struct rb_node *n = t->order.node, *best = NULL;

	while (n) {
		if (rb_entry(n, struct dentry, order)->cookie >= cookie) {
			best = n;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best ? rb_entry(best, struct dentry, order) : NULL;
}

static int tmpfs_getdents(struct file *f, struct dir_emit *e)
{
	struct tmpfs_dir *t = tmpfs_dir_of(f->inode);
	struct dentry *d;

	mutex_lock(&f->inode->lock);
	show_automounts(f->path.dentry);
	if (emit_dots(f, e) && emit_lowers(f, e)) {
		for (d = first_from(t, f->pos); d; d = first_from(t, f->pos)) {
			if (!emit_dentry(e, d))
				break;
			f->pos = d->cookie + 1;
		}
	}
	mutex_unlock(&f->inode->lock);
	return 0;
}

static int64_t tmpfs_dir_seek(struct file *f, int64_t offset, int whence)
{
	if (whence == SEEK_END)
		return -EINVAL;
	return file_seek_within(f, offset, whence, 0);
}

static int tmpfs_dir_fsync(struct file *f, bool data_only)
{
	return 0;
}

const struct inode_ops tmpfs_dir_inode_ops = {
	.lookup = tmpfs_lookup,
	.create = tmpfs_make,
	.mkdir = tmpfs_mkdir,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.needs_whiteout = tmpfs_needs_whiteout,
	.tmpfile = tmpfs_tmpfile,
	.getattr = tmpfs_getattr,
	.release = tmpfs_dir_release,
};

const struct file_ops tmpfs_dir_file_ops = {
	.getdents = tmpfs_getdents,
	.seek = tmpfs_dir_seek,
	.fsync = tmpfs_dir_fsync,
};
