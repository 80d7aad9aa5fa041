// Pseudo terminals: /dev/ptmx and /dev/pts. What is written to the master is the slave's input;
// what is written to the slave is read from the master. Follows Linux's drivers/tty/pty.c (6.18).
//
// Locks: ptys.lock (RANK_DRIVER) guards the table, reference counts and what is open; pty.out_lock
// (a spinlock, taken alone) guards the bytes for the master.
#include <asm/ioctls.h>
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/major.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/namei.h"
#include "fs/poll.h"
#include "fs/pseudo.h"
#include "fs/stat.h"
#include "fs/tty.h"
#include "fs/vfs.h"
#include "kernel/sched/cred.h"
#include "lib/fmt.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"

#define PTY_MAX    256u // Linux's kernel.pty.max is 4096
#define OUT_BYTES  4096u
#define STEP_BYTES 512u
#define PTMX_MINOR 2

struct pty {
	struct tty tty; // the slave; first, so that its address is the pty's
	unsigned index;
	uint32_t uid, gid;

	// guarded by ptys.lock
	unsigned refs; // master and open slaves
	unsigned slaves;
	bool master_open, slave_seen; // a slave was opened once
	bool locked;                  // until unlockpt

	struct spinlock out_lock;
	uint8_t *out;
	uint32_t out_head, out_tail; // counters, not wrapped; guarded by out_lock
	bool packet;                 // TIOCPKT
	struct waitq master_wait;    // something to read, or no slave any more
};

static struct {
	struct mutex lock;
	struct pty *by_index[PTY_MAX];
} ptys;

static uint32_t out_room(const struct pty *p)
{
	return OUT_BYTES - (READ_ONCE(p->out_head) - READ_ONCE(p->out_tail));
}

static struct pty *pty_of(struct tty *t)
{
	return container_of(t, struct pty, tty);
}

static size_t out_put(struct pty *p, const uint8_t *bytes, size_t n)
{
	size_t done;

	spin_lock(&p->out_lock);
	for (done = 0; done < n && p->out_head - p->out_tail < OUT_BYTES; done++)
		p->out[p->out_head++ % OUT_BYTES] = bytes[done];
	spin_unlock(&p->out_lock);
	if (done)
		waitq_wake(&p->master_wait, ~0u, EPOLLIN | EPOLLRDNORM);
	return done;
}

static int64_t slave_write(struct tty *t, const uint8_t *bytes, size_t n, bool nonblock)
{
	struct pty *p = pty_of(t);
	size_t done = out_put(p, bytes, n);
	int err;

	if (done || nonblock)
		return done ? (int64_t)done : -EAGAIN;
	waitq_wait_event(&t->write_wait, out_room(p) || READ_ONCE(t->hung_up), err);
	if (READ_ONCE(t->hung_up))
		return -EIO;
	return err ? -ERESTARTSYS : (int64_t)out_put(p, bytes, n);
}

static bool slave_writable(struct tty *t)
{
	return out_room(pty_of(t));
}

static void slave_flush(struct tty *t)
{
	struct pty *p = pty_of(t);

	spin_lock(&p->out_lock);
	p->out_tail = p->out_head;
	spin_unlock(&p->out_lock);
	waitq_wake_all(&t->write_wait);
}

static const struct tty_driver driver = {
	.write = slave_write,
	.writable = slave_writable,
	.flush_output = slave_flush,
};

static void pty_free(struct pty *p)
{
	tty_teardown(&p->tty);
	kfree(p->out);
	kfree(p);
}

static struct pty *pty_alloc(void)
{
	struct pty *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->out = kmalloc(OUT_BYTES);
	if (!p->out || tty_setup(&p->tty, &driver)) {
		kfree(p->out);
		kfree(p);
		return NULL;
	}
	spin_init(&p->out_lock, RANK_DEVICE, "pty");
	waitq_init(&p->master_wait);
	p->tty.termios.c_cflag &= ~(unsigned)HUPCL;
	p->refs = 1;
	p->master_open = p->locked = true;
	p->uid = cred_current()->fsuid;
	p->gid = cred_current()->fsgid;
	return p;
}

