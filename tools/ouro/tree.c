// The guest's file tree; see tree.h. Adding what the host has is in tree_host.c.
#include "tools/ouro/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/ouro/diag.h"

#define SYMLINK_LIMIT 40

static void read_epoch(struct tree *t)
{
	const char *s = getenv("SOURCE_DATE_EPOCH");
	char *end;
	unsigned long long v;

	t->epoch_s = UINT32_MAX;
	if (!s || !*s)
		return;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || *end || v > UINT32_MAX) {
		warn("SOURCE_DATE_EPOCH=%s is not a time in seconds; ignored", s);
		return;
	}
	t->epoch_s = (uint32_t)v;
	t->made_mtime_s = (uint32_t)v;
}

struct tree *tree_new(void)
{
	struct tree *t = xcalloc(1, sizeof(*t));

	read_epoch(t);
	t->root = xcalloc(1, sizeof(*t->root));
	t->root->name = xstrdup("");
	t->root->parent = t->root;
	t->root->mode = S_IFDIR | 0755;
	t->root->mtime_s = t->made_mtime_s;
	t->n_nodes = 1;
	return t;
}

void tree_swap(struct tree *a, struct tree *b)
{
	struct tree t = *a;

	*a = *b;
	*b = t;
}

struct file_data *tree_new_data(struct tree *t, uint64_t size_bytes)
{
	struct file_data *d = xcalloc(1, sizeof(*d));

	d->fd = -1;
	d->size_bytes = size_bytes;
	d->next = t->data;
	t->data = d;
	return d;
}

static void free_data(struct tree *t)
{
	while (t->data) {
		struct file_data *d = t->data;

		t->data = d->next;
		free(d->host_path);
		free((void *)d->bytes);
		free(d);
	}
}

static void data_drop(struct node *n)
{
	if (n->data)
		n->data->links--;
	n->data = NULL;
}

static void node_free(struct node *n)
{
	for (size_t i = 0; i < n->n_children; i++)
		node_free(n->children[i]);
	free(n->children);
	free(n->target);
	free(n->name);
	free(n);
}

void tree_free(struct tree *t)
{
	node_free(t->root);
	free_data(t);
	map_free(&t->names);
	map_free(&t->hard_links);
	free(t);
}

// A key for the table of names: the directory's address, then the name.
struct name_key {
	const struct node *dir;
	char name[256];
};

static size_t make_key(struct name_key *key, const struct node *dir, const char *name)
{
	size_t n = strlen(name);

	if (n >= sizeof(key->name))
		return 0;
	key->dir = dir;
	memcpy(key->name, name, n);
	return offsetof(struct name_key, name) + n;
}

struct node *tree_child(const struct tree *t, const struct node *dir, const char *name)
{
	struct name_key key;
	size_t n = make_key(&key, dir, name);

	return n ? map_get(&t->names, &key, n) : NULL;
}

static struct node *add_child(struct tree *t, struct node *dir, const char *name)
{
	struct name_key key;
	size_t bytes = make_key(&key, dir, name);
	struct node *n;

	if (bytes == 0)
		return NULL;
	n = xcalloc(1, sizeof(*n));
	n->name = xstrdup(name);
	n->parent = dir;
	n->mtime_s = t->made_mtime_s;
	if (dir->n_children == dir->cap_children) {
		dir->cap_children = dir->cap_children ? dir->cap_children * 2 : 8;
		dir->children = xrealloc(dir->children, dir->cap_children * sizeof(*dir->children));
	}
	dir->children[dir->n_children++] = n;
	map_put(&t->names, &key, bytes, n);
	t->n_nodes++;
	return n;
}

// Empties a directory that a later layer replaced by something else.
static void drop_children(struct tree *t, struct node *dir)
{
	struct name_key key;

	for (size_t i = 0; i < dir->n_children; i++) {
		struct node *c = dir->children[i];

		drop_children(t, c);
		map_put(&t->names, &key, make_key(&key, dir, c->name), NULL);
		data_drop(c);
		node_free(c);
		t->n_nodes--;
	}
	dir->n_children = 0;
}

void tree_clear(struct tree *t, struct node *dir)
{
	drop_children(t, dir);
}

