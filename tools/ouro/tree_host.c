// Adds files and directories of the host to the guest's tree; see tree.h. What the tree already has
// (from a root file system) wins: a symbolic link of the tree is followed in the tree.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/ouro/diag.h"
#include "tools/ouro/tree.h"

#define SYMLINK_LIMIT 40

static struct file_data *data_of(struct tree *t, const char *host, const struct stat *st)
{
	uint64_t key[2] = { st->st_dev, st->st_ino };
	struct file_data *d = st->st_nlink > 1 ? map_get(&t->hard_links, key, sizeof(key)) : NULL;

	if (d)
		return d;
	d = tree_new_data(t, (uint64_t)st->st_size);
	d->host_path = xstrdup(host);
	if (st->st_nlink > 1)
		map_put(&t->hard_links, key, sizeof(key), d);
	return d;
}

static char *read_link(const char *host)
{
	char buf[4096];
	ssize_t n = readlink(host, buf, sizeof(buf) - 1);

	return n < 0 ? NULL : xstrndup(buf, (size_t)n);
}

static int fail_errno(const char *what, const char *path)
{
	int err = errno;

	return fail(STATUS_OURO, "cannot %s %s: %s", what, path, strerror(err));
}

// Puts one host object, as it is, into |dir| as |name|. Sockets and the like are left out.
static int put_host(struct tree *t, struct node *dir, const char *name, const char *host,
		    const struct stat *st, struct node **out)
{
	bool is_dir = S_ISDIR(st->st_mode);
	struct node *n = is_dir ? tree_child(t, dir, name) : NULL;

	*out = NULL;
	if (!is_dir && !S_ISREG(st->st_mode) && !S_ISLNK(st->st_mode))
		return 0;
	if (S_ISREG(st->st_mode) && access(host, R_OK) < 0)
		return fail_errno("read", host);
	if (!n || !S_ISDIR(n->mode))
		n = tree_make(t, dir, name, st->st_mode & (S_IFMT | 07777));
	if (!n)
		return fail(STATUS_OURO, "the name of %s is too long for the image", host);
	n->mtime_s = is_dir ? t->made_mtime_s : tree_clamp_time(t, st->st_mtime);
	if (S_ISREG(st->st_mode))
		tree_set_data(n, data_of(t, host, st));
	if (S_ISLNK(st->st_mode)) {
		n->target = read_link(host);
		if (!n->target)
			return fail_errno("read the symbolic link", host);
	}
	*out = n;
	return 0;
}

// A position while a path is walked on the host and in the tree at once.
struct walk {
	struct node *node;
	char *host; // physical path of |node| on the host, "" for the root
};

static void walk_to_root(struct tree *t, struct walk *w)
{
	w->node = t->root;
	free(w->host);
	w->host = xstrdup("");
}

static void walk_up(struct walk *w)
{
	char *slash = strrchr(w->host, '/');

	w->node = w->node->parent;
	if (slash)
		*slash = 0;
}

// One step: |name| below the position. A link's target comes back in |*target|, to be freed.
static int walk_step(struct tree *t, struct walk *w, const char *name, char **target)
{
	char *host = xprintf("%s/%s", w->host, name);
	struct node *n = tree_child(t, w->node, name);
	struct stat st;
	int status = 0;

	*target = NULL;
	if (n && !S_ISDIR(n->mode) && !S_ISLNK(n->mode))
		n = NULL; // the same file again, or a newer one: take the host's
	if (!n) {
		if (lstat(host, &st) < 0)
			status = fail_errno("find", host);
		else
			status = put_host(t, w->node, name, host, &st, &n);
	}
	if (status == 0 && !n)
		status = fail(STATUS_OURO, "%s is not a file, directory or symbolic link", host);
	if (status) {
		free(host);
		return status;
	}
	if (S_ISLNK(n->mode)) {
		*target = xstrdup(n->target);
		free(host);
		return 0;
	}
	free(w->host);
	w->host = host;
	w->node = n;
	return 0;
}

int tree_add_host(struct tree *t, const char *path)
{
	struct walk w = { 0 };
	char *todo = xstrdup(path), *rest = todo;
	unsigned links = 0;
	int status = 0;

	walk_to_root(t, &w);
	while (status == 0) {
		char *name = rest + strspn(rest, "/"), *target;
		size_t n = strcspn(name, "/");
		char *after = name + n + (name[n] == '/');

		if (n == 0)
			break;
		name[n] = 0;
		rest = after;
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			walk_up(&w);
			continue;
		}
		status = walk_step(t, &w, name, &target);
		if (status || !target)
			continue;
		if (++links > SYMLINK_LIMIT)
			status = fail(STATUS_OURO, "too many symbolic links in %s", path);
		if (*target == '/')
			walk_to_root(t, &w);
		rest = xprintf("%s/%s", target, after);
		free(target);
		free(todo);
		todo = rest;
	}
	free(todo);
	free(w.host);
	return status;
}

static int add_directory(struct tree *t, struct node *dir, const char *host);

static int add_entry(struct tree *t, struct node *dir, const char *host, const char *name)
{
	char *path = xprintf("%s/%s", host, name);
	struct stat st;
	struct node *n;
	int status = 0;

	if (lstat(path, &st) < 0)
		status = fail_errno("read", path);
	else
		status = put_host(t, dir, name, path, &st, &n);
	if (status == 0 && n && S_ISDIR(n->mode)) {
		n->mode = st.st_mode & (S_IFMT | 07777);
		n->mtime_s = tree_clamp_time(t, st.st_mtime);
		status = add_directory(t, n, path);
	}
	free(path);
	return status;
}

static int add_directory(struct tree *t, struct node *dir, const char *host)
{
	DIR *d = opendir(host);
	struct dirent *e;
	int status = 0;

	if (!d)
		return fail_errno("read the directory", host);
	while (status == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			status = add_entry(t, dir, host, e->d_name);
	closedir(d);
	return status;
}

static int add_same_path(struct tree *t, const char *host)
{
	char *abs = *host == '/' ? xstrdup(host) : NULL;
	struct stat st;
	int status;

	if (!abs) {
		char cwd[4096];

		if (!getcwd(cwd, sizeof(cwd)))
			return fail_errno("find", "the working directory");
		abs = xprintf("%s/%s", cwd, host);
	}
	status = tree_add_host(t, abs);
	if (status == 0 && stat(abs, &st) == 0 && S_ISDIR(st.st_mode)) {
		struct node *n = tree_lookup(t, abs, true);

		status = n ? add_directory(t, n, abs) : STATUS_OURO;
	}
	free(abs);
	return status;
}

static int add_elsewhere(struct tree *t, const char *host, const char *guest, const struct stat *st)
{
	const char *slash = strrchr(guest, '/');
	char *parent = slash ? xstrndup(guest, (size_t)(slash - guest)) : xstrdup("");
	struct node *dir = tree_mkdirs(t, S_ISDIR(st->st_mode) ? guest : parent), *n;
	int status;

	free(parent);
	if (!dir)
		return fail(STATUS_OURO, "cannot add %s as %s: something else is in the way", host,
			    guest);
	if (S_ISDIR(st->st_mode))
		return add_directory(t, dir, host);
	status = put_host(t, dir, slash ? slash + 1 : guest, host, st, &n);
	if (status == 0 && !n)
		status = fail(STATUS_OURO, "%s is not a file or directory", host);
	return status;
}

int tree_add(struct tree *t, const char *host, const char *guest)
{
	struct stat st;

	if (stat(host, &st) < 0)
		return fail_errno("add", host);
	if (!guest)
		return add_same_path(t, host);
	return add_elsewhere(t, host, guest, &st);
}