static void pty_put_locked(struct pty *p)
{
	if (--p->refs)
		return;
	ptys.by_index[p->index] = NULL;
	pty_free(p);
}

static int ptmx_open(struct inode *i, struct file *f)
{
	struct pty *p = pty_alloc();
	unsigned n = 0;

	if (!p)
		return -ENOMEM;
	mutex_lock(&ptys.lock);
	while (n < PTY_MAX && ptys.by_index[n])
		n++;
	if (n < PTY_MAX) {
		p->index = n;
		ptys.by_index[n] = p;
	}
	mutex_unlock(&ptys.lock);
	if (n == PTY_MAX) {
		pty_free(p);
		return -ENOSPC;
	}
	f->priv = p;
	return 0;
}

// Counts a slave as open. 0 or -EIO.
static int slave_get_locked(struct pty *p)
{
	if (!p || !p->master_open || p->locked)
		return -EIO;
	if (!p->slaves)
		p->tty.hung_up = false; // a session that ended; what it had open is gone
	p->refs++;
	p->slaves++;
	p->slave_seen = true;
	return 0;
}

static int pts_open(struct inode *i, struct file *f)
{
	unsigned n = kdev_minor(i->rdev);
	struct pty *p;
	int err;

	mutex_lock(&ptys.lock);
	p = n < PTY_MAX ? ptys.by_index[n] : NULL;
	err = slave_get_locked(p);
	mutex_unlock(&ptys.lock);
	if (err)
		return err;
	f->priv = &p->tty;
	if (!(f->flags & O_NOCTTY))
		tty_jobs()->opened(&p->tty);
	return 0;
}

struct tty *pty_find_session(int session)
{
	struct tty *t = tty_console();

	if (!session)
		return NULL;
	if (t && t->session == session)
		return t;
	t = NULL;
	mutex_lock(&ptys.lock);
	for (unsigned n = 0; n < PTY_MAX && !t; n++) {
		struct pty *p = ptys.by_index[n];

		if (p && p->tty.session == session && !slave_get_locked(p))
			t = &p->tty;
	}
	mutex_unlock(&ptys.lock);
	return t;
}

uint32_t pty_number(struct tty *t)
{
	if (t == tty_console())
		return TTYAUX_MAJOR << 8 | 1;
	return UNIX98_PTY_SLAVE_MAJOR << 8 | pty_of(t)->index;
}

void pty_slave_closed(struct tty *t)
{
	struct pty *p = pty_of(t);

	if (t == tty_console())
		return;
	mutex_lock(&ptys.lock);
	if (!--p->slaves)
		waitq_wake(&p->master_wait, ~0u, EPOLLIN | EPOLLHUP);
	pty_put_locked(p);
	mutex_unlock(&ptys.lock);
}

static void master_release(struct file *f)
{
	struct pty *p = f->priv;

	mutex_lock(&ptys.lock);
	p->master_open = false;
	mutex_unlock(&ptys.lock);
	tty_hang_up(&p->tty);
	tty_jobs()->hung_up(&p->tty);
	mutex_lock(&ptys.lock);
	pty_put_locked(p);
	mutex_unlock(&ptys.lock);
}

// No slave is open, but one was; or the session on it has ended.
static bool other_side_closed(const struct pty *p)
{
	return READ_ONCE(p->slave_seen) && (!READ_ONCE(p->slaves) || READ_ONCE(p->tty.hung_up));
}

static bool master_readable(const struct pty *p)
{
	return READ_ONCE(p->out_head) != READ_ONCE(p->out_tail) || other_side_closed(p);
}

static size_t out_take(struct pty *p, uint8_t *buf, size_t max)
{
	size_t n;

	spin_lock(&p->out_lock);
	for (n = 0; n < max && p->out_tail != p->out_head; n++)
		buf[n] = p->out[p->out_tail++ % OUT_BYTES];
	spin_unlock(&p->out_lock);
	if (n)
		waitq_wake(&p->tty.write_wait, ~0u, EPOLLOUT | EPOLLWRNORM);
	return n;
}

