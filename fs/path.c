// Paths: references, and turning a place in the trees back into a name.
#include "fs/path.h"

#include "fs/dentry.h"
#include "fs/mount.h"
#include "lib/string.h"

void path_get(const struct path *p)
{
	mount_get(p->mount);
	dentry_get(p->dentry);
}

void path_put(struct path *p)
{
	if (p->dentry)
		dentry_put(p->dentry);
	if (p->mount)
		mount_put(p->mount);
	*p = (struct path){ 0 };
}

// Text is written backwards from the end of the caller's buffer.
struct tail {
	char *start, *buf;
	bool full;
};

static void prepend(struct tail *t, const char *text, size_t n)
{
	if (t->full || (size_t)(t->start - t->buf) < n) {
		t->full = true;
		return;
	}
	t->start -= n;
	memcpy(t->start, text, n);
}

static void prepend_walk_locked(struct tail *t, const struct path *p, const struct path *root)
{
	const struct mount *m = p->mount;
	const struct dentry *d = p->dentry;
	bool any = false;

	while (!(m == root->mount && d == root->dentry)) {
		if (d == m->root || d->parent == d) {
			if (m->parent == m || m->detached)
				break;
			d = m->mountpoint;
			m = m->parent;
			continue;
		}
		prepend(t, d->name, d->name_bytes);
		prepend(t, "/", 1);
		any = true;
		d = d->parent;
	}
	if (!any)
		prepend(t, "/", 1);
	// Outside of the caller's root, as Linux's getcwd and /proc say.
	if (!(m == root->mount && d == root->dentry) && m->parent == m &&
	    !(m->sb->flags & SB_INTERNAL) && d == m->root && root->dentry != m->root)
		prepend(t, "(unreachable)", 13);
}

__stack_guarded char *path_to_string(const struct path *p, const struct path *root, char *buf,
				     size_t bytes)
{
	struct tail t = { buf + bytes, buf, false };
	const struct superblock *sb = p->dentry->sb;

	if (sb->ops && sb->ops->dname) {
		char tmp[300];
		int n = sb->ops->dname(p->dentry, tmp, sizeof(tmp));

		prepend(&t, "", 1);
		prepend(&t, tmp, (size_t)n);
		return t.full ? NULL : t.start;
	}
	prepend(&t, "", 1);
	spin_lock(&dentry_lock);
	if (p->dentry->flags & DENTRY_UNLINKED)
		prepend(&t, " (deleted)", 10);
	prepend_walk_locked(&t, p, root);
	spin_unlock(&dentry_lock);
	return t.full ? NULL : t.start;
}
