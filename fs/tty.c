// The terminal of the program: settings, window size, canonical input with echo and line editing.
// Output processing is ONLCR. Input is taken from the channel by whoever reads; a reader that finds
// no complete line sleeps in the channel. Job control and signals by background reads come with the
// full line discipline. One terminal; its mutex (the inode-like RANK_PIPE) guards settings and the
// line.
#include "fs/tty.h"

#include <asm/termbits.h>
#include <asm/termios.h>
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/major.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "drivers/ctl.h"
#include "fs/console.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/poll.h"
#include "fs/pseudo.h"
#include "fs/stat.h"
#include "fs/vfs.h"
#include "kernel/sched/thread.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"

#define LINE_BYTES 256u // longer lines are cut, as by MAX_CANON

static struct {
	bool active;
	struct mutex lock; // settings, line
	struct termios termios;
	struct winsize size;
	uint8_t line[LINE_BYTES]; // being edited or read
	unsigned filled, taken;
	bool complete; // |line| may be read up to |filled|
	bool eof;      // VEOF was typed on an empty line
} tty;

static const struct termios initial_termios = {
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
};

static void put_bytes(const void *bytes, size_t n)
{
	while (n) {
		int64_t r = ctl_write(CTL_STREAM_STDOUT, bytes, n, false);

		if (r <= 0)
			return; // echo is best effort
		bytes = (const uint8_t *)bytes + r;
		n -= (size_t)r;
	}
}

static void echo_locked(uint8_t c)
{
	uint8_t out[2] = { '^', c ^ 0x40 };

	if (!(tty.termios.c_lflag & ECHO))
		return;
	if (c == '\n')
		put_bytes("\r\n", 2);
	else if ((c < 32 && c != '\t') || c == 127)
		put_bytes(out, tty.termios.c_lflag & ECHOCTL ? 2 : 0);
	else
		put_bytes(&c, 1);
}

static void erase_locked(void)
{
	uint8_t c = tty.line[--tty.filled];

	if (!(tty.termios.c_lflag & ECHO))
		return;
	put_bytes("\b \b\b \b", (c < 32 && c != '\t') || c == 127 ? 6 : 3);
}

static const struct {
	uint8_t cc;
	int sig;
} signal_keys[] = { { VINTR, SIGINT }, { VQUIT, SIGQUIT }, { VSUSP, SIGTSTP } };

static bool signal_locked(uint8_t c)
{
	if (!(tty.termios.c_lflag & ISIG) || !c)
		return false;
	for (unsigned k = 0; k < ARRAY_SIZE(signal_keys); k++) {
		if (c != tty.termios.c_cc[signal_keys[k].cc])
			continue;
		echo_locked(c);
		if (!(tty.termios.c_lflag & NOFLSH))
			tty.filled = 0;
		thread_send_signal(thread_current(), signal_keys[k].sig);
		return true;
	}
	return false;
}

static void edit_locked(uint8_t c)
{
	const uint8_t *cc = tty.termios.c_cc;

	if (c == cc[VERASE]) {
		if (tty.filled)
			erase_locked();
	} else if (c == cc[VKILL]) {
		while (tty.filled)
			erase_locked();
	} else if (c == cc[VEOF]) {
		tty.complete = true;
		tty.eof = !tty.filled;
	} else if (tty.filled < sizeof(tty.line) - 1 || c == '\n') {
		echo_locked(c);
		tty.line[tty.filled++] = c;
		tty.complete = c == '\n' || c == cc[VEOL];
	}
}

// One byte typed by the user.
static void input_locked(uint8_t c)
{
	if (c == '\r' && tty.termios.c_iflag & IGNCR)
		return;
	if (c == '\r' && tty.termios.c_iflag & ICRNL)
		c = '\n';
	else if (c == '\n' && tty.termios.c_iflag & INLCR)
		c = '\r';
	if (signal_locked(c))
		return;
	if (tty.termios.c_lflag & ICANON) {
		edit_locked(c);
	} else {
		echo_locked(c);
		tty.line[tty.filled++] = c;
		tty.complete = true;
	}
}

static int64_t take_line_locked(struct uio *u)
{
	size_t want = MIN((uint64_t)(tty.filled - tty.taken), u->resid);
	size_t n = uio_copy_out(u, tty.line + tty.taken, want);

	tty.taken += (unsigned)n;
	if (tty.taken == tty.filled) {
		tty.filled = tty.taken = 0;
		tty.complete = tty.eof = false;
	}
	return n || !want ? (int64_t)n : -EFAULT;
}

static int64_t tty_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	bool nonblock = READ_ONCE(f->flags) & O_NONBLOCK;
	int64_t n;

	if (!u->resid)
		return 0;
	for (;;) {
		uint8_t c;

		mutex_lock(&tty.lock);
		if (tty.complete) {
			n = take_line_locked(u);
			mutex_unlock(&tty.lock);
			return n;
		}
		mutex_unlock(&tty.lock);
		n = ctl_read(&c, 1, nonblock);
		if (n <= 0)
			return n;
		mutex_lock(&tty.lock);
		input_locked(c);
		mutex_unlock(&tty.lock);
		if (READ_ONCE(thread_current()->pending) & (PENDING_SIGNAL | PENDING_KILL))
			return -ERESTARTSYS;
	}
}