// In packet mode each read begins with a byte that says data follow.
static int64_t master_copy(struct pty *p, struct uio *u)
{
	static const uint8_t data_follows = TIOCPKT_DATA;
	uint8_t buf[STEP_BYTES];
	int64_t done = 0;
	size_t n;

	if (p->packet) {
		if (uio_copy_out(u, &data_follows, 1) != 1)
			return -EFAULT;
		done = 1;
	}
	while (u->resid && (n = out_take(p, buf, MIN(u->resid, sizeof(buf))))) {
		if (uio_copy_out(u, buf, n) != n)
			return -EFAULT;
		done += (int64_t)n;
	}
	return done;
}

static int64_t master_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct pty *p = f->priv;
	int err = 0;

	if (!u->resid)
		return 0;
	if (!master_readable(p) && READ_ONCE(f->flags) & O_NONBLOCK)
		return -EAGAIN;
	waitq_wait_event(&p->master_wait, master_readable(p), err);
	if (err)
		return -ERESTARTSYS;
	return p->out_head == p->out_tail ? -EIO : master_copy(p, u);
}

static int64_t master_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct pty *p = f->priv;
	uint8_t buf[STEP_BYTES];
	int64_t done = 0;
	int err = 0;

	while (u->resid && !err) {
		size_t want, got;

		if (!tty_room(&p->tty) && READ_ONCE(f->flags) & O_NONBLOCK)
			return done ? done : -EAGAIN;
		waitq_wait_event(&p->tty.room_wait, tty_room(&p->tty), err);
		if (err)
			return done ? done : -ERESTARTSYS;
		want = MIN(MIN(u->resid, sizeof(buf)), tty_room(&p->tty));
		got = uio_copy_in(u, buf, want);
		done += (int64_t)tty_receive(&p->tty, buf, got);
		err = got < want ? -EFAULT : 0;
	}
	return done ? done : err;
}

