// The file systems made of registered nodes (/proc, /sys, /dev): looking names up, listing, links.
// Inodes are made when looked up and go when nobody uses them. The tables of nodes are only added
// to, at init; no lock is held while a callback of a node runs.
#include "fs/pseudo.h"

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/dir.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/pseudo_inode.h"
#include "fs/stat.h"
#include "fs/vfs.h"
#include "kernel/base/types.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

#define ROOT_INO 1u
// Listing positions: 0 ".", 1 "..", then the registered names, then the dynamic ones.
#define POS_STATIC  2u
#define POS_DYNAMIC (1ull << 20)

#define MODE_TO_DT(mode) (((mode)&S_IFMT) >> 12)

static struct {
	struct pseudo_table *tables[PSEUDO_FS_COUNT];
	struct superblock sb[PSEUDO_FS_COUNT];
} pseudo;

void pseudo_register(enum pseudo_fs fs, struct pseudo_table *t)
{
	struct pseudo_table **end = &pseudo.tables[fs];

	while (*end) // in order of registration: what /proc lists first
		end = &(*end)->next;
	*end = t;
}

static enum pseudo_fs fs_of(const struct inode *i)
{
	return (enum pseudo_fs)(i->sb - pseudo.sb);
}

static uint64_t child_ino(uint64_t dir_ino, const char *name, size_t n)
{
	uint32_t h = 2166136261u ^ (uint32_t)(dir_ino * 0x9e3779b1u);

	for (size_t k = 0; k < n; k++)
		h = (h ^ (uint8_t)name[k]) * 16777619u;
	return (uint64_t)h + ROOT_INO + 1;
}

static bool name_is(const char *candidate, const char *name, size_t n)
{
	return !strncmp(candidate, name, n) && !candidate[n];
}

// A directory that exists because a table lies in it or below: its name within |path|, or NULL.
static const char *implied_child(const struct pseudo_table *t, const char *path, size_t *bytes)
{
	size_t n = strlen(path);
	const char *rest = t->dir;
	const char *slash;

	if (strncmp(rest, path, n))
		return NULL;
	rest += n;
	if (n && *rest++ != '/')
		return NULL;
	if (!*rest)
		return NULL;
	slash = strchr(rest, '/');
	*bytes = slash ? (size_t)(slash - rest) : strlen(rest);
	return rest;
}

static const struct pseudo_node *find_in(const struct pseudo_node *nodes, const char *name,
					 size_t n)
{
	for (; nodes && nodes->name; nodes++)
		if (n && name_is(nodes->name, name, n))
			return nodes;
	return NULL;
}

static const struct pseudo_node *find_registered(const struct pseudo_inode *dir, const char *name,
						 size_t n)
{
	const struct pseudo_node *hit = NULL;

	for (const struct pseudo_table *t = pseudo.tables[fs_of(&dir->inode)]; t && dir->dir;
	     t = t->next)
		if (!strcmp(t->dir, dir->dir) && (hit = find_in(t->nodes, name, n)))
			return hit;
	return dir->ref.node ? find_in(dir->ref.node->children, name, n) : NULL;
}

static bool is_implied(const struct pseudo_inode *dir, const char *name, size_t n)
{
	for (const struct pseudo_table *t = pseudo.tables[fs_of(&dir->inode)]; t && dir->dir;
	     t = t->next) {
		size_t bytes;
		const char *child = implied_child(t, dir->dir, &bytes);

		if (child && bytes == n && !memcmp(child, name, n))
			return true;
	}
	return false;
}

static void pseudo_release(struct inode *i)
{
	struct pseudo_inode *p = pseudo_of(i);

	kfree(p->dir);
	kfree(p);
}

static char *join(const char *dir, const char *name, size_t n)
{
	size_t d = strlen(dir);
	char *s = kmalloc(d + n + 2);

	if (!s)
		return NULL;
	memcpy(s, dir, d);
	if (d)
		s[d++] = '/';
	memcpy(s + d, name, n);
	s[d + n] = '\0';
	return s;
}

static const struct inode_ops dir_inode_ops, link_inode_ops, magic_inode_ops, plain_inode_ops;

static const struct inode_ops *ops_for(const struct pseudo_node *node, uint32_t mode)
{
	if (S_ISDIR(mode))
		return &dir_inode_ops;
	if (S_ISLNK(mode))
		return node->get_link ? &magic_inode_ops : &link_inode_ops;
	if (S_ISREG(mode))
		return &pseudo_file_inode_ops;
	return &plain_inode_ops;
}

static const struct file_ops dir_file_ops;

