// pidfds: files that stand for processes or threads, however their numbers are used again. A file
// holds a reference to the record; who polls sleeps on the process's pidfd_wait.

#include "kernel/proc/pidfd.h"

#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "fs/anon.h"
#include "fs/fdtable.h"
#include "fs/poll.h"
#include "fs/pseudo.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/proc/signal_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"

#define OPEN_FLAGS (O_NONBLOCK | PIDFD_THREAD)

struct pidfd {
	struct process *process;
	struct thread *thread; // NULL: the process as a whole
};

static struct anon_kind kind = { .name = "[pidfd]" };

static bool thread_ended(const struct pidfd *d)
{
	uint64_t irq = sighand_lock(d->process);
	const struct uthread *u = READ_ONCE(d->thread->uthread); // NULL: not yet begun
	bool ended = u && list_empty(&u->node);

	sighand_unlock(d->process, irq);
	return ended;
}

static uint32_t pidfd_poll(struct file *f, struct poll_table *pt)
{
	const struct pidfd *d = f->priv;
	struct process *p = d->process;
	bool gone;

	poll_wait(pt, &p->pidfd_wait);
	gone = READ_ONCE(p->reaped) || (d->thread && d->thread->tid != p->pid && thread_ended(d));
	if (gone)
		return EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return READ_ONCE(p->zombie) || (d->thread && thread_ended(d)) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void pidfd_release(struct file *f)
{
	struct pidfd *d = f->priv;

	if (d->thread)
		thread_put(d->thread);
	process_put(d->process);
	kfree(d);
}

static void pidfd_fdinfo(struct file *f, struct seq *out)
{
	const struct pidfd *d = f->priv;
	int pid = READ_ONCE(d->process->reaped) ? -1 : d->thread ? d->thread->tid : d->process->pid;

	seq_printf(out, "Pid:\t%d\nNSpid:\t%d\n", pid, pid);
}

static const struct file_ops pidfd_ops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
	.fdinfo = pidfd_fdinfo,
};

int pidfd_create(struct process *p, struct thread *t, unsigned flags, struct file **out)
{
	struct pidfd *d = kmalloc(sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	*d = (struct pidfd){ .process = p, .thread = t };
	err = anon_file_create(&kind, O_RDWR | flags, &pidfd_ops, d, out);
	if (err) {
		kfree(d);
		return err;
	}
	process_get(p);
	if (t)
		thread_get(t);
	return 0;
}

int pidfd_open(int pid, unsigned flags, struct file **out)
{
	struct process *p;
	struct thread *t = NULL;
	int err = -ESRCH;

	if (flags & ~(unsigned)OPEN_FLAGS || pid <= 0)
		return -EINVAL;
	p = process_find(pid);
	t = pid_find_thread(pid);
	if (!p && t && t->process && t->uthread) {
		err = -ENOENT;
		if (flags & PIDFD_THREAD)
			p = process_get(t->process);
	}
	if (p) {
		err = pidfd_create(p, flags & PIDFD_THREAD ? t : NULL, flags & O_NONBLOCK, out);
		process_put(p);
	}
	if (t)
		thread_put(t);
	return err;
}

static const struct pidfd *pidfd_of(const struct file *f)
{
	return f->ops == &pidfd_ops ? f->priv : NULL;
}

struct process *pidfd_process(const struct file *f)
{
	const struct pidfd *d = pidfd_of(f);

	return d ? process_get(d->process) : NULL;
}

// Only to oneself may a program claim to be the kernel or kill(2).
static int check_info(const struct pidfd *d, int sig, const siginfo_t *info)
{
	if (info->si_signo != sig)
		return -EINVAL;
	if (d->process != process_current() && (info->si_code >= 0 || info->si_code == SI_TKILL))
		return -EPERM;
	return 0;
}

int pidfd_check_send(const struct file *f, unsigned flags)
{
	const unsigned known =
		PIDFD_SIGNAL_THREAD | PIDFD_SIGNAL_THREAD_GROUP | PIDFD_SIGNAL_PROCESS_GROUP;

	if (flags & ~known || flags & (flags - 1))
		return -EINVAL;
	return pidfd_of(f) || procfs_pid_of_dir(f) ? 0 : -EBADF;
}

static int send(const struct pidfd *d, int sig, struct siginfo *info, unsigned flags)
{
	struct thread *t;
	int err = info ? check_info(d, sig, info) : 0;

	if (err)
		return err;
	if (sig < 0 || sig > SIGNAL_COUNT)
		return -EINVAL;
	if (flags == PIDFD_SIGNAL_PROCESS_GROUP)
		return signal_send_group(d->process->pid, sig, info);
	if (READ_ONCE(d->process->reaped))
		return -ESRCH;
	t = flags == PIDFD_SIGNAL_THREAD_GROUP ? NULL : d->thread;
	if (t && t->tid != d->process->pid && thread_ended(d))
		return -ESRCH;
	if (flags == PIDFD_SIGNAL_THREAD && !t)
		return signal_tgkill(d->process->pid, d->process->pid, sig);
	return signal_send_checked(d->process, t, sig, info);
}

int pidfd_send_signal(const struct file *f, int sig, struct siginfo *info, unsigned flags)
{
	const struct pidfd *d = pidfd_of(f);
	struct pidfd by_dir = { 0 };
	int err;

	if (d)
		return send(d, sig, info, flags);
	by_dir.process = process_find(procfs_pid_of_dir(f));
	if (!by_dir.process)
		return -ESRCH;
	err = send(&by_dir, sig, info, flags);
	process_put(by_dir.process);
	return err;
}

// Linux asks for the right to trace the other process.
static bool may_take_from(struct process *p)
{
	struct thread *t = process_next_thread(p, NULL);
	bool may = !t || process_may_access(t, false);

	if (t)
		thread_put(t);
	return may;
}

int pidfd_getfd(const struct file *f, int fd, struct file **out)
{
	const struct pidfd *d = pidfd_of(f);
	struct fs_context *c;

	if (!d)
		return -EBADF;
	if (!may_take_from(d->process))
		return -EPERM;
	c = process_get_fs(d->process);
	if (!c)
		return -ESRCH;
	*out = fd_get_path_ok(c->fds, fd);
	fs_context_put(c);
	return *out ? 0 : -EBADF;
}
