// Terminals as files: reading, writing, settings, and /dev/tty. The bytes' meaning is
// tty_ldisc.c's; drivers move them. Owns the hooks of the process layer. Lock: each terminal's; the
// hooks, which send signals, are called without it.
#include "fs/tty.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/major.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/inode.h"
#include "fs/poll.h"
#include "fs/pseudo.h"
#include "fs/stat.h"
#include "fs/tty_internal.h"
#include "fs/vfs.h"
#include "kernel/base/clock.h"
#include "kernel/sched/sched.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"

#define STEP_BYTES   512u
#define DECISECOND   100000000ull
#define RING_MASK    (TTY_INPUT_BYTES - 1)
#define ALL_SIGNALED (EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP)

static int no_check(struct tty *t, int sig)
{
	return 0;
}

static void no_signal(int pgrp, int sig)
{
}

static int no_session(void)
{
	return 0;
}

static void no_event(struct tty *t)
{
}

static int64_t no_ioctl(struct tty *t, unsigned cmd, uint64_t arg, bool master)
{
	return -ENOTTY;
}

static const struct tty_jobs no_jobs = { no_check, no_signal, no_session,
					 no_event, no_ioctl,  no_event };

static struct {
	const struct tty_jobs *jobs;
} ttys = { &no_jobs };

void tty_set_jobs(const struct tty_jobs *jobs)
{
	ttys.jobs = jobs;
}

const struct tty_jobs *tty_jobs(void)
{
	return ttys.jobs;
}

static const struct termios2 initial_termios = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B38400 | CS8 | CREAD | HUPCL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = { [VINTR] = 3,
		  [VQUIT] = 28,
		  [VERASE] = 127,
		  [VKILL] = 21,
		  [VEOF] = 4,
		  [VMIN] = 1,
		  [VSTART] = 17,
		  [VSTOP] = 19,
		  [VSUSP] = 26,
		  [VREPRINT] = 18,
		  [VDISCARD] = 15,
		  [VWERASE] = 23,
		  [VLNEXT] = 22 },
	.c_ispeed = 38400,
	.c_ospeed = 38400,
};

int tty_setup(struct tty *t, const struct tty_driver *driver)
{
	t->input = kmalloc(TTY_INPUT_BYTES);
	if (!t->input)
		return -ENOMEM;
	t->driver = driver;
	mutex_init(&t->lock, RANK_PIPE);
	t->termios = initial_termios;
	waitq_init(&t->read_wait);
	waitq_init(&t->write_wait);
	waitq_init(&t->room_wait);
	return 0;
}

void tty_teardown(struct tty *t)
{
	kfree(t->input);
}

uint32_t tty_room(struct tty *t)
{
	uint32_t used = READ_ONCE(t->head) - READ_ONCE(t->tail);

	// A line that is too long is cut, so it takes any number of bytes.
	if (READ_ONCE(t->termios.c_lflag) & ICANON && READ_ONCE(t->canon) == READ_ONCE(t->tail))
		return TTY_INPUT_BYTES;
	return TTY_INPUT_BYTES - 1 - used;
}

size_t tty_receive(struct tty *t, const uint8_t *bytes, size_t n)
{
	uint64_t signals = 0;
	size_t done;
	int pgrp;

	mutex_lock(&t->lock);
	for (done = 0; done < n && tty_room(t); done++) {
		int sig = tty_input_byte(t, bytes[done]);

		if (sig)
			signals |= 1ull << sig;
	}
	if (t->canon != t->tail)
		waitq_wake(&t->read_wait, ~0u, EPOLLIN | EPOLLRDNORM);
	pgrp = t->pgrp;
	mutex_unlock(&t->lock);
	for (int sig = 1; pgrp && signals >> sig; sig++)
		if (signals >> sig & 1)
			ttys.jobs->signal_group(pgrp, sig);
	return done;
}

// Ready bytes; an end of file counts as one.
static uint32_t ready_locked(const struct tty *t)
{
	return t->canon - t->tail;
}