void tree_remove(struct tree *t, struct node *dir, const char *name)
{
	struct node *n = tree_child(t, dir, name);
	struct name_key key;
	size_t i = 0;

	if (!n)
		return;
	drop_children(t, n);
	map_put(&t->names, &key, make_key(&key, dir, name), NULL);
	while (dir->children[i] != n)
		i++;
	dir->children[i] = dir->children[--dir->n_children];
	data_drop(n);
	node_free(n);
	t->n_nodes--;
}

struct node *tree_make(struct tree *t, struct node *dir, const char *name, uint32_t mode)
{
	struct node *n = tree_child(t, dir, name);

	if (!n)
		n = add_child(t, dir, name);
	if (!n)
		return NULL;
	if ((n->mode & S_IFMT) != (mode & S_IFMT))
		drop_children(t, n);
	n->mode = mode;
	data_drop(n);
	free(n->target);
	n->target = NULL;
	return n;
}

void tree_set_data(struct node *n, struct file_data *d)
{
	data_drop(n);
	d->links++;
	n->data = d;
}

// Takes the next component of |*rest| into |name|; false at the end of the path.
static bool next_component(const char **rest, char name[256])
{
	size_t n;

	*rest += strspn(*rest, "/");
	n = strcspn(*rest, "/");
	if (n == 0 || n > 255)
		return false;
	memcpy(name, *rest, n);
	name[n] = 0;
	*rest += n;
	return true;
}

static struct node *walk(const struct tree *t, struct node *dir, const char *path, bool follow,
			 unsigned *links)
{
	const char *rest = path;
	char name[256];

	if (*path == '/')
		dir = t->root;
	while (dir && next_component(&rest, name)) {
		bool last = rest[strspn(rest, "/")] == 0;
		struct node *n;

		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			dir = dir->parent;
			continue;
		}
		n = tree_child(t, dir, name);
		if (n && S_ISLNK(n->mode) && (follow || !last)) {
			if (++*links > SYMLINK_LIMIT)
				return NULL;
			n = walk(t, dir, n->target, true, links);
		}
		dir = n;
	}
	return dir;
}

struct node *tree_lookup(const struct tree *t, const char *path, bool follow)
{
	unsigned links = 0;

	return walk(t, t->root, path, follow, &links);
}

struct node *tree_mkdirs(struct tree *t, const char *path)
{
	struct node *dir = t->root;
	const char *rest = path;
	char name[256];

	while (next_component(&rest, name)) {
		unsigned links = 0;
		struct node *n;

		if (strcmp(name, ".") == 0)
			continue;
		n = walk(t, dir, name, true, &links);
		if (!n && !tree_child(t, dir, name))
			n = tree_make(t, dir, name, S_IFDIR | 0755);
		if (!n || !S_ISDIR(n->mode))
			return NULL;
		dir = n;
	}
	return dir;
}

int tree_add_bytes(struct tree *t, const char *path, uint32_t mode, void *bytes, size_t n)
{
	const char *slash = strrchr(path, '/');
	char *dir_path = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
	struct node *dir = tree_mkdirs(t, dir_path);
	struct node *node = dir ? tree_make(t, dir, slash ? slash + 1 : path, mode) : NULL;
	struct file_data *d;

	free(dir_path);
	if (!node) {
		free(bytes);
		return fail(STATUS_OURO, "cannot put %s into the image: its folder is not one",
			    path);
	}
	d = tree_new_data(t, n);
	d->bytes = bytes;
	tree_set_data(node, d);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
	size_t nx = strlen(x->name), ny = strlen(y->name);
	int c = memcmp(x->name, y->name, nx < ny ? nx : ny);

	if (c)
		return c;
	return nx < ny ? -1 : nx > ny;
}

static void sort_node(struct node *n)
{
	if (n->n_children)
		qsort(n->children, n->n_children, sizeof(*n->children), by_name);
	for (size_t i = 0; i < n->n_children; i++)
		sort_node(n->children[i]);
}

void tree_sort(struct tree *t)
{
	sort_node(t->root);
}

char *tree_path(const struct node *n)
{
	char *head, *path;

	if (n->parent == n)
		return xstrdup("/");
	head = tree_path(n->parent);
	path = xprintf("%s/%s", head[1] ? head : "", n->name);
	free(head);
	return path;
}

uint32_t tree_clamp_time(const struct tree *t, int64_t mtime_s)
{
	if (mtime_s < 0)
		return 0;
	return mtime_s > t->epoch_s ? t->epoch_s : (uint32_t)mtime_s;
}
