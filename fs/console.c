// The program's standard descriptors as pipes to the host: what "ouro run" without -t gives.
// Reading and writing go straight through drivers/ctl.h; there is no buffer here.
#include "fs/console.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>

#include "drivers/ctl.h"
#include "fs/anon.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "fs/poll.h"
#include "fs/tty.h"
#include "fs/vfs.h"
#include "kernel/sched/waitq.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uio.h"

#define SMALL_BYTES 512u
#define LARGE_BYTES 16384u

static struct anon_fs stdio_fs = { .prefix = "pipe", .fstype = "pipefs", .magic = PIPEFS_MAGIC };

void console_init(void)
{
	anon_fs_init(&stdio_fs);
}

// Room for one step of a transfer: the caller's small buffer, or a larger one if it helps.
static uint8_t *step_buffer(uint8_t small[SMALL_BYTES], uint64_t bytes, size_t *room)
{
	uint8_t *large;

	*room = SMALL_BYTES;
	if (bytes <= SMALL_BYTES)
		return small;
	large = kmalloc(LARGE_BYTES);
	if (!large)
		return small;
	*room = LARGE_BYTES;
	return large;
}

int64_t console_read(struct uio *u, bool nonblock)
{
	uint8_t small[SMALL_BYTES], *buf;
	size_t room;
	int64_t n;

	if (!u->resid)
		return 0;
	// Bytes taken from the channel cannot be given back: find bad addresses first.
	n = uio_fault_in(u, 1, true);
	if (n)
		return n;
	buf = step_buffer(small, u->resid, &room);
	n = ctl_read(buf, MIN(u->resid, room), nonblock);
	if (n > 0 && uio_copy_out(u, buf, (size_t)n) < (size_t)n)
		n = -EFAULT;
	if (buf != small)
		kfree(buf);
	return n;
}

static int64_t write_all(enum ctl_stream stream, const uint8_t *buf, size_t n, bool nonblock)
{
	size_t done = 0;

	while (done < n) {
		int64_t r = ctl_write(stream, buf + done, n - done, nonblock);

		if (r <= 0)
			return done ? (int64_t)done : r;
		done += (size_t)r;
	}
	return (int64_t)done;
}

int64_t console_write(enum ctl_stream stream, struct uio *u, bool nonblock)
{
	uint8_t small[SMALL_BYTES], *buf;
	size_t room;
	int64_t done = 0, n = 0;

	buf = step_buffer(small, u->resid, &room);
	while (u->resid) {
		size_t want = MIN(u->resid, room), got = uio_copy_in(u, buf, want);

		n = got ? write_all(stream, buf, got, nonblock) : -EFAULT;
		if (n > 0)
			done += n;
		if (n < (int64_t)want)
			break;
	}
	if (buf != small)
		kfree(buf);
	return done ? done : n;
}

static int64_t stdin_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	return console_read(u, READ_ONCE(f->flags) & O_NONBLOCK);
}

static int64_t stdout_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	return console_write((enum ctl_stream)(uintptr_t)f->inode->priv, u,
			     READ_ONCE(f->flags) & O_NONBLOCK);
}

static uint32_t stdin_poll(struct file *f, struct poll_table *pt)
{
	poll_wait(pt, ctl_read_waitq());
	return ctl_readable() ? EPOLLIN | EPOLLRDNORM : 0;
}

static uint32_t stdout_poll(struct file *f, struct poll_table *pt)
{
	return EPOLLOUT | EPOLLWRNORM;
}

static const struct file_ops stdin_ops = {
	.read = stdin_read,
	.poll = stdin_poll,
};
static const struct file_ops stdout_ops = {
	.write = stdout_write,
	.poll = stdout_poll,
};

static int open_pipe(const struct file_ops *ops, unsigned flags, enum ctl_stream stream,
		     struct file **out)
{
	struct path p;
	int err = anon_path_create(&stdio_fs, S_IFIFO | 0600, ops, (void *)(uintptr_t)stream, &p);

	if (err)
		return err;
	*out = file_alloc(&p, flags, ops, NULL);
	path_put(&p);
	return *out ? 0 : -ENOMEM;
}

static const struct {
	const struct file_ops *ops;
	unsigned flags;
	enum ctl_stream stream;
} streams[3] = {
	{ &stdin_ops, O_RDONLY, CTL_STREAM_STDOUT },
	{ &stdout_ops, O_WRONLY, CTL_STREAM_STDOUT },
	{ &stdout_ops, O_WRONLY, CTL_STREAM_STDERR },
};

static int install(struct fdtable *t, struct file *f, int fd)
{
	int n = fd_install_at(t, f, fd, 3, false);

	if (n < 0)
		file_put(f);
	return n < 0 ? n : 0;
}

static int open_pipes(struct fdtable *t)
{
	for (int fd = 0; fd < 3; fd++) {
		struct file *f;
		int err = open_pipe(streams[fd].ops, streams[fd].flags, streams[fd].stream, &f);

		if (!err)
			err = install(t, f, fd);
		if (err)
			return err;
	}
	return 0;
}

static int open_terminal(struct fdtable *t)
{
	struct file *f;
	int err;

	err = tty_activate();
	if (!err) // the program leads a session: the terminal becomes its own
		err = namei_open(vfs_root(), "/dev/console", O_RDWR, 0, LOOKUP_FOLLOW, &f);
	if (err)
		return err;
	for (int fd = 0; fd < 3 && !err; fd++)
		err = install(t, file_get(f), fd);
	file_put(f);
	return err;
}

int console_open_stdio(struct fdtable *t, bool tty)
{
	return tty ? open_terminal(t) : open_pipes(t);
}
