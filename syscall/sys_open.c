// Opening, closing, duplicating and controlling descriptors. Owns no state.
#include <asm/errno.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/memfd.h"
#include "fs/namei.h"
#include "fs/pipe.h"
#include "kernel/proc/process.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

// What <fcntl.h> calls O_LARGEFILE is 0 to 64-bit programs, but the kernel sets and shows this bit.
#define O_LARGEFILE_KERNEL 0100000u
#define O_TMPFILE_BIT      (O_TMPFILE & ~O_DIRECTORY)
#define O_VALID                                                                                    \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |      \
	 O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE_KERNEL | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | \
	 O_CLOEXEC | O_PATH | O_TMPFILE_BIT)
#define O_PATH_VALID (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define S_ALL_BITS   07777u

// Linux fs/open.c build_open_flags. Normalises |*flags| and |*mode|; 0 or -EINVAL.
static int check_open_flags(unsigned *flags, unsigned *mode)
{
	if (*flags & O_PATH)
		*flags &= O_PATH_VALID;
	if (!(*flags & (O_CREAT | O_TMPFILE_BIT)))
		*mode = 0;
	*mode &= S_ALL_BITS;
	if ((*flags & (O_DIRECTORY | O_CREAT)) == (O_DIRECTORY | O_CREAT))
		return -EINVAL;
	if (*flags & O_TMPFILE_BIT) {
		if (!(*flags & O_DIRECTORY) || !(*flags & (O_WRONLY | O_RDWR)))
			return -EINVAL;
	}
	if ((*flags & O_SYNC) == (O_SYNC & ~O_DSYNC))
		*flags |= O_DSYNC;
	return 0;
}

static __stack_guarded int64_t open_at(int dirfd, struct uptr name, unsigned flags, unsigned mode,
				       unsigned lookup)
{
	struct user_at a;
	struct file *f;
	int64_t result;
	int err = check_open_flags(&flags, &mode);

	if (err)
		return err;
	err = user_at_get(&a, dirfd, name);
	if (err)
		return err;
	result = namei_open(&a.at, a.path.name, flags, mode & ~fs_context_current()->view->umask,
			    lookup, &f);
	user_at_put(&a);
	return result ? result : user_fd_install(f, flags & O_CLOEXEC);
}

int64_t sys_openat(int dirfd, struct uptr path, int flags, unsigned mode)
{
	return open_at(dirfd, path, ((unsigned)flags & O_VALID) | O_LARGEFILE_KERNEL, mode, 0);
}

int64_t sys_open(struct uptr path, int flags, unsigned mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

int64_t sys_creat(struct uptr path, unsigned mode)
{
	return sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

static const struct {
	uint64_t resolve;
	unsigned lookup;
} resolve_flags[] = {
	{ RESOLVE_NO_XDEV, LOOKUP_NO_XDEV },
	{ RESOLVE_NO_MAGICLINKS, LOOKUP_NO_MAGICLINKS },
	{ RESOLVE_NO_SYMLINKS, LOOKUP_NO_SYMLINKS },
	{ RESOLVE_BENEATH, LOOKUP_BENEATH },
	{ RESOLVE_IN_ROOT, LOOKUP_IN_ROOT },
	{ RESOLVE_CACHED, 0 }, // every name is in memory
};

static int resolve_to_lookup(uint64_t resolve, unsigned *lookup)
{
	*lookup = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(resolve_flags); i++) {
		if (resolve & resolve_flags[i].resolve)
			*lookup |= resolve_flags[i].lookup;
		resolve &= ~resolve_flags[i].resolve;
	}
	if (resolve ||
	    (*lookup & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)) == (LOOKUP_BENEATH | LOOKUP_IN_ROOT))
		return -EINVAL;
	return 0;
}

// openat2 is strict where openat ignores: unknown flags, mode without a creating flag.
static int check_how(const struct open_how *how, unsigned *lookup)
{
	if (how->flags & ~(uint64_t)O_VALID)
		return -EINVAL;
	if ((how->flags & O_PATH) && (how->flags & ~(uint64_t)O_PATH_VALID))
		return -EINVAL;
	if (how->mode & ~(uint64_t)S_ALL_BITS)
		return -EINVAL;
	if (how->mode && !(how->flags & (O_CREAT | O_TMPFILE_BIT)))
		return -EINVAL;
	if (resolve_to_lookup(how->resolve, lookup))
		return -EINVAL;
	if ((how->resolve & RESOLVE_CACHED) && (how->flags & (O_TRUNC | O_CREAT | O_TMPFILE_BIT)))
		return -EAGAIN;
	return 0;
}

