// pidfd_open, pidfd_send_signal, pidfd_getfd. Owns no state.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/signal.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "kernel/proc/pidfd.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

int64_t sys_pidfd_open(int pid, uint64_t flags)
{
	struct file *f;
	int err = pidfd_open(pid, (unsigned)flags, &f);

	return err ? err : user_fd_install(f, true);
}

__stack_guarded int64_t sys_pidfd_send_signal(int pidfd, int sig, struct uptr info, uint64_t flags)
{
	struct file *f = fd_get(fs_context_current()->fds, pidfd);
	siginfo_t si;
	int err;

	if (!f)
		return -EBADF;
	err = pidfd_check_send(f, (unsigned)flags);
	if (!err && info.va)
		err = copy_from_user(&si, info, sizeof(si));
	if (!err)
		err = pidfd_send_signal(f, sig, info.va ? (struct siginfo *)&si : NULL,
					(unsigned)flags);
	file_put(f);
	return err;
}

int64_t sys_pidfd_getfd(int pidfd, int fd, uint64_t flags)
{
	struct file *f, *taken;
	int err;

	if ((unsigned)flags)
		return -EINVAL;
	f = fd_get(fs_context_current()->fds, pidfd);
	if (!f)
		return -EBADF;
	err = pidfd_getfd(f, fd, &taken);
	file_put(f);
	return err ? err : user_fd_install(taken, true);
}
