// signalfd, as Linux's fs/signalfd.c (6.18): a file with a mask; who reads it takes signals of its
// own that are pending and in the mask. The mask is atomic, the rest is the signal queues'.
#include "kernel/proc/signalfd.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/signalfd.h>

#include "fs/anon.h"
#include "fs/poll.h"
#include "fs/pseudo.h"
#include "kernel/proc/signal_internal.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uio.h"

struct signalfd {
	uint64_t mask; // what it takes; atomic
};

_Static_assert(sizeof(struct signalfd_siginfo) == 128, "signalfd's ABI");

static struct anon_kind kind = { .name = "[signalfd]" };
static const struct file_ops signalfd_ops;

static int take(const struct signalfd *s, siginfo_t *info)
{
	struct process *p = process_current();
	struct uthread *u = uthread_current();
	uint64_t irq = sighand_lock(p);
	int sig = sig_dequeue_locked(p, u, READ_ONCE(s->mask), info);

	sig_recalc_locked(p, u);
	sighand_unlock(p, irq);
	return sig;
}

static bool is_readable(const struct signalfd *s)
{
	struct process *p = process_current();

	return (READ_ONCE(uthread_current()->pending.set) | READ_ONCE(p->shared_pending.set)) &
	       READ_ONCE(s->mask);
}

#define SIGSET_FAULTS                                                                              \
	(SIGSET_OF(SIGSEGV) | SIGSET_OF(SIGBUS) | SIGSET_OF(SIGILL) | SIGSET_OF(SIGTRAP) |         \
	 SIGSET_OF(SIGFPE))

// Which members count follows from the code (Linux siginfo_layout).
static void convert(struct signalfd_siginfo *out, const siginfo_t *in)
{
	memset(out, 0, sizeof(*out));
	out->ssi_signo = (uint32_t)in->si_signo;
	out->ssi_errno = in->si_errno;
	out->ssi_code = in->si_code;
	if (in->si_code == SI_TIMER) {
		out->ssi_tid = (uint32_t)in->si_tid;
		out->ssi_overrun = (uint32_t)in->si_overrun;
	} else if (in->si_code > SI_USER && in->si_code < SI_KERNEL &&
		   SIGSET_OF(in->si_signo) & SIGSET_FAULTS) {
		out->ssi_addr = (uint64_t)in->si_addr;
		return;
	} else {
		out->ssi_pid = (uint32_t)in->si_pid;
		out->ssi_uid = (uint32_t)in->si_uid;
	}
	if (in->si_code > SI_USER && in->si_signo == SIGCHLD) {
		out->ssi_status = in->si_status;
		out->ssi_utime = (uint64_t)in->si_utime;
		out->ssi_stime = (uint64_t)in->si_stime;
	} else if (in->si_code < SI_USER) {
		out->ssi_ptr = (uint64_t)in->si_ptr;
		out->ssi_int = in->si_int;
	}
}

// One signal. Its number; 0: none and |wait| was false; -ERESTARTSYS.
static int next_signal(struct signalfd *s, siginfo_t *info, bool wait)
{
	struct waitq *q = signal_fd_queue(process_current());
	int err, sig;

	while (!(sig = take(s, info)) && wait) {
		waitq_wait_event(q, is_readable(s), err);
		if (err)
			return -ERESTARTSYS;
	}
	return sig;
}

static int64_t signalfd_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	bool wait = !(READ_ONCE(f->flags) & O_NONBLOCK) && !(rwf & RWF_NOWAIT);
	struct signalfd_siginfo out;
	siginfo_t info;
	int64_t done = 0;

	if (u->resid < sizeof(out))
		return -EINVAL;
	while (u->resid >= sizeof(out)) {
		int sig = next_signal(f->priv, &info, wait && !done);

		if (sig <= 0)
			return done ? done : sig ? sig : -EAGAIN;
		convert(&out, &info);
		if (uio_copy_out(u, &out, sizeof(out)) != sizeof(out))
			return done ? done : -EFAULT;
		done += (int64_t)sizeof(out);
	}
	return done;
}

static uint32_t signalfd_poll(struct file *f, struct poll_table *pt)
{
	poll_wait(pt, signal_fd_queue(process_current()));
	return is_readable(f->priv) ? EPOLLIN : 0;
}

static void signalfd_release(struct file *f)
{
	kfree(f->priv);
}

static void signalfd_fdinfo(struct file *f, struct seq *out)
{
	const struct signalfd *s = f->priv;

	seq_printf(out, "sigmask:\t%016llx\n", (unsigned long long)READ_ONCE(s->mask));
}

static int64_t signalfd_seek(struct file *f, int64_t offset, int whence)
{
	return 0; // Linux noop_llseek
}

static const struct file_ops signalfd_ops = {
	.seek = signalfd_seek,
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.fdinfo = signalfd_fdinfo,
};

int signalfd_create_file(uint64_t mask, unsigned flags, struct file **out)
{
	struct signalfd *s = kzalloc(sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->mask = mask & ~SIGSET_KILL_STOP;
	err = anon_file_create(&kind, O_RDWR | (flags & O_NONBLOCK), &signalfd_ops, s, out);
	if (err)
		kfree(s);
	else
		(*out)->mode &= ~FMODE_SEEK;
	return err;
}

int signalfd_set_mask(struct file *f, uint64_t mask)
{
	struct signalfd *s = f->priv;

	if (f->ops != &signalfd_ops)
		return -EINVAL;
	__atomic_store_n(&s->mask, mask & ~SIGSET_KILL_STOP, __ATOMIC_SEQ_CST);
	waitq_wake(signal_fd_queue(process_current()), ~0u, 0);
	return 0;
}