// |node| NULL: an implied directory. |path|: of a directory that tables may add to, else NULL.
static int make_inode(struct superblock *sb, const struct pseudo_ref *ref, uint32_t mode,
		      char *path, struct pseudo_inode **out)
{
	struct pseudo_inode *p = kzalloc(sizeof(*p));
	int err = 0;

	if (!p)
		return -ENOMEM;
	inode_init(&p->inode, ops_for(ref->node, mode), sb, mode);
	p->inode.uid = p->inode.gid = 0;
	if (S_ISDIR(mode))
		p->inode.fops = &dir_file_ops;
	p->ref = *ref;
	p->dir = path;
	if (ref->node) {
		if (S_ISCHR(mode) || S_ISBLK(mode))
			p->inode.rdev =
				ref->node->rdev + (ref->node->rdev_of_key ? ref->key[0] : 0);
		if (ref->node->attr)
			err = ref->node->attr(ref, &p->inode.mode, &p->inode.uid, &p->inode.gid);
	}
	if (err) {
		kfree(p);
		return err;
	}
	*out = p;
	return 0;
}

// The next node that makes children of |dir| by callback: its own, then the "" nodes of tables.
static const struct pseudo_node *next_dynamic(const struct pseudo_inode *dir,
					      const struct pseudo_table **t, bool *own_done)
{
	if (!*own_done) {
		*own_done = true;
		*t = dir->dir ? pseudo.tables[fs_of(&dir->inode)] : NULL;
		if (dir->ref.node)
			return dir->ref.node;
	}
	while (*t) {
		const struct pseudo_table *here = *t;

		*t = here->next;
		for (const struct pseudo_node *n = here->nodes; n->name; n++)
			if (!*n->name && !strcmp(here->dir, dir->dir))
				return n;
	}
	return NULL;
}

static int find_dynamic(struct pseudo_inode *dir, const char *name, size_t n,
			struct pseudo_ref *ref)
{
	const struct pseudo_table *t = NULL;
	const struct pseudo_node *from;
	bool own_done = false;
	int err = -ENOENT;

	while (err == -ENOENT && (from = next_dynamic(dir, &t, &own_done)))
		if (from->lookup)
			err = from->lookup(&dir->ref, name, n, ref);
	return err;
}

static int find_child(struct pseudo_inode *dir, const char *name, size_t n, struct pseudo_ref *ref,
		      uint32_t *mode)
{
	int err;

	*ref = dir->ref;
	ref->node = find_registered(dir, name, n);
	if (!ref->node && is_implied(dir, name, n)) {
		*mode = S_IFDIR | 0555;
		return 0;
	}
	if (!ref->node) {
		err = find_dynamic(dir, name, n, ref);
		if (err)
			return err;
	}
	*mode = ref->node->mode;
	return 0;
}

static __stack_guarded int pseudo_lookup(struct inode *dir, struct dentry *child)
{
	struct pseudo_inode *d = pseudo_of(dir), *made;
	struct pseudo_ref ref;
	uint32_t mode;
	char *path = NULL;
	int err = find_child(d, child->name, child->name_bytes, &ref, &mode);

	if (err)
		return err == -ENOENT ? 0 : err;
	if (S_ISDIR(mode) && d->dir) {
		path = join(d->dir, child->name, child->name_bytes);
		if (!path)
			return -ENOMEM;
	}
	err = make_inode(dir->sb, &ref, mode, path, &made);
	if (err) {
		kfree(path);
		return err;
	}
	made->inode.ino = child_ino(dir->ino, child->name, child->name_bytes);
	child->inode = &made->inode;
	if (fs_of(dir) == PSEUDO_DEV && S_ISDIR(mode) && d->dir && !*d->dir &&
	    mount_find_automount("/dev", child->name, child->name_bytes))
		child->flags |= DENTRY_AUTOMOUNT;
	return 0;
}

static int64_t pseudo_readlink(struct inode *i, char *buf, size_t bytes)
{
	const struct pseudo_ref *r = &pseudo_of(i)->ref;

	return r->node->readlink(r, buf, bytes);
}

static int pseudo_get_link(struct inode *i, struct path *out)
{
	const struct pseudo_ref *r = &pseudo_of(i)->ref;

	return r->node->get_link(r, out);
}

static int64_t print_path(const struct path *p, char *buf, size_t bytes)
{
	struct fs_context *c = fs_context_current();
	struct path root = *vfs_root();
	char *tmp = kmalloc(4096), *s;
	size_t n;

	if (!tmp)
		return -ENOMEM;
	path_get(&root);
	if (c) {
		path_put(&root);
		fs_context_get_root(c, &root);
	}
	s = path_to_string(p, &root, tmp, 4096);
	path_put(&root);
	n = s ? strlen(s) : 0;
	if (s)
		memcpy(buf, s, MIN(n, bytes));
	kfree(tmp);
	return s ? (int64_t)MIN(n, bytes) : -ENAMETOOLONG;
}

