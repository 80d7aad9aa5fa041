// tmpfs instances and their inodes. Regular files are shmem inodes; the rest is here. The root file
// system's inodes are made from the initramfs as they are looked up.
#include "fs/tmpfs.h"

#include <linux/errno.h>
#include <linux/magic.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/shmem.h"
#include "fs/stat.h"
#include "fs/tmpfs_inode.h"
#include "kernel/sched/cred.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"

#define MAX_TARGET_BYTES 4095

// Inodes of the image with more than one name, by image inode number, so that each has one inode.
struct linked {
	struct rb_node node;
	uint32_t number;
	struct inode *inode; // owned: they stay for ever
};
static struct {
	struct rb_root linked; // guarded by |lock|
	struct mutex lock;
} tmpfs_root;

static void count_inode_out(struct inode *i)
{
	if (i->sb->limit_inodes)
		__atomic_fetch_sub(&i->sb->used_inodes, 1, __ATOMIC_RELAXED);
}

static void plain_release(struct inode *i)
{
	count_inode_out(i);
	kfree(i);
}

static const struct inode_ops special_inode_ops = {
	.release = plain_release,
};

static int64_t link_readlink(struct inode *i, char *buf, size_t bytes)
{
	size_t n = MIN(bytes, i->size_bytes);

	memcpy(buf, container_of(i, struct tmpfs_link, inode)->target, n);
	return (int64_t)n;
}

static void link_release(struct inode *i)
{
	struct tmpfs_link *l = container_of(i, struct tmpfs_link, inode);

	count_inode_out(i);
	if (l->owned)
		kfree((void *)l->target);
	kfree(l);
}

static const struct inode_ops link_inode_ops = {
	.readlink = link_readlink,
	.release = link_release,
};

static int count_inode_in(struct superblock *sb)
{
	if (!sb->limit_inodes)
		return 0;
	if (__atomic_add_fetch(&sb->used_inodes, 1, __ATOMIC_RELAXED) <= sb->limit_inodes)
		return 0;
	__atomic_fetch_sub(&sb->used_inodes, 1, __ATOMIC_RELAXED);
	return -ENOSPC;
}

static struct inode *alloc_dir(struct superblock *sb, uint32_t mode, uint32_t lower)
{
	struct tmpfs_dir *d = kzalloc(sizeof(*d));

	if (!d)
		return NULL;
	inode_init(&d->inode, &tmpfs_dir_inode_ops, sb, mode);
	d->inode.fops = &tmpfs_dir_file_ops;
	d->lower = lower;
	d->next_cookie = TMPFS_POS_UPPER;
	d->inode.size_bytes = 40; // "." and "..", as tmpfs counts
	return &d->inode;
}

static struct inode *alloc_link(struct superblock *sb, const char *target, size_t bytes, bool owned)
{
	struct tmpfs_link *l = kzalloc(sizeof(*l));

	if (!l)
		return NULL;
	inode_init(&l->inode, &link_inode_ops, sb, S_IFLNK | 0777);
	l->target = target;
	l->owned = owned;
	l->inode.size_bytes = bytes;
	return &l->inode;
}

static struct inode *alloc_special(struct superblock *sb, uint32_t mode, uint64_t rdev)
{
	struct inode *i = kzalloc(sizeof(*i));

	if (!i)
		return NULL;
	inode_init(i, &special_inode_ops, sb, mode);
	i->rdev = rdev;
	return i;
}

static struct inode *alloc_by_mode(struct superblock *sb, uint32_t mode, uint64_t rdev)
{
	struct shmem_inode *s;

	switch (mode & S_IFMT) {
	case S_IFDIR:
		return alloc_dir(sb, mode, INITRAMFS_NONE);
	case S_IFREG:
		s = shmem_create(sb, mode);
		return s ? &s->inode : NULL;
	}
	return alloc_special(sb, mode, rdev);
}

// Linux inode_init_owner.
static void inherit(struct inode *dir, struct inode *i)
{
	if (!(dir->mode & S_ISGID))
		return;
	i->gid = dir->gid;
	if (S_ISDIR(i->mode))
		i->mode |= S_ISGID;
}

int tmpfs_make_inode(struct inode *dir, uint32_t mode, uint64_t rdev, struct inode **out)
{
	int err = count_inode_in(dir->sb);

	if (err)
		return err;
	*out = alloc_by_mode(dir->sb, mode, rdev);
	if (!*out) {
		if (dir->sb->limit_inodes)
			__atomic_fetch_sub(&dir->sb->used_inodes, 1, __ATOMIC_RELAXED);
		return -ENOMEM;
	}
	inherit(dir, *out);
	return 0;
}

