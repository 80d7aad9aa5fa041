// Extended attributes: no file system here has any. The arguments are judged as Linux judges them,
// then the answer is that of a Linux file system without attributes (procfs): EOPNOTSUPP, and an
// empty list. Owns no state.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/xattr.h>

#include "fs/file.h"
#include "fs/namei.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

// -EOPNOTSUPP for a good name; -ERANGE, -EFAULT.
static __stack_guarded int judge_name(struct uptr name)
{
	char copy[XATTR_NAME_MAX + 1];
	int64_t length = strncpy_from_user(copy, name, sizeof(copy));

	if (length == -EFAULT)
		return -EFAULT;
	return length <= 0 || length > XATTR_NAME_MAX ? -ERANGE : -EOPNOTSUPP;
}

static __stack_guarded int judge_value(struct uptr name, struct uptr value, uint64_t bytes,
				       uint64_t flags)
{
	if ((unsigned)flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	int err = judge_name(name);
	if (err != -EOPNOTSUPP)
		return err;
	if (bytes > XATTR_SIZE_MAX)
		return -E2BIG;
	while (bytes) { // Linux reads it all before it asks the file system
		char piece[128];
		size_t n = MIN(bytes, sizeof(piece));

		if (copy_from_user(piece, value, n) != 0)
			return -EFAULT;
		value = uptr_add(value, n);
		bytes -= n;
	}
	return -EOPNOTSUPP;
}

// |answer| if |path| leads to something.
static int64_t for_path(struct uptr path, unsigned lookup, int answer)
{
	struct path at;
	int err = user_lookup(AT_FDCWD, path, lookup, &at);

	if (err)
		return err;
	path_put(&at);
	return answer;
}

static int64_t for_fd(int fd, int answer)
{
	struct file *f = user_file(fd);

	if (!f)
		return -EBADF;
	file_put(f);
	return answer;
}

// A bad name is told before a bad path.
static int64_t named_path(struct uptr path, unsigned lookup, int judgement)
{
	return judgement == -EOPNOTSUPP ? for_path(path, lookup, judgement) : judgement;
}

static int64_t named_fd(int fd, int judgement)
{
	return judgement == -EOPNOTSUPP ? for_fd(fd, judgement) : judgement;
}

int64_t sys_setxattr(struct uptr path, struct uptr name, struct uptr value, uint64_t bytes,
		     uint64_t flags)
{
	return named_path(path, LOOKUP_FOLLOW, judge_value(name, value, bytes, flags));
}

int64_t sys_lsetxattr(struct uptr path, struct uptr name, struct uptr value, uint64_t bytes,
		      uint64_t flags)
{
	return named_path(path, 0, judge_value(name, value, bytes, flags));
}

int64_t sys_fsetxattr(int fd, struct uptr name, struct uptr value, uint64_t bytes, uint64_t flags)
{
	return named_fd(fd, judge_value(name, value, bytes, flags));
}

int64_t sys_getxattr(struct uptr path, struct uptr name, struct uptr value, uint64_t bytes)
{
	return named_path(path, LOOKUP_FOLLOW, judge_name(name));
}

int64_t sys_lgetxattr(struct uptr path, struct uptr name, struct uptr value, uint64_t bytes)
{
	return named_path(path, 0, judge_name(name));
}

int64_t sys_fgetxattr(int fd, struct uptr name, struct uptr value, uint64_t bytes)
{
	return named_fd(fd, judge_name(name));
}

int64_t sys_listxattr(struct uptr path, struct uptr list, uint64_t bytes)
{
	return for_path(path, LOOKUP_FOLLOW, 0);
}

int64_t sys_llistxattr(struct uptr path, struct uptr list, uint64_t bytes)
{
	return for_path(path, 0, 0);
}

int64_t sys_flistxattr(int fd, struct uptr list, uint64_t bytes)
{
	return for_fd(fd, 0);
}

int64_t sys_removexattr(struct uptr path, struct uptr name)
{
	return named_path(path, LOOKUP_FOLLOW, judge_name(name));
}

int64_t sys_lremovexattr(struct uptr path, struct uptr name)
{
	return named_path(path, 0, judge_name(name));
}

int64_t sys_fremovexattr(int fd, struct uptr name)
{
	return named_fd(fd, judge_name(name));
}
