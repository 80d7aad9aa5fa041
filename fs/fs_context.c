// Contexts of threads: root, working directory, umask; the table of descriptors; limits. Each part
// is counted by itself, so that threads and processes share what clone(2) says.
//
// Lock: the view's (RANK_FDTABLE) guards its paths.

#include "fs/fdtable.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "mm/phys/kmalloc.h"

#define NOFILE_START 1024u // Linux's INR_OPEN_CUR

static struct fs_view *view_create(const struct path *root, const struct path *cwd, uint32_t umask)
{
	struct fs_view *v = kmalloc(sizeof(*v));

	if (!v)
		return NULL;
	*v = (struct fs_view){ .refs = 1, .root = *root, .cwd = *cwd, .umask = umask };
	spin_init(&v->lock, RANK_FDTABLE, "fs_view");
	path_get(root);
	path_get(cwd);
	return v;
}

static struct fs_view *view_clone(struct fs_view *v)
{
	struct fs_view *copy;
	struct path root, cwd;

	spin_lock(&v->lock);
	root = v->root;
	cwd = v->cwd;
	path_get(&root);
	path_get(&cwd);
	spin_unlock(&v->lock);
	copy = view_create(&root, &cwd, READ_ONCE(v->umask));
	path_put(&root);
	path_put(&cwd);
	return copy;
}

static void view_put(struct fs_view *v)
{
	if (__atomic_sub_fetch(&v->refs, 1, __ATOMIC_ACQ_REL))
		return;
	path_put(&v->cwd);
	path_put(&v->root);
	kfree(v);
}

static struct fs_limits *limits_create(uint64_t nofile, uint64_t fsize)
{
	struct fs_limits *l = kmalloc(sizeof(*l));

	if (l)
		*l = (struct fs_limits){ .refs = 1, .nofile = nofile, .fsize = fsize };
	return l;
}

static void limits_put(struct fs_limits *l)
{
	if (!__atomic_sub_fetch(&l->refs, 1, __ATOMIC_ACQ_REL))
		kfree(l);
}

// Takes over the three parts, NULL for lack of memory.
static struct fs_context *context_of(struct fs_view *view, struct fdtable *fds,
				     struct fs_limits *limits)
{
	struct fs_context *c = kmalloc(sizeof(*c));

	if (c && view && fds && limits) {
		*c = (struct fs_context){ 1, view, fds, limits };
		return c;
	}
	if (view)
		view_put(view);
	if (fds)
		fdtable_put(fds);
	if (limits)
		limits_put(limits);
	kfree(c);
	return NULL;
}

__cold struct fs_context *fs_context_create(const struct path *root)
{
	return context_of(view_create(root, root, 022), fdtable_create(),
			  limits_create(NOFILE_START, UINT64_MAX));
}

static void count_up(uint32_t *refs)
{
	__atomic_fetch_add(refs, 1, __ATOMIC_RELAXED);
}

struct fs_context *fs_context_clone(struct fs_context *c, unsigned share)
{
	struct fs_view *view = c->view;
	struct fs_limits *limits = c->limits;
	struct fdtable *fds = share & FS_SHARE_FDS ? fdtable_get(c->fds) : fdtable_clone(c->fds);

	if (share & FS_SHARE_VIEW)
		count_up(&view->refs);
	else
		view = view_clone(view);
	if (share & FS_SHARE_LIMITS)
		count_up(&limits->refs);
	else
		limits = limits_create(READ_ONCE(limits->nofile), READ_ONCE(limits->fsize));
	return context_of(view, fds, limits);
}

bool fs_context_is_shared(const struct fs_context *c, unsigned parts)
{
	return __atomic_load_n(&c->refs, __ATOMIC_ACQUIRE) > 1 ||
	       (parts & FS_SHARE_VIEW && __atomic_load_n(&c->view->refs, __ATOMIC_ACQUIRE) > 1) ||
	       (parts & FS_SHARE_FDS && __atomic_load_n(&c->fds->refs, __ATOMIC_ACQUIRE) > 1);
}

struct fs_context *fs_context_get(struct fs_context *c)
{
	count_up(&c->refs);
	return c;
}

void fs_context_put(struct fs_context *c)
{
	if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	fdtable_put(c->fds);
	view_put(c->view);
	limits_put(c->limits);
	kfree(c);
}

static void get_path(struct fs_view *v, const struct path *from, struct path *out)
{
	spin_lock(&v->lock);
	*out = *from;
	path_get(out);
	spin_unlock(&v->lock);
}

void fs_context_get_root(struct fs_context *c, struct path *out)
{
	get_path(c->view, &c->view->root, out);
}

void fs_context_get_cwd(struct fs_context *c, struct path *out)
{
	get_path(c->view, &c->view->cwd, out);
}

static void swap_path(struct fs_view *v, struct path *slot, const struct path *p)
{
	struct path old;

	path_get(p);
	spin_lock(&v->lock);
	old = *slot;
	*slot = *p;
	spin_unlock(&v->lock);
	path_put(&old);
}

__cold void fs_context_set_root(struct fs_context *c, const struct path *p)
{
	swap_path(c->view, &c->view->root, p);
}

__cold void fs_context_set_cwd(struct fs_context *c, const struct path *p)
{
	swap_path(c->view, &c->view->cwd, p);
}