// Copies an extensible struct: a longer one than we know must end in zeros.
static __stack_guarded int copy_how(struct open_how *how, struct uptr src, uint64_t bytes)
{
	memset(how, 0, sizeof(*how));
	if (bytes < sizeof(*how))
		return -EINVAL;
	if (bytes > PAGE_SIZE)
		return -E2BIG;
	if (copy_from_user(how, src, MIN(bytes, sizeof(*how))))
		return -EFAULT;
	for (uint64_t i = sizeof(*how); i < bytes; i++) {
		uint8_t b;

		if (copy_from_user(&b, uptr_add(src, i), 1))
			return -EFAULT;
		if (b)
			return -E2BIG;
	}
	return 0;
}

__stack_guarded int64_t sys_openat2(int dirfd, struct uptr path, struct uptr how_ptr,
				    uint64_t bytes)
{
	struct open_how how;
	unsigned lookup;
	int err = copy_how(&how, how_ptr, bytes);

	if (!err)
		err = check_how(&how, &lookup);
	if (err)
		return err;
	if (!(how.flags & O_PATH))
		how.flags |= O_LARGEFILE_KERNEL;
	return open_at(dirfd, path, (unsigned)how.flags, (unsigned)how.mode, lookup);
}

int64_t sys_close(int fd)
{
	int err = fd_close(fs_context_current()->fds, fd);

	// The descriptor is gone whatever flush said, so the call must not be restarted.
	return err == -ERESTARTSYS || err == -ERESTARTNOINTR ? -EINTR : err;
}

static int mark_range_cloexec(unsigned first, unsigned last)
{
	struct fdtable *fds = fs_context_current()->fds;
	int fd = first > INT32_MAX ? -1 : fd_next_open(fds, (int)first);

	for (; fd >= 0 && (unsigned)fd <= last; fd = fd_next_open(fds, fd + 1))
		if (fd_set_cloexec(fds, fd, true))
			continue; // another thread closed it meanwhile
	return 0;
}

int64_t sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	if (flags & ~(unsigned)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if (first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		int err = process_unshare_fs(FS_SHARE_FDS);

		if (err)
			return err;
	}
	if (flags & CLOSE_RANGE_CLOEXEC)
		return mark_range_cloexec(first, last);
	return fd_close_range(fs_context_current()->fds, first, last, false);
}

int64_t sys_dup(int fd)
{
	struct file *f = user_file_any(fd);

	return f ? user_fd_install(f, false) : -EBADF;
}

static int64_t dup_to(int old, int new, bool cloexec)
{
	struct fs_context *ctx = fs_context_current();
	struct file *f;
	int result;

	if (new < 0 || (uint64_t) new >= ctx->limits->nofile)
		return -EBADF;
	f = user_file_any(old);
	if (!f)
		return -EBADF;
	result = fd_install_at(ctx->fds, f, new, ctx->limits->nofile, cloexec);
	if (result < 0)
		file_put(f);
	return result;
}

int64_t sys_dup2(int old, int new)
{
	struct file *f;

	if (old != new)
		return dup_to(old, new, false);
	f = user_file_any(old);
	if (!f)
		return -EBADF;
	file_put(f);
	return new;
}

int64_t sys_dup3(int old, int new, int flags)
{
	if ((flags & ~O_CLOEXEC) || old == new)
		return -EINVAL;
	return dup_to(old, new, flags & O_CLOEXEC);
}

__stack_guarded int64_t sys_pipe2(struct uptr fds, int flags)
{
	struct fdtable *table = fs_context_current()->fds;
	struct file *read_end, *write_end;
	int fd[2];
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = pipe_create((unsigned)flags, &read_end, &write_end);
	if (err)
		return err;
	fd[0] = user_fd_install(read_end, flags & O_CLOEXEC);
	if (fd[0] < 0) {
		file_put(write_end);
		return fd[0];
	}
	fd[1] = user_fd_install(write_end, flags & O_CLOEXEC);
	if (fd[1] < 0)
		err = fd[1];
	else if (copy_to_user(fds, fd, sizeof(fd)))
		err = -EFAULT;
	else
		return 0;
	if (fd[1] >= 0)
		(void)!fd_close(table, fd[1]);
	(void)!fd_close(table, fd[0]);
	return err;
}

int64_t sys_pipe(struct uptr fds)
{
	return sys_pipe2(fds, 0);
}

int64_t sys_memfd_create(struct uptr name, unsigned flags)
{
	struct file *f;
	int err = memfd_create_user(name, flags, &f);

	return unlikely(err) ? err : user_fd_install(f, flags & MFD_CLOEXEC);
}