static uint32_t master_poll(struct file *f, struct poll_table *pt)
{
	struct pty *p = f->priv;
	uint32_t events = 0;

	poll_wait(pt, &p->master_wait);
	poll_wait(pt, &p->tty.room_wait);
	if (READ_ONCE(p->out_head) != READ_ONCE(p->out_tail))
		events |= EPOLLIN | EPOLLRDNORM;
	if (other_side_closed(p))
		events |= EPOLLHUP;
	if (tty_room(&p->tty))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

// TIOCGPTPEER: the slave by descriptor, whatever /dev/pts shows.
static int64_t open_peer(struct pty *p, unsigned flags)
{
	char name[16];
	struct fs_context *c = fs_context_current();
	struct file *f;
	int fd;

	fmt_snprintf(name, sizeof(name), "/dev/pts/%u", p->index);
	fd = namei_open(vfs_root(), name, flags & (O_ACCMODE | O_NONBLOCK | O_NOCTTY), 0,
			LOOKUP_FOLLOW, &f);
	if (fd)
		return fd;
	fd = fd_install(c->fds, f, 0, c->limits->nofile, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(f);
	return fd;
}

static int64_t send_signal(struct pty *p, uint64_t sig)
{
	if (sig != SIGINT && sig != SIGQUIT && sig != SIGTSTP)
		return -EINVAL;
	if (p->tty.pgrp)
		tty_jobs()->signal_group(p->tty.pgrp, (int)sig);
	return 0;
}

static int64_t unsent(struct pty *p, uint64_t arg)
{
	int n = (int)(READ_ONCE(p->out_head) - READ_ONCE(p->out_tail));

	return copy_to_user(UPTR(arg), &n, sizeof(n));
}

static int64_t set_flag(bool *flag, uint64_t arg)
{
	int on;

	if (copy_from_user(&on, UPTR(arg), sizeof(on)))
		return -EFAULT;
	WRITE_ONCE(*flag, on);
	return 0;
}

static int64_t get_int(int value, uint64_t arg)
{
	return copy_to_user(UPTR(arg), &value, sizeof(value));
}

static __stack_guarded int64_t master_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	struct pty *p = f->priv;
	int64_t r;

	switch (cmd) {
	case TIOCGPTN:
		return get_int((int)p->index, arg);
	case TIOCSPTLCK:
		return set_flag(&p->locked, arg);
	case TIOCGPTLCK:
		return get_int(p->locked, arg);
	case TIOCPKT:
		return set_flag(&p->packet, arg);
	case TIOCGPKT:
		return get_int(p->packet, arg);
	case TIOCGPTPEER:
		return open_peer(p, (unsigned)arg);
	case TIOCSIG:
		return send_signal(p, arg);
	case FIONREAD:
		return unsent(p, arg);
	}
	r = tty_jobs()->ioctl(&p->tty, cmd, arg, true);
	return r == -ENOTTY ? tty_ioctl_common(&p->tty, cmd, arg) : r;
}

static const struct file_ops master_ops = {
	.can_async = true,
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = master_ioctl,
	.release = master_release,
};

static struct chrdev master_device = {
	.major = TTYAUX_MAJOR,
	.first_minor = PTMX_MINOR,
	.minors = 1,
	.fops = &master_ops,
	.open = ptmx_open,
};
static struct chrdev slave_devices = {
	.major = UNIX98_PTY_SLAVE_MAJOR,
	.first_minor = 0,
	.minors = PTY_MAX,
	.fops = &tty_file_ops,
	.open = pts_open,
};

static bool pts_exists(uint64_t n)
{
	bool there;

	mutex_lock(&ptys.lock);
	there = ptys.by_index[n] && ptys.by_index[n]->master_open;
	mutex_unlock(&ptys.lock);
	return there;
}

static bool pts_alive(const struct pseudo_ref *r)
{
	return pts_exists(r->key[0]);
}

static int pts_attr(const struct pseudo_ref *r, uint32_t *mode, uint32_t *uid, uint32_t *gid)
{
	struct pty *p;
	int err = -ENOENT;

	mutex_lock(&ptys.lock);
	p = ptys.by_index[r->key[0]];
	if (p) {
		*uid = p->uid;
		*gid = p->gid;
		err = 0;
	}
	mutex_unlock(&ptys.lock);
	return err;
}

static const struct pseudo_node pts_node = {
	.name = "",
	.mode = S_IFCHR | 0620,
	.rdev = (uint64_t)UNIX98_PTY_SLAVE_MAJOR << 20,
	.rdev_of_key = true,
	.attr = pts_attr,
	.alive = pts_alive,
};

static int pts_lookup(const struct pseudo_ref *dir, const char *name, size_t name_bytes,
		      struct pseudo_ref *out)
{
	uint64_t n;

	if (!pseudo_parse_number(name, name_bytes, &n) || n >= PTY_MAX || !pts_exists(n))
		return -ENOENT;
	*out = (struct pseudo_ref){ .node = &pts_node, .key = { n, 0 } };
	return 0;
}

static __stack_guarded int pts_iterate(const struct pseudo_ref *dir, struct pseudo_emit *e)
{
	char name[16];

	for (uint64_t n = e->from; n < PTY_MAX; n++) {
		struct pseudo_ref child = { .node = &pts_node, .key = { n, 0 } };

		if (!pts_exists(n))
			continue;
		fmt_snprintf(name, sizeof(name), "%llu", (unsigned long long)n);
		if (!e->emit(e, name, &child, n + 1))
			break;
	}
	return 0;
}

static const struct pseudo_node ptmx_nodes[] = {
	{ .name = "ptmx",
	  .mode = S_IFCHR | 0666,
	  .rdev = (uint64_t)TTYAUX_MAJOR << 20 | PTMX_MINOR },
	{ .name = "pts", .mode = S_IFDIR | 0755, .lookup = pts_lookup, .iterate = pts_iterate },
	{ 0 },
};
static struct pseudo_table table = { .dir = "", .nodes = ptmx_nodes };

void pty_init(void)
{
	mutex_init(&ptys.lock, RANK_DRIVER);
	chrdev_register(&master_device);
	chrdev_register(&slave_devices);
	pseudo_register(PSEUDO_DEV, &table);
}