int tmpfs_make_link(struct inode *dir, const char *target, struct inode **out)
{
	size_t bytes = strlen(target);
	char *copy;
	int err;

	if (bytes > MAX_TARGET_BYTES)
		return -ENAMETOOLONG;
	err = count_inode_in(dir->sb);
	if (err)
		return err;
	copy = kstrndup(target, bytes);
	*out = copy ? alloc_link(dir->sb, copy, bytes, true) : NULL;
	if (*out) {
		inherit(dir, *out);
		return 0;
	}
	kfree(copy);
	if (dir->sb->limit_inodes)
		__atomic_fetch_sub(&dir->sb->used_inodes, 1, __ATOMIC_RELAXED);
	return -ENOMEM;
}

static int alloc_lower_file(struct superblock *sb, const struct image_entry *ent,
			    struct inode **out)
{
	const void *data = initramfs_data(ent);
	struct shmem_inode *s;

	if (!data || (ent->size_bytes && !IS_ALIGNED((uintptr_t)data, PAGE_SIZE)))
		return -EIO;
	s = shmem_create(sb, ent->mode);
	*out = s ? &s->inode : NULL;
	if (s && ent->size_bytes)
		shmem_set_image(s, virt_to_phys(data), ent->size_bytes);
	return 0;
}

static int alloc_lower(struct superblock *sb, uint32_t e, struct inode **out)
{
	const struct image_entry *ent = initramfs_entry(e);
	const void *target;

	*out = NULL;
	switch (ent->mode & S_IFMT) {
	case S_IFREG:
		return alloc_lower_file(sb, ent, out);
	case S_IFDIR:
		*out = alloc_dir(sb, ent->mode, e);
		if (*out)
			(*out)->size_bytes += 20ull * ent->children;
		return 0;
	case S_IFLNK:
		target = initramfs_data(ent);
		if (!target || !ent->size_bytes || ent->size_bytes > MAX_TARGET_BYTES)
			return -EIO;
		*out = alloc_link(sb, target, ent->size_bytes, false);
		return 0;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		*out = alloc_special(sb, ent->mode, ent->rdev);
		return 0;
	}
	return -EIO;
}

static int make_lower(struct superblock *sb, uint32_t e, struct inode **out)
{
	const struct image_entry *ent = initramfs_entry(e);
	int err = ent ? alloc_lower(sb, e, out) : -EIO;

	if (err)
		return err;
	if (!*out)
		return -ENOMEM;
	(*out)->ino = ent->inode;
	(*out)->uid = ent->uid;
	(*out)->gid = ent->gid;
	(*out)->mtime = (struct timespec_k){ ent->mtime_s, 0 };
	(*out)->atime = (*out)->ctime = (*out)->btime = (*out)->mtime;
	if (!S_ISDIR(ent->mode))
		(*out)->nlink = 1u + ent->nlink_extra;
	return 0;
}

static struct linked *find_linked(uint32_t number, struct rb_node **parent, struct rb_node ***link)
{
	*link = &tmpfs_root.linked.node;
	*parent = NULL;
	while (**link) {
		struct linked *l = rb_entry(**link, struct linked, node);

		if (l->number == number)
			return l;
		*parent = **link;
		*link = number < l->number ? &(*parent)->left : &(*parent)->right;
	}
	return NULL;
}

static int linked_inode_locked(struct superblock *sb, uint32_t e, uint32_t number,
			       struct inode **out)
{
	struct rb_node *parent, **link;
	struct linked *l = find_linked(number, &parent, &link);
	int err;

	if (l) {
		*out = inode_get(l->inode);
		return 0;
	}
	l = kzalloc(sizeof(*l));
	if (!l)
		return -ENOMEM;
	err = make_lower(sb, e, out);
	if (err) {
		kfree(l);
		return err;
	}
	l->number = number;
	l->inode = inode_get(*out);
	rb_insert(&tmpfs_root.linked, &l->node, parent, link, NULL);
	return 0;
}

int tmpfs_lower_inode(struct superblock *sb, uint32_t e, struct inode **out)
{
	const struct image_entry *ent = initramfs_entry(e);
	int err;

	if (!ent)
		return -EIO;
	if (!ent->nlink_extra || S_ISDIR(ent->mode))
		return make_lower(sb, e, out);
	mutex_lock_nested(&tmpfs_root.lock);
	err = linked_inode_locked(sb, e, ent->inode, out);
	mutex_unlock(&tmpfs_root.lock);
	return err;
}

static void sb_release(struct superblock *sb)
{
	kfree(sb->priv);
	kfree(sb);
}

static const struct superblock_ops tmpfs_sb_ops = {
	.release = sb_release,
};

static int make_instance(const char *source,
			 struct inode *(*make_root)(struct superblock *, void *), void *arg,
			 struct superblock **out)
{
	struct superblock *sb = kzalloc(sizeof(*sb));
	struct inode *root;

