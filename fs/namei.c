// Path walking, as Linux's fs/namei.c (6.18) answers: components, symlinks, "..", mounts, and the
// restrictions of openat2. Texts of symlinks are copied and kept until the walk ends. No lock is
// held between components; each look-up takes the directory's lock only if the name is not cached.
#include "fs/namei.h"

#include <linux/errno.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/mount.h"
#include "fs/stat.h"
#include "fs/vfs.h"
#include "fs/walk.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

#define TARGET_BYTES_MAX 4096 // PATH_MAX, for links whose length is not known before

struct link_body {
	struct link_body *older;
	const char *resume; // what follows the link; NULL: nothing, or already resumed
	char text[];
};

#define LOOKUP_SCOPED (LOOKUP_BENEATH | LOOKUP_IN_ROOT)

static const char *skip_slashes(const char *s)
{
	while (*s == '/')
		s++;
	return s;
}

static void set_path(struct path *slot, const struct path *p)
{
	path_get(p);
	path_put(slot);
	*slot = *p;
}

static void get_root(struct path *out)
{
	struct fs_context *c = fs_context_current();

	if (c) {
		fs_context_get_root(c, out);
		return;
	}
	*out = *vfs_root();
	path_get(out);
}

int walk_begin(struct walk *w, const struct path *at, const char *name, unsigned flags)
{
	*w = (struct walk){ .flags = flags, .rest = name, .last_type = LAST_ROOT };
	if (flags & LOOKUP_SCOPED) {
		w->moves = READ_ONCE(dentry_moves);
		w->root = *at;
		path_get(at);
	} else {
		get_root(&w->root);
	}
	if (!*name && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	if (*name != '/') {
		w->path = *at;
		path_get(at);
		return 0;
	}
	if (flags & LOOKUP_BENEATH)
		return -EXDEV;
	if (flags & LOOKUP_NO_XDEV && at->mount != w->root.mount)
		return -EXDEV;
	w->path = w->root;
	path_get(&w->path);
	return 0;
}

void walk_end(struct walk *w)
{
	while (w->bodies) {
		struct link_body *b = w->bodies;

		w->bodies = b->older;
		kfree(b);
	}
	path_put(&w->path);
	path_put(&w->root);
}

// Finds out what a name that is not cached stands for. The directory's lock is held.
static int lookup_uncached(struct dentry *dir, const char *name, size_t bytes, struct dentry **out)
{
	struct dentry tmp, *d;
	int err;

	if (!dir->inode->ops->lookup)
		return -ENOENT;
	// Most misses end here: no memory is allocated for them.
	tmp = (struct dentry){ .sb = dir->sb, .parent = dir, .name = (char *)name };
	tmp.name_bytes = (uint16_t)bytes;
	err = dir->inode->ops->lookup(dir->inode, &tmp);
	if (err == -EEXIST) { // it made the dentry itself
		*out = dentry_find(dir, name, bytes);
		return *out ? 0 : -ENOENT;
	}
	if (err)
		return err;
	if (!tmp.inode)
		return -ENOENT;
	d = dentry_alloc(dir->sb, dir, name, bytes);
	if (!d) {
		inode_put(tmp.inode);
		return -ENOMEM;
	}
	d->inode = tmp.inode;
	d->cookie = tmp.cookie;
	d->flags |= tmp.flags;
	dentry_hash(d);
	*out = d;
	return 0;
}

// A cached name with a reference, or NULL: not cached or no longer right.
static struct dentry *find_valid(struct dentry *dir, const char *name, size_t bytes)
{
	struct dentry *d = dentry_find(dir, name, bytes);
	const struct superblock *sb = dir->sb;

	if (d && sb->flags & SB_VOLATILE && sb->ops->revalidate && !sb->ops->revalidate(d)) {
		dentry_unhash(d, NULL);
		dentry_put(d);
		return NULL;
	}
	return d;
}

static int found(struct dentry *d, struct dentry **out)
{
	if (unlikely(READ_ONCE(d->flags) & DENTRY_WHITEOUT)) {
		dentry_put(d);
		return -ENOENT;
	}
	*out = d;
	return 0;
}

__stack_guarded int lookup_child_locked(struct dentry *dir, const char *name, size_t bytes,
					struct dentry **out)
{
	struct dentry *d;

	if (bytes > NAME_BYTES_MAX)
		return -ENAMETOOLONG;
	d = find_valid(dir, name, bytes);
	if (d)
		return found(d, out);
	return lookup_uncached(dir, name, bytes, out);
}

int lookup_child(struct dentry *dir, const char *name, size_t bytes, struct dentry **out)
{
	struct dentry *d;
	int err;

	if (bytes > NAME_BYTES_MAX)
		return -ENAMETOOLONG;
	d = find_valid(dir, name, bytes);
	if (likely(d))
		return found(d, out);
	mutex_lock(&dir->inode->lock);
	err = lookup_child_locked(dir, name, bytes, out);
	mutex_unlock(&dir->inode->lock);
	return err;
}

static int step_up(struct walk *w)
{
	for (;;) {
		struct path parent;

		if (path_equal(&w->path, &w->root))
			return w->flags & LOOKUP_BENEATH ? -EXDEV : 0;
		if (w->path.dentry != w->path.mount->root) {
			bool moved;

			spin_lock(&dentry_lock);
			parent.dentry = dentry_get(w->path.dentry->parent);
			moved = dentry_moves != w->moves;
			spin_unlock(&dentry_lock);
			dentry_put(w->path.dentry);
			w->path.dentry = parent.dentry;
			// Linux handle_dots(): the folder may have been moved out of the root.
			if (moved && w->flags & LOOKUP_SCOPED)
				return -EAGAIN;
			break;
		}
		if (!mount_follow_up(&w->path))
			return 0;
		if (w->flags & LOOKUP_NO_XDEV)
			return -EXDEV;
	}
	return mount_follow(&w->path);
}

static int cross_mounts(struct walk *w)
{
	struct mount *before = w->path.mount;
	int err;

	if (likely(!(READ_ONCE(w->path.dentry->flags) & (DENTRY_MOUNTPOINT | DENTRY_AUTOMOUNT))))
		return 0;
	err = mount_follow(&w->path);
	if (!err && w->path.mount != before && w->flags & LOOKUP_NO_XDEV)
		err = -EXDEV;
	return err;
}

static int follow_magic(struct walk *w, struct inode *link)
{
	struct path to;
	int err;

	if (w->flags & LOOKUP_NO_MAGICLINKS)
		return -ELOOP;
	err = link->ops->get_link(link, &to);
	if (err)
		return err;
	if (w->flags & LOOKUP_SCOPED || (w->flags & LOOKUP_NO_XDEV && to.mount != w->path.mount)) {
		path_put(&to);
		return -EXDEV;
	}
	path_put(&w->path);
	w->path = to;
	return 0;
}

static int push_body(struct walk *w, struct inode *link)
{
	size_t room = link->size_bytes ? link->size_bytes : TARGET_BYTES_MAX;
	struct link_body *b = kmalloc(sizeof(*b) + room + 1);
	int64_t n;

	if (!b)
		return -ENOMEM;
	n = link->ops->readlink(link, b->text, room);
	if (n <= 0) {
		kfree(b);
		return n ? (int)n : -ENOENT;
	}
	b->text[n] = '\0';
	b->resume = *w->rest ? w->rest : NULL;
	b->older = w->bodies;
	w->bodies = b;
	w->rest = b->text;
	return 0;
}

// 1: the link's text is to be walked; 0: a magic link led to its place.
static int follow_link(struct walk *w, struct inode *link)
{
	int err;

	if (w->links++ >= LINKS_MAX || w->flags & LOOKUP_NO_SYMLINKS ||
	    w->path.mount->flags & MOUNT_NOSYMFOLLOW)
		return -ELOOP;
	inode_touch_atime(w->path.mount, link);
	if (link->ops->get_link) {
		err = follow_magic(w, link);
		if (err != -EOPNOTSUPP)
			return err;
	}
	err = push_body(w, link);
	if (err)
		return err;
	if (*w->rest != '/')
		return 1;
	if (w->flags & LOOKUP_BENEATH)
		return -EXDEV;
	if (w->flags & LOOKUP_NO_XDEV && w->root.mount != w->path.mount)
		return -EXDEV;
	set_path(&w->path, &w->root);
	return 1;
}

int walk_onto(struct walk *w, struct dentry *child, bool follow)
{
	int err;

	if (S_ISLNK(child->inode->mode) && follow) {
		err = follow_link(w, child->inode);
		dentry_put(child);
		return err;
	}
	dentry_put(w->path.dentry);
	w->path.dentry = child;
	return cross_mounts(w);
}

static int step(struct walk *w, enum last_type type, const char *name, size_t bytes, bool follow)
{
	struct dentry *child;
	int err;

	if (type == LAST_DOTDOT)
		return step_up(w);
	if (type != LAST_NORMAL)
		return 0;
	err = lookup_child(w->path.dentry, name, bytes, &child);
	return err ? err : walk_onto(w, child, follow);
}

static enum last_type component_type(const char *name, size_t bytes)
{
	if (name[0] != '.' || bytes > 2)
		return LAST_NORMAL;
	if (bytes == 1)
		return LAST_DOT;
	return name[1] == '.' ? LAST_DOTDOT : LAST_NORMAL;
}

static bool resume_outer(struct walk *w)
{
	for (struct link_body *b = w->bodies; b; b = b->older) {
		if (!b->resume)
			continue;
		w->rest = b->resume;
		b->resume = NULL;
		return true;
	}
	return false;
}

static bool outer_pending(const struct walk *w)
{
	for (const struct link_body *b = w->bodies; b; b = b->older)
		if (b->resume)
			return true;
	return false;
}

int walk_parent(struct walk *w)
{
	w->last_type = LAST_ROOT;
	for (;;) {
		const char *name = skip_slashes(w->rest), *end;
		enum last_type type;
		size_t bytes;
		int err;

		w->rest = name;
		if (!*name) {
			if (!resume_outer(w))
				return 0;
			continue;
		}
		if (!S_ISDIR(w->path.dentry->inode->mode))
			return -ENOTDIR;
		err = inode_permission(w->path.dentry->inode, 1);
		if (err)
			return err;
		for (end = name; *end && *end != '/'; end++)
			;
		bytes = (size_t)(end - name);
		type = component_type(name, bytes);
		w->rest = skip_slashes(end);
		if (!*w->rest && !outer_pending(w)) {
			w->last = name;
			w->last_bytes = bytes;
			w->last_type = type;
			w->trailing |= *end == '/';
			return 0;
		}
		err = step(w, type, name, bytes, true);
		if (err < 0)
			return err;
	}
}

int walk_last(struct walk *w, bool follow)
{
	return step(w, w->last_type, w->last, w->last_bytes, follow || w->trailing);
}

int walk_whole(struct walk *w)
{
	int err;

	do {
		err = walk_parent(w);
		if (!err)
			err = walk_last(w, w->flags & LOOKUP_FOLLOW);
	} while (err > 0);
	if (!err && (w->trailing || w->flags & LOOKUP_DIRECTORY) &&
	    !S_ISDIR(w->path.dentry->inode->mode))
		err = -ENOTDIR;
	return err;
}

int namei_lookup(const struct path *at, const char *name, unsigned flags, struct path *out)
{
	struct walk w;
	int err = walk_begin(&w, at, name, flags);

	if (!err)
		err = walk_whole(&w);
	if (!err) {
		*out = w.path;
		w.path = (struct path){ 0 };
	}
	walk_end(&w);
	return err;
}
