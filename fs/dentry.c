// The trees of names: finding, adding, removing and moving dentries. Owns dentry_lock, which guards
// the links of all trees; it is held for single steps only and never while memory is allocated.
// Must not look at permissions or symlinks (namei.c does).
#include "fs/dentry.h"

#include <linux/errno.h>

#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/notify.h"
#include "kernel/base/panic.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

struct spinlock dentry_lock = SPINLOCK_INIT(RANK_DENTRY, "dentry");
uint64_t dentry_moves;

static uint32_t name_hash(const char *name, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	return h;
}

static int name_compare(const struct dentry *d, uint32_t hash, const char *name, size_t n)
{
	if (hash != d->hash)
		return hash < d->hash ? -1 : 1;
	if (n != d->name_bytes)
		return n < d->name_bytes ? -1 : 1;
	return memcmp(name, d->name, n);
}

static int set_name(struct dentry *d, const char *name, size_t n)
{
	d->name = d->inline_name;
	if (n >= sizeof(d->inline_name)) {
		d->name = kmalloc(n + 1);
		if (!d->name)
			return -ENOMEM;
	}
	memcpy(d->name, name, n);
	d->name[n] = '\0';
	d->name_bytes = (uint16_t)n;
	d->hash = name_hash(name, n);
	return 0;
}

struct dentry *dentry_alloc(struct superblock *sb, struct dentry *parent, const char *name,
			    size_t name_bytes)
{
	struct dentry *d = kzalloc(sizeof(*d));

	if (!d)
		return NULL;
	if (set_name(d, name, name_bytes)) {
		kfree(d);
		return NULL;
	}
	d->refs = 1;
	d->sb = sb;
	d->parent = parent ? dentry_get(parent) : d;
	return d;
}

void dentry_init_embedded(struct dentry *d, struct superblock *sb, char *name, size_t name_bytes)
{
	d->refs = 1;
	d->flags = DENTRY_EMBEDDED;
	d->sb = sb;
	d->parent = d;
	d->inode = NULL;
	d->children.node = NULL;
	d->child_count = 0;
	d->name = name;
	d->name_bytes = (uint16_t)name_bytes;
}

struct dentry *dentry_get(struct dentry *d)
{
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
	return d;
}

static void unlink_locked(struct dentry *d)
{
	rb_erase(&d->parent->children, &d->node, NULL);
	d->flags &= (uint16_t)~DENTRY_HASHED;
	if (!(d->flags & DENTRY_WHITEOUT))
		d->parent->child_count--;
}