	if (!sb)
		return -ENOMEM;
	superblock_init(sb, &tmpfs_sb_ops, "tmpfs", TMPFS_MAGIC);
	sb->source = source;
	root = make_root(sb, arg);
	sb->root = root ? dentry_alloc(sb, NULL, "/", 1) : NULL;
	if (!sb->root) {
		if (root)
			inode_put(root);
		kfree(sb);
		return -ENOMEM;
	}
	sb->root->inode = root;
	*out = sb;
	return 0;
}

static struct inode *make_plain_root(struct superblock *sb, void *arg)
{
	const struct tmpfs_options *opt = arg;
	struct inode *i = alloc_dir(sb, S_IFDIR | (opt->mode & 07777), INITRAMFS_NONE);

	if (!i)
		return NULL;
	i->uid = opt->uid;
	i->gid = opt->gid;
	sb->limit_pages = (opt->max_bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
	sb->limit_inodes = opt->max_inodes;
	sb->used_inodes = 1;
	sb->flags = opt->shows_ram ? SB_SHOWS_RAM : 0;
	return i;
}

int tmpfs_create(const char *source, const struct tmpfs_options *opt, struct superblock **out)
{
	return make_instance(source, make_plain_root, (void *)opt, out);
}

static struct inode *make_lower_root(struct superblock *sb, void *arg)
{
	struct inode *i;

	sb->flags = SB_SHOWS_RAM;
	sb->next_ino = (uint64_t)initramfs_entries() + 16; // the image's numbers come first
	if (!initramfs_entries())
		return alloc_dir(sb, S_IFDIR | 0755, INITRAMFS_NONE);
	return make_lower(sb, 0, &i) ? NULL : i;
}

int tmpfs_create_root(struct superblock **out)
{
	tmpfs_root.linked.node = NULL;
	mutex_init(&tmpfs_root.lock, RANK_INODE);
	return make_instance("rootfs", make_lower_root, NULL, out);
}

static const struct {
	const char *key;
	size_t offset;
	bool wide;
	bool octal;
} options[] = {
	{ "size=", offsetof(struct tmpfs_options, max_bytes), true, false },
	{ "nr_inodes=", offsetof(struct tmpfs_options, max_inodes), true, false },
	{ "mode=", offsetof(struct tmpfs_options, mode), false, true },
	{ "uid=", offsetof(struct tmpfs_options, uid), false, false },
	{ "gid=", offsetof(struct tmpfs_options, gid), false, false },
};

// All there is, the image's files too: MemTotal.
static uint64_t ram_pages(void)
{
	struct pmm_stats stats;

	pmm_get_stats(&stats);
	return stats.total_pages + stats.image_pages;
}

// A number with a suffix (memparse), or for sizes a percentage of all memory.
static int parse_amount(char *text, bool percent_ok, uint64_t *out)
{
	static const char suffixes[] = "kmgtpe";
	size_t n = strlen(text);
	const char *suffix = n ? strchr(suffixes, text[n - 1] | 0x20) : NULL;
	bool percent = percent_ok && n && text[n - 1] == '%';

	if (percent || suffix)
		text[n - 1] = '\0';
	if (str_to_u64(text, out))
		return -EINVAL;
	if (suffix)
		*out <<= 10 * (suffix - suffixes + 1);
	if (percent)
		*out = ram_pages() * *out / 100 << PAGE_SHIFT;
	return 0;
}

static int parse_option(const char *word, struct tmpfs_options *out)
{
	for (unsigned k = 0; k < ARRAY_SIZE(options); k++) {
		char number[32] = "0";
		uint64_t v;

		if (!str_has_prefix(word, options[k].key))
			continue;
		str_copy(number + options[k].octal, word + strlen(options[k].key),
			 sizeof(number) - 1);
		if (parse_amount(number, k == 0, &v))
			return -EINVAL;
		if (options[k].wide)
			memcpy((char *)out + options[k].offset, &v, 8);
		else
			memcpy((char *)out + options[k].offset, &v, 4);
		return 0;
	}
	return -EINVAL;
}

__stack_guarded int tmpfs_parse_options(const char *data, struct tmpfs_options *out)
{
	// As shmem_default_max_blocks() and shmem_default_max_inodes().
	const uint64_t half = ram_pages() / 2;

	*out = (struct tmpfs_options){ .mode = 01777,
				       .max_bytes = half << PAGE_SHIFT,
				       .max_inodes = half };
	while (data && *data) {
		char word[64];
		const char *comma = strchr(data, ',');
		size_t n = comma ? (size_t)(comma - data) : strlen(data);
		int err;

		if (n >= sizeof(word))
			return -EINVAL;
		memcpy(word, data, n);
		word[n] = '\0';
		err = n ? parse_option(word, out) : 0;
		if (err)
			return err;
		data += n + (comma != NULL);
	}
	return 0;
}