// The text of a magic link: that of the node, or where it leads.
static int64_t magic_readlink(struct inode *i, char *buf, size_t bytes)
{
	const struct pseudo_ref *r = &pseudo_of(i)->ref;
	struct path p;
	int64_t n;

	if (r->node->readlink)
		return r->node->readlink(r, buf, bytes);
	n = r->node->get_link(r, &p);
	if (n)
		return n;
	n = print_path(&p, buf, bytes);
	path_put(&p);
	return n;
}

// Who owns it may have changed, too.
static bool pseudo_revalidate(struct dentry *d)
{
	struct inode *i = d->inode;
	const struct pseudo_ref *r = &pseudo_of(i)->ref;

	if (!r->node)
		return true;
	if (r->node->alive && !r->node->alive(r))
		return false;
	return !r->node->attr || !r->node->attr(r, &i->mode, &i->uid, &i->gid);
}

static bool put_entry(struct file *f, struct dir_emit *e, const char *name, size_t n, uint32_t mode,
		      uint64_t pos)
{
	if (f->pos > pos)
		return true;
	if (!e->emit(e, name, n, child_ino(f->inode->ino, name, n), MODE_TO_DT(mode), pos + 1))
		return false;
	f->pos = pos + 1;
	return true;
}

// Was this implied directory's name already listed because of an earlier table or a node?
static bool listed_before(const struct pseudo_inode *dir, const struct pseudo_table *until,
			  const char *name, size_t n)
{
	const struct pseudo_table *t;

	if (find_registered(dir, name, n))
		return true;
	for (t = pseudo.tables[fs_of(&dir->inode)]; t != until; t = t->next) {
		size_t bytes;
		const char *child = implied_child(t, dir->dir, &bytes);

		if (child && bytes == n && !memcmp(child, name, n))
			return true;
	}
	return false;
}

static bool list_nodes(struct file *f, struct dir_emit *e, const struct pseudo_node *nodes,
		       uint64_t *pos)
{
	for (; nodes && nodes->name; nodes++)
		if (*nodes->name &&
		    !put_entry(f, e, nodes->name, strlen(nodes->name), nodes->mode, (*pos)++))
			return false;
	return true;
}

static bool list_static(struct file *f, struct dir_emit *e)
{
	struct pseudo_inode *dir = pseudo_of(f->inode);
	uint64_t pos = POS_STATIC;

	for (struct pseudo_table *t = pseudo.tables[fs_of(f->inode)]; t && dir->dir; t = t->next) {
		size_t n;
		const char *name = implied_child(t, dir->dir, &n);

		if (!strcmp(t->dir, dir->dir) && !list_nodes(f, e, t->nodes, &pos))
			return false;
		if (name && !listed_before(dir, t, name, n) &&
		    !put_entry(f, e, name, n, S_IFDIR, pos++))
			return false;
	}
	return !dir->ref.node || list_nodes(f, e, dir->ref.node->children, &pos);
}

struct dynamic_list {
	struct pseudo_emit emit;
	struct dir_emit *to;
	struct file *f;
};

static bool put_dynamic(struct pseudo_emit *pe, const char *name, const struct pseudo_ref *child,
			uint64_t pos)
{
	struct dynamic_list *l = container_of(pe, struct dynamic_list, emit);
	size_t n = strlen(name);

	if (!l->to->emit(l->to, name, n, child_ino(l->f->inode->ino, name, n),
			 MODE_TO_DT(child->node->mode), POS_DYNAMIC + pos))
		return false;
	l->f->pos = POS_DYNAMIC + pos;
	return true;
}

static bool list_dots(struct file *f, struct dir_emit *e)
{
	uint64_t up = f->path.dentry->parent->inode->ino;

	if (f->pos == 0 && e->emit(e, ".", 1, f->inode->ino, MODE_TO_DT(S_IFDIR), 1))
		f->pos = 1;
	if (f->pos == 1 && e->emit(e, "..", 2, up, MODE_TO_DT(S_IFDIR), 2))
		f->pos = 2;
	return f->pos >= POS_STATIC;
}

static int pseudo_getdents(struct file *f, struct dir_emit *e)
{
	struct pseudo_inode *dir = pseudo_of(f->inode);
	struct dynamic_list l = { .emit = { .emit = put_dynamic }, .to = e, .f = f };
	const struct pseudo_table *t = NULL;
	const struct pseudo_node *from;
	bool own_done = false;
	int err = 0;

	if (!list_dots(f, e))
		return 0;
	if (f->pos < POS_DYNAMIC) {
		if (!list_static(f, e))
			return 0;
		f->pos = POS_DYNAMIC;
	}
	while (!err && (from = next_dynamic(dir, &t, &own_done))) {
		l.emit.from = f->pos - POS_DYNAMIC;
		if (from->iterate)
			err = from->iterate(&dir->ref, &l.emit);
	}
	return err;
}

