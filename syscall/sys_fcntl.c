// fcntl, ioctl and flock. Owns no state.
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/flock.h"
#include "fs/inode.h"
#include "fs/memfd.h"
#include "fs/pipe.h"
#include "kernel/proc/process.h"
#include "lib/uapi_new.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

static int64_t fcntl_dup(int fd, struct file *f, uint64_t arg, bool cloexec)
{
	struct fs_context *ctx = fs_context_current();
	int result;

	if (arg >= ctx->limits->nofile)
		return -EINVAL;
	result = fd_install(ctx->fds, file_get(f), (int)arg, ctx->limits->nofile, cloexec);
	if (result < 0)
		file_put(f);
	return result;
}

static int64_t fcntl_lock(struct file *f, unsigned cmd, uint64_t arg)
{
	struct flock l;
	int err;

	if (copy_from_user(&l, UPTR(arg), sizeof(l)))
		return -EFAULT;
	err = file_posix_lock(f, fs_context_current()->fds, process_current()->pid, (int)cmd, &l);
	if (!err && (cmd == F_GETLK || cmd == F_OFD_GETLK))
		err = copy_to_user(UPTR(arg), &l, sizeof(l));
	return err;
}

static int64_t fcntl_set_owner(struct file *f, int owner)
{
	struct process *p;

	if (owner == INT32_MIN)
		return -EINVAL;
	p = process_find(owner < 0 ? -owner : owner);
	if (owner && !p)
		return -ESRCH;
	if (p)
		process_put(p);
	f->owner_pid = owner;
	return 0;
}

static int64_t fcntl_owner_ex(struct file *f, unsigned cmd, uint64_t arg)
{
	struct f_owner_ex ex = { F_OWNER_PID, f->owner_pid };

	if (cmd == F_SETOWN_EX) {
		if (copy_from_user(&ex, UPTR(arg), sizeof(ex)))
			return -EFAULT;
		if (ex.type != F_OWNER_TID && ex.type != F_OWNER_PID && ex.type != F_OWNER_PGRP)
			return -EINVAL;
		return fcntl_set_owner(f, ex.type == F_OWNER_PGRP ? -ex.pid : ex.pid);
	}
	if (f->owner_pid < 0) {
		ex.type = F_OWNER_PGRP;
		ex.pid = -f->owner_pid;
	}
	return copy_to_user(UPTR(arg), &ex, sizeof(ex));
}

static int64_t fcntl_set_signal(struct file *f, uint64_t sig)
{
	if (sig > SIGNAL_COUNT)
		return -EINVAL;
	f->owner_sig = (int)sig;
	return 0;
}

// Commands that an O_PATH descriptor allows too.
static bool fcntl_path_ok(unsigned cmd)
{
	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC || cmd == F_GETFD || cmd == F_SETFD ||
	       cmd == F_GETFL || cmd == F_DUPFD_QUERY || cmd == F_CREATED_QUERY;
}

static int64_t fcntl_same(struct file *f, uint64_t fd)
{
	struct file *other = user_file_any((int)fd);
	bool same = f == other;

	if (!other)
		return -EBADF;
	file_put(other);
	return same;
}

static int64_t fcntl_descriptor(int fd, struct file *f, unsigned cmd, uint64_t arg)
{
	struct fdtable *fds = fs_context_current()->fds;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return fcntl_dup(fd, f, arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return fd_get_cloexec(fds, fd);
	case F_SETFD:
		return fd_set_cloexec(fds, fd, arg & FD_CLOEXEC);
	case F_GETFL:
		return f->flags & ~(unsigned)O_CLOEXEC;
	case F_DUPFD_QUERY:
		return fcntl_same(f, arg);
	case F_CREATED_QUERY:
		return !!(f->mode & FMODE_CREATED);
	case F_SETFL:
		return file_set_flags(f, fd, (unsigned)arg);
	default:
		return -EINVAL;
	}
}

