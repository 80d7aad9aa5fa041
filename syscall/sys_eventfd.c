// eventfd(2): flags and descriptors; fs/eventfd.h holds the counter. Owns no state.
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "fs/eventfd.h"
#include "syscall/args.h"
#include "syscall/calls.h"

// Linux fs/eventfd.c; there is no UAPI header for it.
#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC   O_CLOEXEC
#define EFD_NONBLOCK  O_NONBLOCK

int64_t sys_eventfd2(unsigned count, int flags)
{
	struct file *f;
	int err;

	if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	err = eventfd_create(count, (unsigned)(flags & ~EFD_CLOEXEC), &f);
	return err ? err : user_fd_install(f, flags & EFD_CLOEXEC);
}

int64_t sys_eventfd(unsigned count)
{
	return sys_eventfd2(count, 0);
}
