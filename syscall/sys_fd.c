// Reading, writing and seeking through descriptors. Owns no state.
#include <asm/errno.h>
#include <linux/fs.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/notify.h"
#include "kernel/sched/thread.h"
#include "mm/virt/uio.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define POS_OWN FILE_POS_OWN

typedef int64_t transfer_fn(struct file *f, struct uio *u, uint64_t pos, unsigned rwf);

static int64_t transfer_in(struct file *f, struct uio *u, uint64_t pos, unsigned rwf)
{
	return pos == POS_OWN ? file_read(f, u, rwf) : file_pread(f, u, pos, rwf);
}

static int64_t transfer_out(struct file *f, struct uio *u, uint64_t pos, unsigned rwf)
{
	return pos == POS_OWN ? file_write(f, u, rwf) : file_pwrite(f, u, pos, rwf);
}

// As user_file_any: descriptions by path alone fail the check of the mode.
static __always_inline_fn struct file *quick_file(int fd)
{
	return fd_get_inline(thread_current()->fsctx->fds, fd);
}

// May the quick ops be asked? FMODE_PATH files have neither of the bits |need|.
static __always_inline_fn bool is_quick(const struct file *f, unsigned need, struct uptr buf,
					uint64_t count, uint64_t pos)
{
	return !notify_on() && (f->mode & need) == need &&
	       count - 1 < PAGE_SIZE - (pos & ~PAGE_MASK) && buf.va < USER_TOP - PAGE_SIZE;
}

int64_t sys_read(int fd, struct uptr buf, uint64_t count)
{
	struct file *f = quick_file(fd);
	int64_t n;

	if (unlikely(!f))
		return -EBADF;
	if (is_quick(f, FMODE_READ, buf, count, 0) && f->ops->read_quick)
		n = f->ops->read_quick(f, buf, count);
	else
		n = file_read_user(f, buf, count, POS_OWN);
	file_put_shared(f);
	return n;
}

int64_t sys_write(int fd, struct uptr buf, uint64_t count)
{
	struct file *f = quick_file(fd);
	int64_t n;

	if (unlikely(!f))
		return -EBADF;
	if (is_quick(f, FMODE_WRITE, buf, count, 0) && f->ops->write_quick)
		n = f->ops->write_quick(f, buf, count);
	else
		n = file_write_user(f, buf, count, POS_OWN);
	file_put_shared(f);
	return n;
}

int64_t sys_pread64(int fd, struct uptr buf, uint64_t count, int64_t offset)
{
	uint64_t pos = (uint64_t)offset;
	struct file *f;
	int64_t n;

	if (unlikely(offset < 0))
		return -EINVAL;
	f = quick_file(fd);
	if (unlikely(!f))
		return -EBADF;
	if (likely(is_quick(f, FMODE_READ | FMODE_SEEK, buf, count, pos) && f->ops->pread_quick))
		n = f->ops->pread_quick(f, buf, count, pos);
	else
		n = file_read_user(f, buf, count, pos);
	file_put_shared(f);
	return n;
}

int64_t sys_pwrite64(int fd, struct uptr buf, uint64_t count, int64_t offset)
{
	uint64_t pos = (uint64_t)offset;
	struct file *f;
	int64_t n;

	if (unlikely(offset < 0))
		return -EINVAL;
	f = quick_file(fd);
	if (unlikely(!f))
		return -EBADF;
	if (likely(is_quick(f, FMODE_WRITE | FMODE_SEEK, buf, count, pos) && f->ops->pwrite_quick))
		n = f->ops->pwrite_quick(f, buf, count, pos);
	else
		n = file_write_user(f, buf, count, pos);
	file_put_shared(f);
	return n;
}