// Writes |n| bytes with output processing. 0 or -errno.
static int write_processed(const uint8_t *buf, size_t n, bool nonblock)
{
	static const uint8_t crlf[2] = "\r\n";
	bool post =
		READ_ONCE(tty.termios.c_oflag) & OPOST && READ_ONCE(tty.termios.c_oflag) & ONLCR;

	while (n) {
		const uint8_t *nl = post ? memchr(buf, '\n', n) : NULL;
		size_t plain = nl ? (size_t)(nl - buf) : n;
		int64_t r = plain ? ctl_write(CTL_STREAM_STDOUT, buf, plain, nonblock) : 0;

		if (r < 0)
			return (int)r;
		buf += r;
		n -= (size_t)r;
		if ((size_t)r < plain || !nl)
			continue;
		put_bytes(crlf, sizeof(crlf));
		buf++;
		n--;
	}
	return 0;
}

static int64_t tty_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	bool nonblock = READ_ONCE(f->flags) & O_NONBLOCK;
	uint8_t buf[512];
	int64_t done = 0;

	while (u->resid) {
		size_t want = MIN(u->resid, sizeof(buf)), got = uio_copy_in(u, buf, want);
		int err = got ? write_processed(buf, got, nonblock) : -EFAULT;

		if (err)
			return done ? done : err;
		done += (int64_t)got;
		if (got < want)
			break;
	}
	return done;
}

static uint32_t tty_poll(struct file *f, struct poll_table *pt)
{
	poll_wait(pt, ctl_read_waitq());
	return EPOLLOUT | EPOLLWRNORM |
	       (READ_ONCE(tty.complete) || ctl_readable() ? EPOLLIN | EPOLLRDNORM : 0);
}

static int64_t get_termios(struct file *f, uint64_t arg)
{
	struct termios t;

	mutex_lock(&tty.lock);
	t = tty.termios;
	mutex_unlock(&tty.lock);
	return copy_to_user(UPTR(arg), &t, sizeof(t));
}

static int64_t set_termios(struct file *f, uint64_t arg)
{
	struct termios t;
	uint32_t raw;
	int err = copy_from_user(&t, UPTR(arg), sizeof(t));

	if (err)
		return err;
	mutex_lock(&tty.lock);
	// A line under way becomes readable when canonical mode is left.
	if (!(t.c_lflag & ICANON) && tty.filled)
		tty.complete = true;
	tty.termios = t;
	mutex_unlock(&tty.lock);
	raw = !(t.c_lflag & ICANON);
	ctl_send_record(CTL_TTYMODE, &raw, sizeof(raw));
	return 0;
}

static int64_t flush_and_set_termios(struct file *f, uint64_t arg)
{
	mutex_lock(&tty.lock);
	tty.filled = tty.taken = 0;
	tty.complete = tty.eof = false;
	mutex_unlock(&tty.lock);
	return set_termios(f, arg);
}

static int64_t get_size(struct file *f, uint64_t arg)
{
	struct winsize s = tty.size;

	return copy_to_user(UPTR(arg), &s, sizeof(s));
}

static int64_t set_size(struct file *f, uint64_t arg)
{
	struct winsize s;
	int err = copy_from_user(&s, UPTR(arg), sizeof(s));

	if (!err)
		tty.size = s;
	return err;
}

static int64_t bytes_ready(struct file *f, uint64_t arg)
{
	int n = tty.complete ? (int)(tty.filled - tty.taken) : 0;

	return copy_to_user(UPTR(arg), &n, sizeof(n));
}

static const struct {
	unsigned cmd;
	int64_t (*fn)(struct file *f, uint64_t arg);
} ioctls[] = {
	{ TCGETS, get_termios },   { TCSETS, set_termios },
	{ TCSETSW, set_termios },  { TCSETSF, flush_and_set_termios },
	{ TIOCGWINSZ, get_size },  { TIOCSWINSZ, set_size },
	{ FIONREAD, bytes_ready },
};

static int64_t tty_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	for (unsigned k = 0; k < ARRAY_SIZE(ioctls); k++)
		if (ioctls[k].cmd == cmd)
			return ioctls[k].fn(f, arg);
	return -ENOTTY;
}

const struct file_ops tty_file_ops = {
	.read = tty_read,
	.write = tty_write,
	.ioctl = tty_ioctl,
	.poll = tty_poll,
};

static int tty_open(struct inode *i, struct file *f)
{
	return tty.active ? 0 : kdev_minor(i->rdev) ? -EIO : -ENXIO;
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
	mutex_init(&tty.lock, RANK_PIPE);
	tty.termios = initial_termios;
	chrdev_register(&tty_devices);
	pseudo_register(PSEUDO_DEV, &table);
}

void tty_set_winsize(const struct ctl_winsize *ws)
{
	tty.size = (struct winsize){ ws->rows, ws->cols, ws->xpixel, ws->ypixel };
}

void tty_activate(void)
{
	tty.active = true;
}
