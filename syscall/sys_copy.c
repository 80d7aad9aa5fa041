// sendfile and copy_file_range: what Linux checks, in its order; fs/splice.c moves the pages. Owns
// no state.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/inode.h"
#include "fs/shmem.h"
#include "fs/splice.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"
#include "syscall/args.h"
#include "syscall/calls.h"

// A file's end for a transfer through splice_direct: its own position or the caller's.
static uint64_t *position(struct file *f, struct uptr offset, uint64_t *pos)
{
	if (!offset.va)
		*pos = READ_ONCE(f->pos);
	return pos;
}

// Linux rw_verify_area.
static bool range_ok(uint64_t pos, uint64_t bytes)
{
	return pos <= INT64_MAX && bytes <= INT64_MAX - pos;
}

// Linux do_sendfile from where both files are known to be open, in its order.
static int64_t sendfile_to(struct file *in, uint64_t *pos, struct file *out, uint64_t count)
{
	uint64_t out_pos = READ_ONCE(out->pos);
	int64_t n;

	if (!(out->mode & FMODE_WRITE))
		return -EBADF;
	if (file_is_pipe(out))
		return splice_file_to_pipe(in, pos, out, count, 0);
	if (!range_ok(out_pos, count))
		return -EINVAL;
	n = splice_direct(in, pos, out, &out_pos, count);
	if (n > 0)
		WRITE_ONCE(out->pos, out_pos);
	return n;
}

static int64_t sendfile(struct file *in, struct uptr offset, int out_fd, uint64_t count)
{
	struct file *out;
	uint64_t pos = 0;
	int64_t n;

	if (offset.va && get_user(pos, offset))
		return -EFAULT;
	if (!in || !(in->mode & FMODE_READ))
		n = -EBADF;
	else if (offset.va && !(in->mode & FMODE_SEEK))
		n = -ESPIPE;
	else if (!range_ok(*position(in, offset, &pos), count))
		n = -EINVAL;
	else if (!(out = user_file(out_fd)))
		n = -EBADF;
	else {
		n = sendfile_to(in, &pos, out, MIN(count, UIO_MAX_BYTES));
		file_put(out);
		if (n > 0 && !offset.va)
			WRITE_ONCE(in->pos, pos);
	}
	if (offset.va && put_user(pos, offset))
		return -EFAULT;
	return n;
}

int64_t sys_sendfile(int out_fd, int in_fd, struct uptr offset, uint64_t count)
{
	struct file *in = user_file(in_fd);
	int64_t n = sendfile(in, offset, out_fd, count);

	if (in)
		file_put(in);
	return n;
}

// Linux generic_copy_file_checks in its order; |*bytes| is cut to what the file and the limit of
// its size allow. 0 or -errno.
static int copy_range_check(struct file *in, struct file *out, uint64_t in_pos, uint64_t out_pos,
			    uint64_t *bytes)
{
	const uint64_t size = in->inode->size_bytes;
	int err;

	if ((in->inode->mode & S_IFMT) == S_IFDIR || (out->inode->mode & S_IFMT) == S_IFDIR)
		return -EISDIR;
	if ((in->inode->mode & S_IFMT) != S_IFREG || (out->inode->mode & S_IFMT) != S_IFREG)
		return -EINVAL;
	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE) || (out->flags & O_APPEND))
		return -EBADF;
	if (in->inode->sb != out->inode->sb)
		return -EXDEV;
	if (in_pos + *bytes < in_pos || out_pos + *bytes < out_pos)
		return -EOVERFLOW;
	*bytes = MIN(*bytes, size - MIN(in_pos, size));
	err = shmem_write_limit(out_pos, bytes);
	if (err)
		return err;
	if (in->inode == out->inode && out_pos + *bytes > in_pos && out_pos < in_pos + *bytes)
		return -EINVAL;
	return range_ok(in_pos, *bytes) && range_ok(out_pos, *bytes) ? 0 : -EINVAL;
}

static int64_t copy_range(struct file *in, struct uptr in_off, struct file *out,
			  struct uptr out_off, uint64_t bytes, unsigned flags)
{
	uint64_t in_pos = 0, out_pos = 0;
	int64_t n;

	if ((in_off.va && get_user(in_pos, in_off)) || (out_off.va && get_user(out_pos, out_off)))
		return -EFAULT;
	if (flags)
		return -EINVAL;
	(void)position(in, in_off, &in_pos);
	(void)position(out, out_off, &out_pos);
	n = copy_range_check(in, out, in_pos, out_pos, &bytes);
	if (n || !bytes)
		return n;
	n = splice_direct(in, &in_pos, out, &out_pos, MIN(bytes, UIO_MAX_BYTES));
	if (n <= 0)
		return n;
	if (!in_off.va)
		WRITE_ONCE(in->pos, in_pos);
	if (!out_off.va)
		WRITE_ONCE(out->pos, out_pos);
	if ((in_off.va && put_user(in_pos, in_off)) || (out_off.va && put_user(out_pos, out_off)))
		return -EFAULT;
	return n;
}

int64_t sys_copy_file_range(int in_fd, struct uptr in_off, int out_fd, struct uptr out_off,
			    uint64_t bytes, uint64_t flags)
{
	struct file *in = user_file(in_fd), *out = user_file(out_fd);
	int64_t n = -EBADF;

	if (in && out)
		n = copy_range(in, in_off, out, out_off, bytes, (unsigned)flags);
	if (in)
		file_put(in);
	if (out)
		file_put(out);
	return n;
}