static int64_t transfer_vec(int fd, struct uptr iov, uint64_t count, uint64_t pos, unsigned rwf,
			    bool out)
{
	struct uio_seg fast[UIO_FAST_SEGS];
	struct file *f = user_file(fd);
	struct uio u;
	int64_t result;

	if (!f)
		return -EBADF;
	if (pos != POS_OWN && !(f->mode & (FMODE_SEEK | FMODE_PATH))) {
		result = -ESPIPE;
		goto out_put;
	}
	result = -EBADF;
	if (!(f->mode & (out ? FMODE_WRITE : FMODE_READ)))
		goto out_put;
	result = -EINVAL;
	if (!f->ops || !(out ? (void *)f->ops->write : (void *)f->ops->read))
		goto out_put;
	result = uio_init_user_iov(&u, iov, count, fast);
	if (result)
		goto out_put;
	if (u.resid)
		result = out ? transfer_out(f, &u, pos, rwf) : transfer_in(f, &u, pos, rwf);
	uio_release(&u, fast);
out_put:
	file_put(f);
	return result;
}

int64_t sys_readv(int fd, struct uptr iov, uint64_t count)
{
	return transfer_vec(fd, iov, count, POS_OWN, 0, false);
}

int64_t sys_writev(int fd, struct uptr iov, uint64_t count)
{
	return transfer_vec(fd, iov, count, POS_OWN, 0, true);
}

int64_t sys_preadv(int fd, struct uptr iov, uint64_t count, uint64_t pos_low, uint64_t pos_high)
{
	return (int64_t)pos_low < 0 ? -EINVAL : transfer_vec(fd, iov, count, pos_low, 0, false);
}

int64_t sys_pwritev(int fd, struct uptr iov, uint64_t count, uint64_t pos_low, uint64_t pos_high)
{
	return (int64_t)pos_low < 0 ? -EINVAL : transfer_vec(fd, iov, count, pos_low, 0, true);
}

// The v2 calls take position -1 for the file's own, which is POS_OWN.
int64_t sys_preadv2(int fd, struct uptr iov, uint64_t count, uint64_t pos_low, uint64_t pos_high,
		    int flags)
{
	if (pos_low != POS_OWN && (int64_t)pos_low < 0)
		return -EINVAL;
	return transfer_vec(fd, iov, count, pos_low, (unsigned)flags, false);
}

int64_t sys_pwritev2(int fd, struct uptr iov, uint64_t count, uint64_t pos_low, uint64_t pos_high,
		     int flags)
{
	if (pos_low != POS_OWN && (int64_t)pos_low < 0)
		return -EINVAL;
	return transfer_vec(fd, iov, count, pos_low, (unsigned)flags, true);
}

int64_t sys_lseek(int fd, int64_t offset, unsigned whence)
{
	struct file *f = user_file(fd);
	int64_t result = -EINVAL;

	if (!f)
		return -EBADF;
	if (whence <= SEEK_MAX)
		result = file_seek(f, offset, (int)whence);
	file_put(f);
	return result;
}

static int64_t sync_fd(int fd, bool data_only)
{
	struct file *f = user_file(fd);
	int64_t result;

	if (!f)
		return -EBADF;
	result = file_fsync(f, data_only);
	file_put(f);
	return result;
}

__cold int64_t sys_fsync(int fd)
{
	return sync_fd(fd, false);
}

__cold int64_t sys_fdatasync(int fd)
{
	return sync_fd(fd, true);
}

int64_t sys_ftruncate(int fd, int64_t bytes)
{
	struct file *f;
	int64_t result;

	if (bytes < 0)
		return -EINVAL;
	f = user_file(fd);
	if (!f)
		return -EBADF;
	result = file_truncate(f, (uint64_t)bytes);
	file_put(f);
	return result;
}

__cold int64_t sys_fallocate(int fd, int mode, int64_t offset, int64_t bytes)
{
	struct file *f = user_file(fd);
	int64_t result;

	if (!f)
		return -EBADF;
	result = file_fallocate(f, mode, offset, bytes);
	file_put(f);
	return result;
}