// Drops one reference; true if it was the last. The last one of a volatile name that is still in
// its tree must be dropped together with its place there, or a look-up could revive it.
static bool drop_last(struct dentry *d)
{
	uint32_t refs = READ_ONCE(d->refs);
	bool last;

	while (refs > 1)
		if (__atomic_compare_exchange_n(&d->refs, &refs, refs - 1, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return false;
	ASSERT(refs == 1);
	if (!(d->flags & DENTRY_HASHED)) { // nobody else can find it
		WRITE_ONCE(d->refs, 0);
		return true;
	}
	spin_lock(&dentry_lock);
	last = __atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) == 0;
	if (last && d->flags & DENTRY_HASHED)
		unlink_locked(d);
	spin_unlock(&dentry_lock);
	return last;
}

void dentry_put(struct dentry *d)
{
	while (d && drop_last(d)) {
		struct dentry *parent = d->parent == d ? NULL : d->parent;
		struct inode *inode = d->inode;

		// An embedded dentry is freed with its inode, so it must not be touched after.
		if (!(d->flags & DENTRY_EMBEDDED)) {
			if (d->name != d->inline_name)
				kfree(d->name);
			kfree(d);
		}
		if (inode && unlikely(inode->watches) && !inode->nlink)
			notify_gone(inode);
		if (inode)
			inode_put(inode);
		d = parent;
	}
}

static struct dentry *find_locked(struct dentry *dir, uint32_t hash, const char *name, size_t n)
{
	struct rb_node *node = dir->children.node;

	while (node) {
		struct dentry *d = rb_entry(node, struct dentry, node);
		int c = name_compare(d, hash, name, n);

		if (!c)
			return d;
		node = c < 0 ? node->left : node->right;
	}
	return NULL;
}

struct dentry *dentry_find(struct dentry *dir, const char *name, size_t name_bytes)
{
	uint32_t hash = name_hash(name, name_bytes);
	struct dentry *d;

	spin_lock(&dentry_lock);
	d = find_locked(dir, hash, name, name_bytes);
	if (d)
		dentry_get(d);
	spin_unlock(&dentry_lock);
	return d;
}

bool dentry_has_children(struct dentry *dir)
{
	return READ_ONCE(dir->child_count) != 0;
}

static void link_locked(struct dentry *d)
{
	struct rb_node **link = &d->parent->children.node, *parent = NULL;

	while (*link) {
		struct dentry *other = rb_entry(*link, struct dentry, node);

		parent = *link;
		if (name_compare(other, d->hash, d->name, d->name_bytes) < 0)
			link = &parent->left;
		else
			link = &parent->right;
	}
	rb_insert(&d->parent->children, &d->node, parent, link, NULL);
	d->flags |= DENTRY_HASHED;
	if (!(d->flags & DENTRY_WHITEOUT))
		d->parent->child_count++;
}

void dentry_hash(struct dentry *d)
{
	struct dentry *old;

	if (!(d->sb->flags & SB_VOLATILE))
		dentry_get(d);
	spin_lock(&dentry_lock);
	old = find_locked(d->parent, d->hash, d->name, d->name_bytes);
	if (old) {
		unlink_locked(old);
		old->flags |= DENTRY_UNLINKED;
	}
	link_locked(d);
	spin_unlock(&dentry_lock);
	if (old && !(old->sb->flags & SB_VOLATILE))
		dentry_put(old);
}

void dentry_unhash(struct dentry *d, struct dentry *whiteout)
{
	bool was_hashed;

	spin_lock(&dentry_lock);
	was_hashed = d->flags & DENTRY_HASHED;
	if (was_hashed)
		unlink_locked(d);
	d->flags |= DENTRY_UNLINKED;
	if (whiteout)
		link_locked(whiteout);
	spin_unlock(&dentry_lock);
	if (was_hashed && !(d->sb->flags & SB_VOLATILE))
		dentry_put(d);
}

static __stack_guarded void swap_names(struct dentry *a, struct dentry *b)
{
	char tmp[sizeof(a->inline_name)];
	char *a_name = a->name, *b_name = b->name;
	bool a_inline = a_name == a->inline_name, b_inline = b_name == b->inline_name;
	uint16_t bytes = a->name_bytes;
	uint32_t hash = a->hash;

	memcpy(tmp, a->inline_name, sizeof(tmp));
	memcpy(a->inline_name, b->inline_name, sizeof(tmp));
	memcpy(b->inline_name, tmp, sizeof(tmp));
	a->name = b_inline ? a->inline_name : b_name;
	b->name = a_inline ? b->inline_name : a_name;
	a->name_bytes = b->name_bytes;
	b->name_bytes = bytes;
	a->hash = b->hash;
	b->hash = hash;
}

static void swap_places(struct dentry *a, struct dentry *b)
{
	struct dentry *parent = a->parent;

	swap_names(a, b);
	a->parent = b->parent;
	b->parent = parent;
}

void dentry_move(struct dentry *old, struct dentry *place, struct dentry *whiteout)
{
	struct dentry *gone;

	spin_lock(&dentry_lock);
	dentry_moves++;
	unlink_locked(old);
	gone = find_locked(place->parent, place->hash, place->name, place->name_bytes);
	if (gone) {
		unlink_locked(gone);
		gone->flags |= DENTRY_UNLINKED;
	}
	swap_places(old, place);
	link_locked(old);
	if (whiteout)
		link_locked(whiteout);
	spin_unlock(&dentry_lock);
	if (gone)
		dentry_put(gone);
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	spin_lock(&dentry_lock);
	dentry_moves++;
	unlink_locked(a);
	unlink_locked(b);
	swap_places(a, b);
	link_locked(a);
	link_locked(b);
	spin_unlock(&dentry_lock);
}

bool dentry_is_below(const struct dentry *d, const struct dentry *ancestor)
{
	bool below;

	spin_lock(&dentry_lock);
	while (d != ancestor && d->parent != d)
		d = d->parent;
	below = d == ancestor;
	spin_unlock(&dentry_lock);
	return below;
}
