// splice, tee, vmsplice: all of it is in fs/splice.c. Owns no state.
#include <asm/errno.h>

#include "fs/file.h"
#include "fs/splice.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"
#include "syscall/args.h"
#include "syscall/calls.h"

// Both files, or neither. 0 or -EBADF.
static int get_both(int in_fd, int out_fd, struct file **in, struct file **out)
{
	*in = user_file(in_fd);
	if (!*in)
		return -EBADF;
	*out = user_file(out_fd);
	if (*out)
		return 0;
	file_put(*in);
	return -EBADF;
}

static int64_t splice(struct file *in, struct uptr in_off, struct file *out, struct uptr out_off,
		      uint64_t bytes, unsigned flags)
{
	uint64_t in_pos = 0, out_pos = 0;
	int64_t n;

	if (in_off.va && file_is_pipe(in))
		return -ESPIPE;
	splice_clear_nowait(in);
	if (out_off.va && file_is_pipe(out))
		return -ESPIPE;
	splice_clear_nowait(out);
	if ((out_off.va && get_user(out_pos, out_off)) || (in_off.va && get_user(in_pos, in_off)))
		return -EFAULT;
	n = splice_files(in, in_off.va ? &in_pos : NULL, out, out_off.va ? &out_pos : NULL, bytes,
			 flags);
	if (n < 0)
		return n;
	if ((out_off.va && put_user(out_pos, out_off)) || (in_off.va && put_user(in_pos, in_off)))
		return -EFAULT;
	return n;
}

int64_t sys_splice(int in_fd, struct uptr in_off, int out_fd, struct uptr out_off, uint64_t bytes,
		   uint64_t flags)
{
	struct file *in, *out;
	int64_t n;

	if (!bytes)
		return 0;
	if ((unsigned)flags & ~SPLICE_F_ALL)
		return -EINVAL;
	n = get_both(in_fd, out_fd, &in, &out);
	if (n)
		return n;
	n = splice(in, in_off, out, out_off, bytes, (unsigned)flags);
	file_put(in);
	file_put(out);
	return n;
}

int64_t sys_tee(int in_fd, int out_fd, uint64_t bytes, uint64_t flags)
{
	struct file *in, *out;
	int64_t n;

	if ((unsigned)flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!bytes)
		return 0;
	n = get_both(in_fd, out_fd, &in, &out);
	if (n)
		return n;
	n = splice_tee(in, out, bytes, (unsigned)flags);
	file_put(in);
	file_put(out);
	return n;
}

int64_t sys_vmsplice(int fd, struct uptr iov, uint64_t count, uint64_t flags)
{
	struct uio_seg fast[UIO_FAST_SEGS];
	struct file *f;
	struct uio u;
	int64_t n;

	if ((unsigned)flags & ~SPLICE_F_ALL)
		return -EINVAL;
	f = user_file(fd);
	if (!f)
		return -EBADF;
	// The memory is looked at before it is asked whether this is a pipe, as on Linux.
	n = f->mode & (FMODE_READ | FMODE_WRITE) ? uio_init_user_iov(&u, iov, count, fast) : -EBADF;
	if (!n) {
		if (u.resid)
			n = file_is_pipe(f) ? splice_memory(f, &u, (unsigned)flags) : -EBADF;
		uio_release(&u, fast);
	}
	file_put(f);
	return n;
}
