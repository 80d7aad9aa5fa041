// sendfile and copy_file_range: bytes from one descriptor to another through one kernel page. Owns
// no state.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/inode.h"
#include "fs/splice.h"
#include "kernel/sched/sched.h"
#include "lib/restart.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"
#include "syscall/args.h"
#include "syscall/calls.h"

// One end of a copy: a file, and a position of its own or (pos NULL) the file's.
struct copy_end {
	struct file *file;
	uint64_t *pos;
};

static int64_t end_read(const struct copy_end *e, void *buf, uint64_t bytes)
{
	struct uio u;
	int64_t n;

	uio_init_kernel(&u, buf, bytes);
	n = e->pos ? file_pread(e->file, &u, *e->pos, 0) : file_read(e->file, &u, 0);
	if (n > 0 && e->pos)
		*e->pos += (uint64_t)n;
	return n;
}

static int64_t end_write(const struct copy_end *e, void *buf, uint64_t bytes)
{
	struct uio u;
	int64_t n;

	uio_init_kernel(&u, buf, bytes);
	n = e->pos ? file_pwrite(e->file, &u, *e->pos, 0) : file_write(e->file, &u, 0);
	if (n > 0 && e->pos)
		*e->pos += (uint64_t)n;
	return n;
}

// What was read and could not be written is given back to the input's position.
static void end_unread(const struct copy_end *e, uint64_t bytes)
{
	if (e->pos)
		*e->pos -= bytes;
	else if (bytes && file_seek(e->file, -(int64_t)bytes, SEEK_CUR) < 0)
		return; // a stream: nothing to give back
}

// Bytes copied, or the first error if none were.
static int64_t copy_bytes(const struct copy_end *in, const struct copy_end *out, uint64_t count)
{
	uint64_t done = 0;
	int64_t got = 0, put = 0;
	void *page = kmalloc(PAGE_SIZE);

	if (!page)
		return -ENOMEM;
	while (done < count) {
		got = end_read(in, page, MIN(count - done, PAGE_SIZE));
		if (got <= 0)
			break;
		put = end_write(out, page, (uint64_t)got);
		end_unread(in, (uint64_t)(got - MAX(put, 0)));
		done += (uint64_t)MAX(put, 0);
		if (put < got)
			break;
		sched_point();
		if (sched_killed())
			break;
	}
	kfree(page);
	if (done)
		return (int64_t)done;
	return got < 0 ? got : put < 0 ? put : 0;
}

// Reads an optional user offset; -EFAULT or -EINVAL.
static int offset_get(struct uptr p, uint64_t *pos)
{
	if (get_user(*pos, p))
		return -EFAULT;
	return (int64_t)*pos < 0 ? -EINVAL : 0;
}

static int64_t sendfile(struct file *in, struct file *out, struct uptr offset, uint64_t count)
{
	uint64_t pos = 0;
	struct copy_end from = { in, offset.va ? &pos : NULL }, to = { out, NULL };
	int64_t n;

	if (offset.va && get_user(pos, offset))
		return -EFAULT;
	if (!(in->mode & FMODE_READ))
		return -EBADF;
	if (offset.va && !(in->mode & FMODE_SEEK))
		return -ESPIPE;
	if (!(out->mode & FMODE_WRITE))
		return -EBADF;
	if ((int64_t)pos < 0 || (int64_t)count < 0 || (out->flags & O_APPEND))
		return -EINVAL;
	// Linux splices only from what it can seek in.
	if (!(in->mode & FMODE_SEEK) || (in->inode->mode & S_IFMT) == S_IFDIR)
		return -EINVAL;
	if (file_is_pipe(out))
		n = splice_file_to_pipe(in, from.pos, out, MIN(count, UIO_MAX_BYTES),
					in->flags & O_NONBLOCK ? SPLICE_F_NONBLOCK : 0);
	else
		n = copy_bytes(&from, &to, MIN(count, UIO_MAX_BYTES));
	if (n >= 0 && offset.va && put_user(pos, offset))
		return -EFAULT;
	return n;
}

int64_t sys_sendfile(int out_fd, int in_fd, struct uptr offset, uint64_t count)
{
	struct file *in = user_file(in_fd), *out = user_file(out_fd);
	int64_t n = in && out ? sendfile(in, out, offset, count) : -EBADF;

	if (in)
		file_put(in);
	if (out)
		file_put(out);
	return n;
}

// Linux vfs_copy_file_range's checks, in its order. 0 or -errno.
static int copy_range_check(struct file *in, struct file *out, uint64_t in_pos, uint64_t out_pos,
			    uint64_t bytes, unsigned flags)
{
	if (flags)
		return -EINVAL;
	if ((in->inode->mode & S_IFMT) == S_IFDIR || (out->inode->mode & S_IFMT) == S_IFDIR)
		return -EISDIR;
	if ((in->inode->mode & S_IFMT) != S_IFREG || (out->inode->mode & S_IFMT) != S_IFREG)
		return -EINVAL;
	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE) || (out->flags & O_APPEND))
		return -EBADF;
	if (in->inode->sb != out->inode->sb)
		return -EXDEV;
	if (in_pos + bytes < in_pos || out_pos + bytes < out_pos)
		return -EOVERFLOW;
	bytes = MIN(bytes, in->inode->size_bytes - MIN(in_pos, in->inode->size_bytes));
	if (in->inode == out->inode && out_pos + bytes > in_pos && out_pos < in_pos + bytes)
		return -EINVAL;
	return 0;
}

static int64_t copy_range(struct file *in, struct uptr in_off, struct file *out,
			  struct uptr out_off, uint64_t bytes, unsigned flags)
{
	uint64_t in_pos = in->pos, out_pos = out->pos;
	struct copy_end from = { in, in_off.va ? &in_pos : NULL };
	struct copy_end to = { out, out_off.va ? &out_pos : NULL };
	int64_t n;

	if (in_off.va && offset_get(in_off, &in_pos) == -EFAULT)
		return -EFAULT;
	if (out_off.va && offset_get(out_off, &out_pos) == -EFAULT)
		return -EFAULT;
	n = copy_range_check(in, out, in_pos, out_pos, bytes, flags);
	if (n)
		return n;
	if ((int64_t)in_pos < 0 || (int64_t)out_pos < 0)
		return -EINVAL;
	bytes = MIN(bytes, INT64_MAX - MAX(in_pos, out_pos));
	n = copy_bytes(&from, &to, MIN(bytes, UIO_MAX_BYTES));
	if (n > 0 && in_off.va && put_user(in_pos, in_off))
		return -EFAULT;
	if (n > 0 && out_off.va && put_user(out_pos, out_off))
		return -EFAULT;
	return n;
}

int64_t sys_copy_file_range(int in_fd, struct uptr in_off, int out_fd, struct uptr out_off,
			    uint64_t bytes, uint64_t flags)
{
	struct file *in = user_file(in_fd), *out = user_file(out_fd);
	int64_t n = -EBADF;

	if (in && out)
		n = in->inode && out->inode
			    ? copy_range(in, in_off, out, out_off, bytes, (unsigned)flags)
			    : -EINVAL;
	if (in)
		file_put(in);
	if (out)
		file_put(out);
	return n;
}
