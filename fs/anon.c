// Files without a place in the tree. An object with an inode of its own is one allocation: inode
// and dentry together, freed when the inode dies.
#include "fs/anon.h"

#include <linux/errno.h>
#include <linux/magic.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

static int kind_dname(const struct dentry *d, char *buf, size_t bytes)
{
	return fmt_snprintf(buf, bytes, "anon_inode:%s", d->name);
}

static const struct superblock_ops kind_sb_ops = {
	.dname = kind_dname,
};

static const struct inode_ops shared_inode_ops = { 0 };

static struct {
	struct superblock sb;
	struct mount mount;
	struct inode inode; // of all anonymous files; lives for ever
} anon;

void anon_init(void)
{
	superblock_init(&anon.sb, &kind_sb_ops, "anon_inodefs", ANON_INODE_FS_MAGIC);
	anon.sb.flags = SB_INTERNAL | SB_NOEXEC;
	mount_init_internal(&anon.mount, &anon.sb);
	inode_init(&anon.inode, &shared_inode_ops, &anon.sb, 0600);
}

int anon_file_create(struct anon_kind *kind, unsigned flags, const struct file_ops *ops, void *priv,
		     struct file **out)
{
	struct path p = { &anon.mount, &kind->dentry };

	spin_lock(&dentry_lock);
	if (!kind->dentry.name) {
		dentry_init_embedded(&kind->dentry, &anon.sb, (char *)kind->name,
				     strlen(kind->name));
		kind->dentry.inode = &anon.inode;
	}
	spin_unlock(&dentry_lock);
	*out = file_alloc(&p, flags, ops, priv);
	return *out ? 0 : -ENOMEM;
}

struct unnamed {
	struct inode inode;
	struct dentry dentry;
};

static struct anon_fs *fs_of(const struct superblock *sb)
{
	return container_of(sb, struct anon_fs, sb);
}

static int unnamed_dname(const struct dentry *d, char *buf, size_t bytes)
{
	return fmt_snprintf(buf, bytes, "%s:[%llu]", fs_of(d->sb)->prefix,
			    (unsigned long long)d->inode->ino);
}

static const struct superblock_ops unnamed_sb_ops = {
	.dname = unnamed_dname,
};

static void unnamed_release(struct inode *i)
{
	struct anon_fs *fs = fs_of(i->sb);

	if (fs->release)
		fs->release(i);
	kfree(container_of(i, struct unnamed, inode));
}

static const struct inode_ops unnamed_inode_ops = {
	.release = unnamed_release,
};

void anon_fs_init(struct anon_fs *fs)
{
	superblock_init(&fs->sb, &unnamed_sb_ops, fs->fstype, fs->magic);
	fs->sb.flags = SB_INTERNAL | SB_NOEXEC;
	mount_init_internal(&fs->mount, &fs->sb);
}

int anon_path_create(struct anon_fs *fs, uint32_t mode, const struct file_ops *fops, void *priv,
		     struct path *out)
{
	struct unnamed *u = kzalloc(sizeof(*u));

	if (!u)
		return -ENOMEM;
	inode_init(&u->inode, &unnamed_inode_ops, &fs->sb, mode);
	u->inode.fops = fops;
	u->inode.priv = priv;
	dentry_init_embedded(&u->dentry, &fs->sb, (char *)fs->prefix, strlen(fs->prefix));
	u->dentry.inode = &u->inode;
	out->mount = mount_get(&fs->mount);
	out->dentry = &u->dentry;
	return 0;
}