// How many bytes a read takes without waiting: in canonical mode up to the end of a line.
static uint32_t take_locked(struct tty *t, uint8_t *buf, uint32_t max, bool *line_ended)
{
	bool canonical = t->termios.c_lflag & ICANON;
	uint32_t n = 0;

	*line_ended = false;
	while (n < max && t->tail != t->canon && !*line_ended) {
		uint8_t c = t->input[t->tail & RING_MASK];

		*line_ended = canonical && tty_is_end(t, t->tail);
		t->tail++;
		if (!*line_ended || c)
			buf[n++] = c;
	}
	// An end of file right behind a full buffer belongs to this line.
	if (canonical && !*line_ended && n == max && t->tail != t->canon &&
	    tty_is_end(t, t->tail) && !t->input[t->tail & RING_MASK])
		t->tail++;
	waitq_wake_all(&t->room_wait);
	return n;
}

// What a read waits for: a line, or VMIN bytes.
static bool satisfied(const struct tty *t, uint64_t want)
{
	uint32_t ready = READ_ONCE(t->canon) - READ_ONCE(t->tail);

	if (READ_ONCE(t->hung_up))
		return true;
	if (READ_ONCE(t->termios.c_lflag) & ICANON || t->termios.c_cc[VTIME])
		return ready;
	return ready >= MIN(MAX(t->termios.c_cc[VMIN], 1), want);
}

// Waits for input as VMIN and VTIME say. 0 (there may be none: VTIME is over) or -errno.
static int wait_for_input(struct tty *t, uint64_t want, bool nonblock)
{
	const uint8_t *cc = t->termios.c_cc;
	uint64_t deadline = UINT64_MAX;
	int err;

	if (satisfied(t, want))
		return 0;
	if (nonblock)
		return -EAGAIN;
	if (!(t->termios.c_lflag & ICANON) && !cc[VMIN]) {
		if (!cc[VTIME])
			return 0;
		deadline = clock_mono_ns() + cc[VTIME] * DECISECOND;
	}
	waitq_wait_until(&t->read_wait, satisfied(t, want), deadline, true, err);
	return err == -EINTR ? -ERESTARTSYS : 0;
}

// One step of a read. Bytes, 0 at the end, or -errno. *more: the caller may go on.
static int64_t read_step(struct tty *t, struct uio *u, bool *more)
{
	uint8_t buf[STEP_BYTES];
	bool line_ended;
	uint32_t n;

	mutex_lock(&t->lock);
	n = take_locked(t, buf, (uint32_t)MIN(u->resid, STEP_BYTES), &line_ended);
	*more = n && !line_ended && u->resid > n && ready_locked(t);
	mutex_unlock(&t->lock);
	return uio_copy_out(u, buf, n) == n ? (int64_t)n : -EFAULT;
}

static int64_t tty_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct tty *t = f->priv;
	int64_t n, done = 0;
	bool more;
	int err = ttys.jobs->check(t, SIGTTIN);

	if (err || !u->resid)
		return err;
	err = wait_for_input(t, u->resid, READ_ONCE(f->flags) & O_NONBLOCK);
	if (err || READ_ONCE(t->hung_up)) // what had been typed is gone
		return err;
	do {
		n = read_step(t, u, &more);
		done += n > 0 ? n : 0;
	} while (n > 0 && more);
	return done ? done : n;
}

// Waits while output is stopped. 0 or -errno.
static int wait_for_output(struct tty *t, bool nonblock)
{
	int err = 0;

	if (READ_ONCE(t->output_stopped) && nonblock)
		return -EAGAIN;
	waitq_wait_event(&t->write_wait, !READ_ONCE(t->output_stopped) || READ_ONCE(t->hung_up),
			 err);
	if (READ_ONCE(t->hung_up))
		return -EIO;
	return err ? -ERESTARTSYS : 0;
}

// Sends all of |buf|. 0 or -errno.
static int send_all(struct tty *t, const uint8_t *buf, size_t n, bool nonblock)
{
	while (n) {
		int64_t r = t->driver->write(t, buf, n, nonblock);

		if (r <= 0)
			return r ? (int)r : -EIO;
		buf += r;
		n -= (size_t)r;
	}
	return 0;
}

static int write_processed(struct tty *t, const uint8_t *in, size_t n, bool nonblock)
{
	uint8_t out[STEP_BYTES];
	size_t used, filled;
	int err;

	while (n) {
		err = wait_for_output(t, nonblock);
		if (err)
			return err;
		mutex_lock(&t->lock);
		filled = tty_process_output(t, in, n, out, sizeof(out), &used);
		mutex_unlock(&t->lock);
		err = send_all(t, out, filled, nonblock);
		if (err)
			return err;
		in += used;
		n -= used;
	}
	return 0;
}

