// signalfd(2): flags and descriptors; kernel/proc/signalfd.c does the work. Owns no state.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/signalfd.h>

#include "fs/file.h"
#include "kernel/proc/signalfd.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

static int64_t change_mask(int fd, uint64_t mask)
{
	struct file *f = user_file(fd);
	int err;

	if (!f)
		return -EBADF;
	err = signalfd_set_mask(f, mask);
	file_put(f);
	return err ? err : fd;
}

int64_t sys_signalfd4(int fd, struct uptr umask, uint64_t set_bytes, uint64_t flags)
{
	uint64_t mask;
	struct file *f;
	int err;

	if (set_bytes != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, umask))
		return -EFAULT;
	if ((unsigned)flags & ~(unsigned)(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	if (fd != -1)
		return change_mask(fd, mask);
	err = signalfd_create_file(mask, (unsigned)flags, &f);
	return err ? err : user_fd_install(f, flags & SFD_CLOEXEC);
}

int64_t sys_signalfd(int fd, struct uptr mask, uint64_t set_bytes)
{
	return sys_signalfd4(fd, mask, set_bytes, 0);
}
