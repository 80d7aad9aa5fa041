// inotify: flags, descriptors, paths; fs/inotify.c does the work. Owns no state.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>

#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/inotify.h"
#include "fs/namei.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define MAY_READ 4u
#define KNOWN                                                                                      \
	(IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW |   \
	 IN_EXCL_UNLINK | IN_MASK_ADD | IN_MASK_CREATE | IN_ISDIR | IN_ONESHOT)

int64_t sys_inotify_init1(uint64_t flags)
{
	struct file *f;
	int err;

	if ((unsigned)flags & ~(unsigned)(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	err = inotify_create((unsigned)flags, &f);
	return err ? err : user_fd_install(f, flags & IN_CLOEXEC);
}

int64_t sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

static int64_t add_watch(struct file *f, struct uptr path, uint32_t mask)
{
	unsigned lookup = (mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW) |
			  (mask & IN_ONLYDIR ? LOOKUP_DIRECTORY : 0);
	struct path p;
	int64_t r;

	if ((mask & (IN_MASK_ADD | IN_MASK_CREATE)) == (IN_MASK_ADD | IN_MASK_CREATE) ||
	    !file_is_inotify(f))
		return -EINVAL;
	r = user_lookup(AT_FDCWD, path, lookup, &p);
	if (r)
		return r;
	r = inode_permission(p.dentry->inode, MAY_READ);
	if (!r)
		r = inotify_add(f, &p, mask);
	path_put(&p);
	return r;
}

int64_t sys_inotify_add_watch(int fd, struct uptr path, uint64_t mask)
{
	struct file *f;
	int64_t r;

	if ((uint32_t)mask & ~KNOWN || !(uint32_t)mask)
		return -EINVAL;
	f = user_file(fd);
	if (!f)
		return -EBADF;
	r = add_watch(f, path, (uint32_t)mask);
	file_put(f);
	return r;
}

int64_t sys_inotify_rm_watch(int fd, int wd)
{
	struct file *f = user_file(fd);
	int64_t r;

	if (!f)
		return -EBADF;
	r = file_is_inotify(f) ? inotify_remove(f, wd) : -EINVAL;
	file_put(f);
	return r;
}
