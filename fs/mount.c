// Superblocks and mounts. Mounting and unmounting are serialised by namespace_lock (a mutex); the
// links that path walks follow are guarded by dentry_lock.
#include "fs/mount.h"

#include <linux/errno.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/namei.h"
#include "fs/notify.h"
#include "fs/stat.h"
#include "fs/vfs.h"
#include "kernel/base/panic.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

static struct {
	struct mutex namespace_lock;
	struct list_node mounts; // attached ones; guarded by dentry_lock
	struct automount *automounts;
	uint32_t next_id;  // atomic
	uint32_t next_dev; // atomic
} mnt;

void superblock_init(struct superblock *sb, const struct superblock_ops *ops, const char *fstype,
		     uint64_t magic)
{
	sb->ops = ops;
	sb->fstype = fstype;
	sb->source = fstype;
	sb->magic = magic;
	sb->dev = kdev_make(0, __atomic_add_fetch(&mnt.next_dev, 1, __ATOMIC_RELAXED));
	sb->refs = 1;
	sb->next_ino = 1;
}

void superblock_put(struct superblock *sb)
{
	if (__atomic_sub_fetch(&sb->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (notify_on())
		notify_unmounted(sb);
	dentry_put(sb->root);
	if (sb->ops && sb->ops->release)
		sb->ops->release(sb);
}

struct mount *mount_get(struct mount *m)
{
	__atomic_fetch_add(&m->refs, 1, __ATOMIC_RELAXED);
	return m;
}

void mount_put(struct mount *m)
{
	while (m && !__atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL)) {
		struct mount *parent = m->parent == m ? NULL : m->parent;

		dentry_put(m->root);
		if (m->mountpoint)
			dentry_put(m->mountpoint);
		superblock_put(m->sb);
		kfree(m);
		m = parent;
	}
}

void mount_init_internal(struct mount *m, struct superblock *sb)
{
	m->refs = 1;
	m->id = __atomic_add_fetch(&mnt.next_id, 1, __ATOMIC_RELAXED);
	m->sb = sb;
	m->parent = m;
	list_init(&m->node);
}

void mount_init(void)
{
	mutex_init(&mnt.namespace_lock, RANK_MOUNT);
	list_init(&mnt.mounts);
	mnt.automounts = NULL;
	mnt.next_id = mnt.next_dev = 0;
}

static struct mount *find_mounted_locked(const struct path *p)
{
	struct mount *m;

	list_for_each (m, &mnt.mounts, node)
		if (m->mountpoint == p->dentry && m->parent == p->mount)
			return m;
	return NULL;
}

static int attach_locked(struct superblock *sb, const struct path *where, unsigned flags)
{
	struct mount *m = kzalloc(sizeof(*m));

	if (!m)
		return -ENOMEM;
	mount_init_internal(m, sb);
	m->flags = flags;
	m->root = dentry_get(sb->root);
	if (where) {
		m->parent = mount_get(where->mount);
		m->mountpoint = dentry_get(where->dentry);
	}
	spin_lock(&dentry_lock);
	if (where) {
		where->dentry->flags |= DENTRY_MOUNTPOINT;
		where->dentry->flags &= (uint16_t)~DENTRY_AUTOMOUNT;
	}
	list_push_back(&mnt.mounts, &m->node);
	spin_unlock(&dentry_lock);
	return 0;
}

int mount_attach(struct superblock *sb, const struct path *where, unsigned flags)
{
	int err;

	if (where && S_ISDIR(where->dentry->inode->mode) != S_ISDIR(sb->root->inode->mode))
		return -ENOTDIR;
	mutex_lock(&mnt.namespace_lock);
	err = attach_locked(sb, where, flags);
	mutex_unlock(&mnt.namespace_lock);
	return err;
}

static bool has_submounts_locked(const struct mount *m)
{
	struct mount *other;

	list_for_each (other, &mnt.mounts, node)
		if (other->parent == m && other != m)
			return true;
	return false;
}

static void detach_locked(struct mount *m)
{
	struct path p = { m->parent, m->mountpoint };

	list_remove(&m->node);
	m->detached = true;
	if (!find_mounted_locked(&p))
		m->mountpoint->flags &= (uint16_t)~DENTRY_MOUNTPOINT;
}

int mount_detach(const struct path *mounted_root, bool lazy)
{
	struct mount *m = mounted_root->mount;
	int err = 0;

	if (m->root != mounted_root->dentry || m->parent == m)
		return -EINVAL;
	mutex_lock(&mnt.namespace_lock);
	spin_lock(&dentry_lock);
	if (m->detached)
		err = -EINVAL;
	// One reference is the tree's, one the caller's path.
	else if (!lazy && (has_submounts_locked(m) || READ_ONCE(m->refs) > 2))
		err = -EBUSY;
	else
		detach_locked(m);
	spin_unlock(&dentry_lock);
	mutex_unlock(&mnt.namespace_lock);
	if (!err)
		mount_put(m);
	return err;
}

static struct automount *automount_for(const struct path *p)
{
	char buf[64];
	const char *dir;
	struct path parent = { p->mount, p->dentry->parent };

	dir = path_to_string(&parent, vfs_root(), buf, sizeof(buf));
	for (struct automount *a = mnt.automounts; dir && a; a = a->next)
		if (!strcmp(a->dir, dir) && !strcmp(a->name, p->dentry->name))
			return a;
	return NULL;
}

// Mounts what is registered for |p|. The flag is tested again under the lock.
static int automount(const struct path *p)
{
	struct automount *a = automount_for(p);
	struct superblock *sb;
	int err = 0;

	mutex_lock(&mnt.namespace_lock);
	if (!(READ_ONCE(p->dentry->flags) & DENTRY_AUTOMOUNT))
		goto out;
	if (!a) {
		spin_lock(&dentry_lock);
		p->dentry->flags &= (uint16_t)~DENTRY_AUTOMOUNT;
		spin_unlock(&dentry_lock);
		goto out;
	}
	err = a->make(&sb);
	if (err)
		goto out;
	err = attach_locked(sb, p, a->flags);
	if (err)
		superblock_put(sb);
out:
	mutex_unlock(&mnt.namespace_lock);
	return err;
}

__stack_guarded int mount_follow(struct path *p)
{
	for (;;) {
		unsigned flags = READ_ONCE(p->dentry->flags);
		struct mount *m;
		int err;

		if (likely(!(flags & (DENTRY_MOUNTPOINT | DENTRY_AUTOMOUNT))))
			return 0;
		if (flags & DENTRY_AUTOMOUNT && !(flags & DENTRY_MOUNTPOINT)) {
			err = automount(p);
			if (err)
				return err;
			continue;
		}
		spin_lock(&dentry_lock);
		m = find_mounted_locked(p);
		if (m)
			mount_get(m);
		spin_unlock(&dentry_lock);
		if (!m)
			return 0;
		path_put(p);
		p->mount = m;
		p->dentry = dentry_get(m->root);
	}
}

bool mount_follow_up(struct path *p)
{
	struct mount *m = p->mount;
	struct path up;

	spin_lock(&dentry_lock);
	if (p->dentry != m->root || m->parent == m || m->detached) {
		spin_unlock(&dentry_lock);
		return false;
	}
	up.mount = mount_get(m->parent);
	up.dentry = dentry_get(m->mountpoint);
	spin_unlock(&dentry_lock);
	path_put(p);
	*p = up;
	return true;
}

void mount_register_automount(struct automount *a)
{
	a->next = mnt.automounts;
	mnt.automounts = a;
}

const struct automount *mount_find_automount(const char *dir, const char *name, size_t name_bytes)
{
	for (struct automount *a = mnt.automounts; a; a = a->next)
		if (!strcmp(a->dir, dir) && strlen(a->name) == name_bytes &&
		    !memcmp(a->name, name, name_bytes))
			return a;
	return NULL;
}

const struct automount *mount_next_automount(const struct automount *a, const char *dir)
{
	a = a ? a->next : mnt.automounts;
	while (a && strcmp(a->dir, dir))
		a = a->next;
	return a;
}

void mount_all_automounts(void)
{
	// Outer directories first: registration puts the newest first, so walk by path length.
	for (size_t depth = 1; depth < 8; depth++)
		for (struct automount *a = mnt.automounts; a; a = a->next) {
			struct path dir, p;

			if (strlen(a->dir) != depth)
				continue;
			if (namei_lookup(vfs_root(), a->dir, LOOKUP_FOLLOW, &dir))
				continue;
			if (!namei_lookup(&dir, a->name, LOOKUP_FOLLOW, &p))
				path_put(&p);
			path_put(&dir);
		}
}

int mount_for_each(int (*fn)(struct mount *m, void *arg), void *arg)
{
	struct mount *m;
	int err = 0;

	mount_all_automounts();
	mutex_lock(&mnt.namespace_lock);
	list_for_each (m, &mnt.mounts, node) {
		err = fn(m, arg);
		if (err)
			break;
	}
	mutex_unlock(&mnt.namespace_lock);
	return err;
}

struct mount *mount_root(void)
{
	return list_empty(&mnt.mounts) ? NULL : list_first(&mnt.mounts, struct mount, node);
}