static int64_t pseudo_dir_seek(struct file *f, int64_t offset, int whence)
{
	return whence == SEEK_END ? -EINVAL : file_seek_within(f, offset, whence, 0);
}

static const struct inode_ops dir_inode_ops = {
	.lookup = pseudo_lookup,
	.release = pseudo_release,
};
static const struct inode_ops link_inode_ops = {
	.readlink = pseudo_readlink,
	.release = pseudo_release,
};
static const struct inode_ops magic_inode_ops = {
	.readlink = magic_readlink,
	.get_link = pseudo_get_link,
	.release = pseudo_release,
};
static const struct inode_ops plain_inode_ops = {
	.release = pseudo_release,
};
static const struct file_ops dir_file_ops = {
	.getdents = pseudo_getdents,
	.seek = pseudo_dir_seek,
};
static const struct superblock_ops pseudo_sb_ops = {
	.revalidate = pseudo_revalidate,
};

const struct pseudo_ref *pseudo_inode_ref(const struct inode *i)
{
	if (i->sb < pseudo.sb || i->sb >= pseudo.sb + PSEUDO_FS_COUNT)
		return NULL;
	return &container_of(i, struct pseudo_inode, inode)->ref;
}

bool pseudo_parse_number(const char *name, size_t name_bytes, uint64_t *out)
{
	if (!name_bytes || name_bytes > 18 || (name[0] == '0' && name_bytes > 1))
		return false;
	*out = 0;
	for (size_t k = 0; k < name_bytes; k++) {
		if (name[k] < '0' || name[k] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(name[k] - '0');
	}
	return true;
}

static const struct {
	const char *fstype;
	uint64_t magic;
	uint32_t sb_flags, mode;
} kinds[PSEUDO_FS_COUNT] = {
	[PSEUDO_PROC] = { "proc", PROC_SUPER_MAGIC, SB_VOLATILE | SB_NOEXEC | SB_NODEV, 0555 },
	[PSEUDO_SYS] = { "sysfs", SYSFS_MAGIC, SB_VOLATILE | SB_NOEXEC | SB_NODEV, 0555 },
	[PSEUDO_DEV] = { "devtmpfs", TMPFS_MAGIC, SB_VOLATILE, 0755 },
};

static __stack_guarded int make_sb(enum pseudo_fs fs, struct superblock **out)
{
	struct superblock *sb = &pseudo.sb[fs];
	struct pseudo_ref none = { 0 };
	struct pseudo_inode *root;
	char *path;
	int err;

	*out = sb;
	if (sb->root) { // mounted once more
		__atomic_fetch_add(&sb->refs, 1, __ATOMIC_RELAXED);
		return 0;
	}
	superblock_init(sb, &pseudo_sb_ops, kinds[fs].fstype, kinds[fs].magic);
	sb->flags = kinds[fs].sb_flags;
	path = kstrndup("", 0);
	if (!path)
		return -ENOMEM;
	err = make_inode(sb, &none, S_IFDIR | kinds[fs].mode, path, &root);
	if (err) {
		kfree(path);
		return err;
	}
	root->inode.ino = ROOT_INO;
	sb->root = dentry_alloc(sb, NULL, "/", 1);
	if (!sb->root) {
		inode_put(&root->inode);
		return -ENOMEM;
	}
	sb->root->inode = &root->inode;
	sb->refs++; // static: stays when it is unmounted
	return 0;
}

static int make_proc(struct superblock **out)
{
	return make_sb(PSEUDO_PROC, out);
}

static int make_sys(struct superblock **out)
{
	return make_sb(PSEUDO_SYS, out);
}

static int make_dev(struct superblock **out)
{
	return make_sb(PSEUDO_DEV, out);
}

#define PROC_FLAGS (MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC | MOUNT_RELATIME)

static struct automount automounts[PSEUDO_FS_COUNT] = {
	{ .dir = "/", .name = "proc", .mode = 0555, .flags = PROC_FLAGS, .make = make_proc },
	{ .dir = "/", .name = "sys", .mode = 0555, .flags = PROC_FLAGS, .make = make_sys },
	{ .dir = "/",
	  .name = "dev",
	  .mode = 0755,
	  .flags = MOUNT_NOSUID | MOUNT_RELATIME,
	  .make = make_dev },
};

void pseudo_init(void)
{
	memset(&pseudo, 0, sizeof(pseudo));
	for (unsigned k = 0; k < PSEUDO_FS_COUNT; k++)
		mount_register_automount(&automounts[k]);
}
