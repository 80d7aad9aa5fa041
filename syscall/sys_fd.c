// Reading, writing and seeking through descriptors. Owns no state.
#include <asm/errno.h>
#include <linux/fs.h>

#include "fs/file.h"
#include "mm/virt/uio.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define RWF_KNOWN (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND)

// Position "the file's own" for the helpers below.
#define POS_OWN UINT64_MAX

typedef int64_t transfer_fn(struct file *f, struct uio *u, uint64_t pos, unsigned rwf);

static int64_t transfer_in(struct file *f, struct uio *u, uint64_t pos, unsigned rwf)
{
	return pos == POS_OWN ? file_read(f, u, rwf) : file_pread(f, u, pos, rwf);
}

static int64_t transfer_out(struct file *f, struct uio *u, uint64_t pos, unsigned rwf)
{
	return pos == POS_OWN ? file_write(f, u, rwf) : file_pwrite(f, u, pos, rwf);
}

static int64_t transfer(int fd, struct uptr buf, uint64_t count, uint64_t pos, bool out)
{
	struct file *f = user_file(fd);
	struct uio u;
	int64_t result;

	if (!f)
		return -EBADF;
	if (!(f->mode & (out ? FMODE_WRITE : FMODE_READ))) {
		result = -EBADF;
	} else if (pos != POS_OWN && !(f->mode & FMODE_SEEK)) {
		result = -ESPIPE;
	} else if (!user_range_ok(buf, count)) {
		result = -EFAULT;
	} else {
		uio_init_user(&u, buf, MIN(count, UIO_MAX_BYTES));
		result = out ? transfer_out(f, &u, pos, 0) : transfer_in(f, &u, pos, 0);
	}
	file_put(f);
	return result;
}

int64_t sys_read(int fd, struct uptr buf, uint64_t count)
{
	return transfer(fd, buf, count, POS_OWN, false);
}

int64_t sys_write(int fd, struct uptr buf, uint64_t count)
{
	return transfer(fd, buf, count, POS_OWN, true);
}

int64_t sys_pread64(int fd, struct uptr buf, uint64_t count, int64_t offset)
{
	return offset < 0 ? -EINVAL : transfer(fd, buf, count, (uint64_t)offset, false);
}

int64_t sys_pwrite64(int fd, struct uptr buf, uint64_t count, int64_t offset)
{
	return offset < 0 ? -EINVAL : transfer(fd, buf, count, (uint64_t)offset, true);
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
	if (pos != POS_OWN && !(f->mode & FMODE_SEEK)) {
		result = -ESPIPE;
		goto out_put;
	}
	result = uio_init_user_iov(&u, iov, count, fast);
	if (result)
		goto out_put;
	if (!(f->mode & (out ? FMODE_WRITE : FMODE_READ)))
		result = -EBADF;
	else if (u.resid == 0)
		result = 0;
	else if (rwf & ~(unsigned)RWF_KNOWN)
		result = -EOPNOTSUPP;
	else
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

int64_t sys_fsync(int fd)
{
	return sync_fd(fd, false);
}

int64_t sys_fdatasync(int fd)
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

int64_t sys_fallocate(int fd, int mode, int64_t offset, int64_t bytes)
{
	struct file *f = user_file(fd);
	int64_t result;

	if (!f)
		return -EBADF;
	result = file_fallocate(f, mode, offset, bytes);
	file_put(f);
	return result;
}