static int64_t fcntl_file(struct file *f, unsigned cmd, uint64_t arg)
{
	switch (cmd) {
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return fcntl_lock(f, cmd, arg);
	case F_GETOWN:
		return f->owner_pid;
	case F_SETOWN:
		return fcntl_set_owner(f, (int)arg);
	case F_GETOWN_EX:
	case F_SETOWN_EX:
		return fcntl_owner_ex(f, cmd, arg);
	case F_GETSIG:
		return f->owner_sig;
	case F_SETSIG:
		return fcntl_set_signal(f, arg);
	case F_GETLEASE: // no lease can be taken here: F_SETLEASE is refused
		return F_UNLCK;
	case F_GETPIPE_SZ:
		return pipe_get_size(f);
	case F_SETPIPE_SZ:
		return pipe_set_size(f, (uint32_t)arg);
	case F_ADD_SEALS:
		return arg >> 32 ? -EINVAL : memfd_add_seals(f, (unsigned)arg);
	case F_GET_SEALS:
		return memfd_get_seals(f);
	default:
		return -EINVAL;
	}
}

int64_t sys_fcntl(int fd, unsigned cmd, uint64_t arg)
{
	struct file *f = user_file_any(fd);
	int64_t result;

	if (!f)
		return -EBADF;
	if ((f->mode & FMODE_PATH) && !fcntl_path_ok(cmd))
		result = -EBADF;
	else if (fcntl_path_ok(cmd) || cmd == F_SETFL)
		result = fcntl_descriptor(fd, f, cmd, arg);
	else
		result = fcntl_file(f, cmd, arg);
	file_put(f);
	return result;
}

int64_t sys_flock(int fd, uint64_t operation)
{
	struct file *f;
	int64_t result;
	unsigned type = (unsigned)operation & ~LOCK_NB;

	if (operation & LOCK_MAND) // a lock that never was; Linux says so on its log
		return 0;
	if (type != LOCK_SH && type != LOCK_EX && type != LOCK_UN)
		return -EINVAL;
	f = user_file(fd);
	if (!f)
		return -EBADF;
	result = file_flock(f, (int)operation);
	file_put(f);
	return result;
}

static int64_t ioctl_set_flag(int fd, struct file *f, unsigned flag, uint64_t arg)
{
	int on;

	if (get_user(on, UPTR(arg)))
		return -EFAULT;
	return file_set_flags(f, fd, on ? f->flags | flag : f->flags & ~flag);
}

// What Linux's do_vfs_ioctl answers before the file's own operation is asked.
static int64_t ioctl_generic(int fd, struct file *f, unsigned cmd, uint64_t arg, bool *done)
{
	struct fdtable *fds = fs_context_current()->fds;
	bool regular = f->inode && (f->inode->mode & S_IFMT) == S_IFREG;

	*done = true;
	switch (cmd) {
	case FIOCLEX:
		return fd_set_cloexec(fds, fd, true);
	case FIONCLEX:
		return fd_set_cloexec(fds, fd, false);
	case FIONBIO:
		return ioctl_set_flag(fd, f, O_NONBLOCK, arg);
	case FIOASYNC:
		if (!f->ops || !f->ops->can_async)
			return -ENOTTY;
		return ioctl_set_flag(fd, f, FASYNC, arg);
	case FIONREAD:
		if (regular)
			return put_user((int)(f->inode->size_bytes - f->pos), UPTR(arg));
		break;
	case FIGETBSZ:
		if (f->inode && f->inode->sb)
			return put_user((int)PAGE_SIZE, UPTR(arg));
		break;
	}
	*done = false;
	return 0;
}

int64_t sys_ioctl(int fd, unsigned cmd, uint64_t arg)
{
	struct file *f = user_file(fd);
	int64_t result;
	bool done;

	if (!f)
		return -EBADF;
	result = ioctl_generic(fd, f, cmd, arg, &done);
	if (!done)
		result = file_ioctl(f, cmd, arg);
	file_put(f);
	return result;
}