static int64_t tty_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct tty *t = f->priv;
	bool nonblock = READ_ONCE(f->flags) & O_NONBLOCK;
	uint8_t buf[STEP_BYTES];
	int64_t done = 0;
	int err = READ_ONCE(t->termios.c_lflag) & TOSTOP ? ttys.jobs->check(t, SIGTTOU) : 0;

	while (!err && u->resid) {
		size_t want = MIN(u->resid, sizeof(buf)), got = uio_copy_in(u, buf, want);

		err = got ? write_processed(t, buf, got, nonblock) : -EFAULT;
		if (!err)
			done += (int64_t)got;
		if (got < want)
			break;
	}
	return done ? done : err;
}

static uint32_t tty_poll(struct file *f, struct poll_table *pt)
{
	struct tty *t = f->priv;
	uint32_t events = 0;

	poll_wait(pt, &t->read_wait);
	poll_wait(pt, &t->write_wait);
	if (READ_ONCE(t->hung_up))
		return ALL_SIGNALED;
	if (READ_ONCE(t->canon) != READ_ONCE(t->tail))
		events |= EPOLLIN | EPOLLRDNORM;
	if (!READ_ONCE(t->output_stopped) && t->driver->writable(t))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

void tty_hang_up(struct tty *t)
{
	WRITE_ONCE(t->hung_up, true);
	waitq_wake_all(&t->room_wait);
	waitq_wake(&t->read_wait, ~0u, EPOLLIN | EPOLLHUP);
	waitq_wake(&t->write_wait, ~0u, EPOLLOUT | EPOLLHUP);
}

static void set_settings(struct tty *t, const struct termios2 *n)
{
	bool was = t->termios.c_lflag & ICANON;

	mutex_lock(&t->lock);
	t->termios = *n;
	// A line under way can be read when canonical mode is left.
	if (was && !(n->c_lflag & ICANON))
		t->canon = t->head;
	if (!(n->c_iflag & IXON))
		t->output_stopped = false;
	mutex_unlock(&t->lock);
	if (t->driver->mode_changed)
		t->driver->mode_changed(t, n);
	waitq_wake_all(&t->read_wait);
	waitq_wake_all(&t->write_wait);
}

// struct termios and struct ktermios differ in the speeds at the end only.
static int64_t get_termios(struct tty *t, unsigned cmd, uint64_t arg)
{
	struct termios2 now;

	mutex_lock(&t->lock);
	now = t->termios;
	mutex_unlock(&t->lock);
	return copy_to_user(UPTR(arg), &now,
			    cmd == TCGETS ? sizeof(struct termios) : sizeof(struct termios2));
}

static int64_t set_termios(struct tty *t, unsigned cmd, uint64_t arg)
{
	bool old_form = cmd == TCSETS || cmd == TCSETSW || cmd == TCSETSF;
	struct termios2 n = t->termios;
	int err = ttys.jobs->check(t, SIGTTOU);

	if (!err)
		err = copy_from_user(&n, UPTR(arg),
				     old_form ? sizeof(struct termios) : sizeof(struct termios2));
	if (err)
		return err;
	if (cmd == TCSETSF || cmd == TCSETSF2) {
		mutex_lock(&t->lock);
		tty_discard_input(t);
		mutex_unlock(&t->lock);
	}
	set_settings(t, &n);
	return 0;
}

static int64_t get_size(struct tty *t, unsigned cmd, uint64_t arg)
{
	struct winsize s = t->size;

	return copy_to_user(UPTR(arg), &s, sizeof(s));
}

void tty_set_size(struct tty *t, const struct winsize *s)
{
	bool changed = memcmp(&t->size, s, sizeof(*s));

	t->size = *s;
	if (changed && t->pgrp)
		ttys.jobs->signal_group(t->pgrp, SIGWINCH);
}

static int64_t set_size(struct tty *t, unsigned cmd, uint64_t arg)
{
	struct winsize s;

	if (copy_from_user(&s, UPTR(arg), sizeof(s)))
		return -EFAULT;
	tty_set_size(t, &s);
	return 0;
}

static int64_t bytes_ready(struct tty *t, unsigned cmd, uint64_t arg)
{
	int n = 0;

	mutex_lock(&t->lock);
	for (uint32_t at = t->tail; at != t->canon; at++)
		n += !tty_is_end(t, at) || t->input[at & RING_MASK];
	mutex_unlock(&t->lock);
	return copy_to_user(UPTR(arg), &n, sizeof(n));
}

static int64_t bytes_unsent(struct tty *t, unsigned cmd, uint64_t arg)
{
	int n = 0; // what was written has been sent

	return copy_to_user(UPTR(arg), &n, sizeof(n));
}

static int64_t flush(struct tty *t, unsigned cmd, uint64_t arg)
{
	int err = ttys.jobs->check(t, SIGTTOU);

	if (err)
		return err;
	if (arg > TCIOFLUSH)
		return -EINVAL;
	mutex_lock(&t->lock);
	if (arg != TCOFLUSH)
		tty_discard_input(t);
	if (arg != TCIFLUSH && t->driver->flush_output)
		t->driver->flush_output(t);
	mutex_unlock(&t->lock);
	return 0;
}

static int64_t flow(struct tty *t, unsigned cmd, uint64_t arg)
{
	int err = ttys.jobs->check(t, SIGTTOU);

	if (err)
		return err;
	if (arg > TCION)
		return -EINVAL;
	if (arg == TCOOFF || arg == TCOON)
		WRITE_ONCE(t->output_stopped, arg == TCOOFF);
	waitq_wake_all(&t->write_wait);
	return 0;
}

// All output has been sent when write returns, and there is no line to break.
static int64_t drain(struct tty *t, unsigned cmd, uint64_t arg)
{
	return ttys.jobs->check(t, SIGTTOU);
}

static const struct {
	unsigned cmd;
	int64_t (*fn)(struct tty *t, unsigned cmd, uint64_t arg);
} ioctls[] = {
	{ TCGETS, get_termios },   { TCGETS2, get_termios },  { TCSETS, set_termios },
	{ TCSETSW, set_termios },  { TCSETSF, set_termios },  { TCSETS2, set_termios },
	{ TCSETSW2, set_termios }, { TCSETSF2, set_termios }, { TIOCGWINSZ, get_size },
	{ TIOCSWINSZ, set_size },  { FIONREAD, bytes_ready }, { TIOCOUTQ, bytes_unsent },
	{ TCFLSH, flush },         { TCXONC, flow },          { TCSBRK, drain },
	{ TCSBRKP, drain },
};

int64_t tty_ioctl_common(struct tty *t, unsigned cmd, uint64_t arg)
{
	for (unsigned k = 0; k < ARRAY_SIZE(ioctls); k++)
		if (ioctls[k].cmd == cmd)
			return ioctls[k].fn(t, cmd, arg);
	return -ENOTTY;
}

static int64_t tty_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	struct tty *t = f->priv;
	int64_t r;

	if (READ_ONCE(t->hung_up))
		return -EIO;
	r = ttys.jobs->ioctl(t, cmd, arg, false);
	return r == -ENOTTY ? tty_ioctl_common(t, cmd, arg) : r;
}

