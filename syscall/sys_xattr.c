// Extended attributes: names and values are brought in, then fs/xattr.c answers. Owns no state.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/limits.h>
#include <linux/xattr.h>

#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/notify.h"
#include "fs/xattr.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

enum op { SET, GET, LIST, REMOVE };

// One call: of what, under which name, with what. |name| and |value| as Linux reads them: before
// the path.
struct request {
	enum op op;
	struct uptr name, value;
	uint64_t bytes, flags;
	char text[XATTR_NAME_MAX + 1];
	char *copy; // of the value, or room for it
};

static int get_name(struct request *q)
{
	int64_t length = strncpy_from_user(q->text, q->name, sizeof(q->text));

	if (length == -EFAULT)
		return -EFAULT;
	return length <= 0 || length > XATTR_NAME_MAX ? -ERANGE : 0;
}

static int prepare(struct request *q)
{
	const uint64_t most = q->op == LIST ? XATTR_LIST_MAX : XATTR_SIZE_MAX;
	int err = 0;

	q->copy = NULL;
	if (q->op == SET && (unsigned)q->flags & ~(unsigned)(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (q->op != LIST)
		err = get_name(q);
	if (err)
		return err;
	if (q->op == SET && q->bytes > most)
		return -E2BIG;
	q->bytes = MIN(q->bytes, most);
	if (q->op == REMOVE || (!q->bytes && q->op != SET))
		return 0;
	q->copy = kmalloc(MAX(q->bytes, 1));
	if (!q->copy)
		return -ENOMEM;
	return q->op == SET && copy_from_user(q->copy, q->value, q->bytes) ? -EFAULT : 0;
}

static int64_t answer(struct request *q, const struct path *at)
{
	struct inode *i = at->dentry->inode;
	int64_t r;

	if (q->op == SET || q->op == REMOVE) {
		if (at->mount->flags & MOUNT_RDONLY)
			return -EROFS;
		r = xattr_set(i, q->text, q->copy, q->bytes, (unsigned)q->flags);
		if (!r)
			notify_dentry(at->dentry, IN_ATTRIB);
		return r;
	}
	r = q->op == GET ? xattr_get(i, q->text, q->copy, q->bytes)
			 : xattr_list(i, q->copy, q->bytes);
	if (r > 0 && q->bytes && copy_to_user(q->value, q->copy, (size_t)r))
		return -EFAULT;
	return r;
}

static __stack_guarded int64_t by_path(struct uptr path, unsigned lookup, enum op op,
				       struct uptr name, struct uptr value, uint64_t bytes,
				       uint64_t flags)
{
	struct request q = { op, name, value, bytes, flags };
	struct path at;
	int64_t r = prepare(&q);

	if (!r)
		r = user_lookup(AT_FDCWD, path, lookup, &at);
	if (!r) {
		r = answer(&q, &at);
		path_put(&at);
	}
	kfree(q.copy);
	return r;
}

static __stack_guarded int64_t by_fd(int fd, enum op op, struct uptr name, struct uptr value,
				     uint64_t bytes, uint64_t flags)
{
	struct request q = { op, name, value, bytes, flags };
	int64_t r = prepare(&q);
	struct file *f = r ? NULL : user_file(fd);

	if (f)
		r = answer(&q, &f->path);
	else if (!r)
		r = -EBADF;
	if (f)
		file_put(f);
	kfree(q.copy);
	return r;
}

#define NONE UPTR(0)

int64_t sys_setxattr(struct uptr path, struct uptr name, struct uptr value, uint64_t bytes,
		     uint64_t flags)
{
	return by_path(path, LOOKUP_FOLLOW, SET, name, value, bytes, flags);
}

int64_t sys_lsetxattr(struct uptr path, struct uptr name, struct uptr value, uint64_t bytes,
		      uint64_t flags)
{
	return by_path(path, 0, SET, name, value, bytes, flags);
}

int64_t sys_fsetxattr(int fd, struct uptr name, struct uptr value, uint64_t bytes, uint64_t flags)
{
	return by_fd(fd, SET, name, value, bytes, flags);
}

int64_t sys_getxattr(struct uptr path, struct uptr name, struct uptr value, uint64_t bytes)
{
	return by_path(path, LOOKUP_FOLLOW, GET, name, value, bytes, 0);
}

int64_t sys_lgetxattr(struct uptr path, struct uptr name, struct uptr value, uint64_t bytes)
{
	return by_path(path, 0, GET, name, value, bytes, 0);
}

int64_t sys_fgetxattr(int fd, struct uptr name, struct uptr value, uint64_t bytes)
{
	return by_fd(fd, GET, name, value, bytes, 0);
}

int64_t sys_listxattr(struct uptr path, struct uptr list, uint64_t bytes)
{
	return by_path(path, LOOKUP_FOLLOW, LIST, NONE, list, bytes, 0);
}

int64_t sys_llistxattr(struct uptr path, struct uptr list, uint64_t bytes)
{
	return by_path(path, 0, LIST, NONE, list, bytes, 0);
}

int64_t sys_flistxattr(int fd, struct uptr list, uint64_t bytes)
{
	return by_fd(fd, LIST, NONE, list, bytes, 0);
}

int64_t sys_removexattr(struct uptr path, struct uptr name)
{
	return by_path(path, LOOKUP_FOLLOW, REMOVE, name, NONE, 0, 0);
}

int64_t sys_lremovexattr(struct uptr path, struct uptr name)
{
	return by_path(path, 0, REMOVE, name, NONE, 0, 0);
}

int64_t sys_fremovexattr(int fd, struct uptr name)
{
	return by_fd(fd, REMOVE, name, NONE, 0, 0);
}
