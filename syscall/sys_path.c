// Making, removing and renaming names; the working directory; links. Owns no state.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/stat.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/namei.h"
#include "fs/stat.h"
#include "kernel/base/lock.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define S_ALL_BITS 07777u

static uint32_t masked(unsigned mode)
{
	return mode & S_ALL_BITS & ~fs_context_current()->view->umask;
}

__stack_guarded int64_t sys_mkdirat(int dirfd, struct uptr path, unsigned mode)
{
	struct user_at a;
	int err = user_at_get(&a, dirfd, path);

	if (err)
		return err;
	err = namei_mkdir(&a.at, a.path.name, masked(mode & 01777));
	user_at_put(&a);
	return err;
}

int64_t sys_mkdir(struct uptr path, unsigned mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

static int mknod_type_ok(unsigned mode)
{
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

__stack_guarded int64_t sys_mknodat(int dirfd, struct uptr path, unsigned mode, uint64_t dev)
{
	struct user_at a;
	int err = mknod_type_ok(mode);

	if (err)
		return err;
	err = user_at_get(&a, dirfd, path);
	if (err)
		return err;
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	err = namei_mknod(&a.at, a.path.name, (mode & S_IFMT) | masked(mode),
			  kdev_decode((uint32_t)dev));
	user_at_put(&a);
	return err;
}

int64_t sys_mknod(struct uptr path, unsigned mode, uint64_t dev)
{
	return sys_mknodat(AT_FDCWD, path, mode, dev);
}

int64_t sys_unlinkat(int dirfd, struct uptr path, int flags)
{
	struct user_at a;
	int err;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	err = user_at_get(&a, dirfd, path);
	if (err)
		return err;
	err = flags & AT_REMOVEDIR ? namei_rmdir(&a.at, a.path.name)
				   : namei_unlink(&a.at, a.path.name);
	user_at_put(&a);
	return err;
}

int64_t sys_unlink(struct uptr path)
{
	return sys_unlinkat(AT_FDCWD, path, 0);
}

int64_t sys_rmdir(struct uptr path)
{
	return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

__stack_guarded int64_t sys_symlinkat(struct uptr target, int dirfd, struct uptr path)
{
	struct user_path to;
	struct user_at a;
	int err = user_path_get(&to, target, false);

	if (err)
		return err;
	err = user_at_get(&a, dirfd, path);
	if (!err) {
		err = namei_symlink(to.name, &a.at, a.path.name);
		user_at_put(&a);
	}
	user_path_put(&to);
	return err;
}

int64_t sys_symlink(struct uptr target, struct uptr path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

__stack_guarded int64_t sys_linkat(int old_dirfd, struct uptr old, int new_dirfd, struct uptr new,
				   int flags)
{
	struct path from;
	struct user_at a;
	unsigned lookup = 0;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	if (flags & AT_SYMLINK_FOLLOW)
		lookup |= LOOKUP_FOLLOW;
	err = user_lookup(old_dirfd, old, lookup, &from);
	if (err)
		return err;
	err = user_at_get(&a, new_dirfd, new);
	if (!err) {
		err = namei_link(&from, &a.at, a.path.name);
		user_at_put(&a);
	}
	path_put(&from);
	return err;
}

int64_t sys_link(struct uptr old, struct uptr new)
{
	return sys_linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}

__stack_guarded int64_t sys_renameat2(int old_dirfd, struct uptr old, int new_dirfd,
				      struct uptr new, unsigned flags)
{
	struct user_at from, to;
	int err;

	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if ((flags & RENAME_EXCHANGE) && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
		return -EINVAL;
	err = user_at_get(&from, old_dirfd, old);
	if (err)
		return err;
	err = user_at_get(&to, new_dirfd, new);
	if (!err) {
		err = namei_rename(&from.at, from.path.name, &to.at, to.path.name, flags);
		user_at_put(&to);
	}
	user_at_put(&from);
	return err;
}

int64_t sys_renameat(int old_dirfd, struct uptr old, int new_dirfd, struct uptr new)
{
	return sys_renameat2(old_dirfd, old, new_dirfd, new, 0);
}

int64_t sys_rename(struct uptr old, struct uptr new)
{
	return sys_renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}

__stack_guarded int64_t sys_readlinkat(int dirfd, struct uptr path, struct uptr buf, int bytes)
{
	struct user_path p;
	struct path at, link;
	char *text;
	int64_t n;

	if (bytes <= 0)
		return -EINVAL;
	n = user_path_get(&p, path, true);
	if (n)
		return n;
	n = at_path_get(dirfd, p.name, &at);
	if (n)
		goto out_name;
	n = namei_lookup(&at, p.name, LOOKUP_EMPTY, &link);
	path_put(&at);
	if (n)
		goto out_name;
	n = -ENOMEM;
	text = kmalloc(PATH_MAX);
	if (text) {
		n = namei_readlink(&link, text, PATH_MAX);
		if (n == -EINVAL && !p.name[0])
			n = -ENOENT;
		if (n >= 0)
			n = MIN(n, bytes);
		if (n >= 0 && copy_to_user(buf, text, (size_t)n))
			n = -EFAULT;
		kfree(text);
	}
	path_put(&link);
out_name:
	user_path_put(&p);
	return n;
}

int64_t sys_readlink(struct uptr path, struct uptr buf, int bytes)
{
	return sys_readlinkat(AT_FDCWD, path, buf, bytes);
}

// The paths of the calling thread's context, with references.
static void context_paths(struct path *root, struct path *cwd)
{
	struct fs_context *ctx = fs_context_current();

	fs_context_get_root(ctx, root);
	fs_context_get_cwd(ctx, cwd);
}

int64_t sys_getcwd(struct uptr buf, uint64_t bytes)
{
	struct path root, cwd;
	char *page = kmalloc(PATH_MAX);
	int64_t result = -ENOENT;
	char *text;

	if (!page)
		return -ENOMEM;
	context_paths(&root, &cwd);
	if (!(cwd.dentry->flags & DENTRY_UNLINKED)) {
		text = path_to_string(&cwd, &root, page, PATH_MAX);
		result = text ? (int64_t)strlen(text) + 1 : -ENAMETOOLONG;
		if (text && (uint64_t)result > bytes)
			result = -ERANGE;
		else if (text && copy_to_user(buf, text, (size_t)result))
			result = -EFAULT;
	}
	path_put(&root);
	path_put(&cwd);
	kfree(page);
	return result;
}

static int set_cwd(const struct path *p)
{
	int err = inode_permission(p->dentry->inode, 1);

	if (!err)
		fs_context_set_cwd(fs_context_current(), p);
	return err;
}

int64_t sys_chdir(struct uptr path)
{
	struct path p;
	int err = user_lookup(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);

	if (err)
		return err;
	err = set_cwd(&p);
	path_put(&p);
	return err;
}

int64_t sys_fchdir(int fd)
{
	struct file *f = user_file_any(fd);
	struct path p;
	int err = -ENOTDIR;

	if (!f)
		return -EBADF;
	if (f->inode && (f->inode->mode & S_IFMT) == S_IFDIR) {
		p = f->path;
		path_get(&p);
		err = set_cwd(&p);
		path_put(&p);
	}
	file_put(f);
	return err;
}

int64_t sys_umask(unsigned mask)
{
	return __atomic_exchange_n(&fs_context_current()->view->umask, mask & 0777,
				   __ATOMIC_RELAXED);
}

int64_t sys_truncate(struct uptr path, int64_t bytes)
{
	struct path p;
	int err;

	if (bytes < 0)
		return -EINVAL;
	err = user_lookup(AT_FDCWD, path, LOOKUP_FOLLOW, &p);
	if (err)
		return err;
	err = namei_truncate(&p, (uint64_t)bytes);
	path_put(&p);
	return err;
}