static void tty_release(struct file *f)
{
	if (f->priv)
		pty_slave_closed(f->priv);
}

const struct file_ops tty_file_ops = {
	.can_async = true,
	.read = tty_read,
	.write = tty_write,
	.ioctl = tty_ioctl,
	.poll = tty_poll,
	.release = tty_release,
};

// /dev/tty is the terminal of the caller's session, /dev/console the machine's.
static int tty_open(struct inode *i, struct file *f)
{
	if (kdev_minor(i->rdev))
		f->priv = tty_console();
	else
		f->priv = pty_find_session(ttys.jobs->caller_session());
	if (!f->priv)
		return kdev_minor(i->rdev) ? -EIO : -ENXIO;
	if (!(f->flags & O_NOCTTY) && kdev_minor(i->rdev))
		ttys.jobs->opened(f->priv);
	return 0;
}

static struct chrdev tty_devices = {
	.major = TTYAUX_MAJOR,
	.first_minor = 0,
	.minors = 2,
	.fops = &tty_file_ops,
	.open = tty_open,
};

static const struct pseudo_node nodes[] = {
	{ .name = "tty", .mode = S_IFCHR | 0666, .rdev = (uint64_t)TTYAUX_MAJOR << 20 },
	{ .name = "console", .mode = S_IFCHR | 0620, .rdev = (uint64_t)TTYAUX_MAJOR << 20 | 1 },
	{ 0 },
};
static struct pseudo_table table = { .dir = "", .nodes = nodes };

void tty_init(void)
{
	chrdev_register(&tty_devices);
	pseudo_register(PSEUDO_DEV, &table);
	pty_init();
}
