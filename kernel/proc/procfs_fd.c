// /proc/PID/fd and fdinfo. The second key is the descriptor.

#include <asm/errno.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "kernel/proc/procfs_internal.h"
#include "lib/fmt.h"

#define O_CLOEXEC_BIT 02000000u

static struct file *fd_file(const struct pseudo_ref *r, bool *cloexec)
{
	struct fs_context *c = procfs_fsctx(r);
	struct file *f;

	if (!c)
		return NULL;
	f = fd_get_path_ok(c->fds, (int)r->key[1]);
	if (cloexec)
		*cloexec = fd_get_cloexec(c->fds, (int)r->key[1]) == 1;
	fs_context_put(c);
	return f;
}

static int fd_get_link(const struct pseudo_ref *r, struct path *out)
{
	struct file *f = fd_file(r, NULL);

	if (!f)
		return -ENOENT;
	*out = f->path;
	path_get(out);
	file_put(f);
	return 0;
}

// A descriptor's link shows by its permissions how the file is open.
static int fd_attr(const struct pseudo_ref *r, uint32_t *mode, uint32_t *uid, uint32_t *gid)
{
	struct file *f = fd_file(r, NULL);

	if (!f)
		return -ENOENT;
	*mode = 0120000u | (f->mode & FMODE_READ ? 0500u : 0) | (f->mode & FMODE_WRITE ? 0300u : 0);
	file_put(f);
	return 0;
}

static bool fd_alive(const struct pseudo_ref *r)
{
	struct file *f = fd_file(r, NULL);

	if (!f)
		return false;
	file_put(f);
	return true;
}

static int show_fdinfo(const struct pseudo_ref *r, struct seq *out)
{
	bool cloexec;
	struct file *f = fd_file(r, &cloexec);

	if (!f)
		return -ENOENT;
	seq_printf(out, "pos:\t%llu\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n",
		   (unsigned long long)f->pos, f->flags | (cloexec ? O_CLOEXEC_BIT : 0),
		   f->path.mount ? f->path.mount->id : 0,
		   (unsigned long long)(f->inode ? f->inode->ino : 0));
	if (f->ops && f->ops->fdinfo)
		f->ops->fdinfo(f, out);
	file_put(f);
	return 0;
}

static const struct pseudo_node fd_link = {
	.name = "", .mode = 0120700, .get_link = fd_get_link, .attr = fd_attr, .alive = fd_alive
};
static const struct pseudo_node fdinfo_file = {
	.name = "", .mode = 0100444, .show = show_fdinfo, .alive = fd_alive
};

static int lookup(const struct pseudo_ref *dir, const struct pseudo_node *node, const char *name,
		  size_t bytes, struct pseudo_ref *out)
{
	uint64_t fd;

	if (!pseudo_parse_number(name, bytes, &fd) || fd > INT32_MAX)
		return -ENOENT;
	*out = (struct pseudo_ref){ .node = node, .key = { dir->key[0], fd } };
	return fd_alive(out) ? 0 : -ENOENT;
}

static __stack_guarded int iterate(const struct pseudo_ref *dir, const struct pseudo_node *node,
				   struct pseudo_emit *e)
{
	struct fs_context *c = procfs_fsctx(dir);
	int fd = (int)e->from - 1; // positions are numbers + 1
	bool more = true;
	char name[16];

	if (!c)
		return -ENOENT;
	while (more && (fd = fd_next_open(c->fds, fd + 1)) >= 0) {
		struct pseudo_ref child = { .node = node, .key = { dir->key[0], (uint64_t)fd } };

		fmt_snprintf(name, sizeof(name), "%d", fd);
		more = e->emit(e, name, &child, (uint64_t)fd + 1);
	}
	fs_context_put(c);
	return 0;
}

int procfs_fd_lookup(const struct pseudo_ref *dir, const char *name, size_t bytes,
		     struct pseudo_ref *out)
{
	return lookup(dir, &fd_link, name, bytes, out);
}

int procfs_fd_iterate(const struct pseudo_ref *dir, struct pseudo_emit *e)
{
	return iterate(dir, &fd_link, e);
}

int procfs_fdinfo_lookup(const struct pseudo_ref *dir, const char *name, size_t bytes,
			 struct pseudo_ref *out)
{
	return lookup(dir, &fdinfo_file, name, bytes, out);
}

int procfs_fdinfo_iterate(const struct pseudo_ref *dir, struct pseudo_emit *e)
{
	return iterate(dir, &fdinfo_file, e);
}
