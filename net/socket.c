// Sockets as files: descriptions, reading, writing, polling. Owns the family of unnamed inodes
// "socket:[N]" and passes everything else to the socket's family.
#include "net/socket.h"

#include <asm/ioctls.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/net.h>
#include <linux/stat.h>

#include "fs/anon.h"
#include "fs/file.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/mutex.h"
#include "kernel/sched/thread.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uio.h"
#include "net/netlink.h"
#include "net/unix.h"

#define DEFAULT_BUFFER 212992 // net.core.wmem_default

static struct anon_fs sock_fs = { .prefix = "socket", .fstype = "sockfs", .magic = SOCKFS_MAGIC };

static const struct socket_family *const families[] = { &unix_family, &netlink_family };

const struct socket_family *socket_family_find(int family)
{
	for (unsigned i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i]->family == family)
			return families[i];
	return NULL;
}

struct rights *rights_alloc(unsigned max)
{
	struct rights *r = kmalloc(sizeof(*r) + max * sizeof(r->files[0]));

	if (r)
		r->count = 0;
	return r;
}

struct rights *rights_dup(const struct rights *r)
{
	struct rights *copy = rights_alloc(r->count);

	for (; copy && copy->count < r->count; copy->count++)
		copy->files[copy->count] = file_get(r->files[copy->count]);
	return copy;
}

void rights_free(struct rights *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->count; i++)
		file_put(r->files[i]);
	kfree(r);
}

void socket_init(struct socket *s, const struct socket_ops *ops, int family, int type, int protocol)
{
	s->ops = ops;
	s->family = family;
	s->type = type;
	s->protocol = protocol;
	s->sndbuf = s->rcvbuf = DEFAULT_BUFFER;
	s->rcvlowat = 1;
	s->rcvtimeo_ns = s->sndtimeo_ns = UINT64_MAX;
}

int socket_take_error(struct socket *s)
{
	if (likely(!READ_ONCE(s->error)))
		return 0;
	return -__atomic_exchange_n(&s->error, 0, __ATOMIC_RELAXED);
}

struct socket_creds socket_creds_current(void)
{
	const struct cred *c = cred_current();

	return (struct socket_creds){ thread_current()->tgid, c->euid, c->egid };
}

static int64_t socket_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct socket *s = f->priv;
	struct message m = { .u = u };
	int64_t n;

	if (!u->resid)
		return 0;
	m.nonblock = READ_ONCE(f->flags) & O_NONBLOCK || rwf & RWF_NOWAIT;
	n = s->ops->receive(s, &m);
	if (unlikely(m.rights))
		rights_free(m.rights);
	return n;
}

static int64_t socket_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct socket *s = f->priv;
	struct message m = { .u = u };

	m.nonblock = READ_ONCE(f->flags) & O_NONBLOCK || rwf & RWF_NOWAIT;
	if (rwf & RWF_NOSIGNAL)
		m.flags = MSG_NOSIGNAL;
	if (s->type == SOCK_SEQPACKET)
		m.flags |= MSG_EOR;
	return s->ops->send(s, &m);
}

// A file of sockets has neither position nor size: nothing of the general way is needed.
static int64_t socket_read_quick(struct file *f, struct uptr buf, size_t bytes)
{
	struct uio u;

	uio_init_user(&u, buf, bytes);
	return socket_read(f, &u, NULL, 0);
}

static int64_t socket_write_quick(struct file *f, struct uptr buf, size_t bytes)
{
	struct uio u;

	uio_init_user(&u, buf, bytes);
	return socket_write(f, &u, NULL, 0);
}

static uint32_t socket_poll(struct file *f, struct poll_table *pt)
{
	struct socket *s = f->priv;

	return s->ops->poll(s, pt);
}

static int64_t socket_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	struct socket *s = f->priv;

	return s->ops->ioctl(s, cmd, arg);
}

static void socket_release(struct file *f)
{
	struct socket *s = f->priv;

	s->ops->release(s);
}

static const struct file_ops socket_file_ops = {
	.can_async = true,
	.read = socket_read,
	.write = socket_write,
	.read_quick = socket_read_quick,
	.write_quick = socket_write_quick,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.release = socket_release,
};

struct socket *socket_of(const struct file *f)
{
	return f->ops == &socket_file_ops ? f->priv : NULL;
}

static struct mutex fs_lock = MUTEX_INIT(fs_lock, RANK_MOUNT);

// The file system is made with the first socket.
static void fs_prepare(void)
{
	mutex_lock(&fs_lock);
	if (!sock_fs.sb.ops)
		anon_fs_init(&sock_fs);
	mutex_unlock(&fs_lock);
}

int socket_file(struct socket *s, unsigned flags, struct file **out)
{
	struct path path;
	int err;

	fs_prepare();
	err = anon_path_create(&sock_fs, S_IFSOCK | 0777, NULL, NULL, &path);
	if (!err) {
		*out = file_alloc(&path, O_RDWR | (flags & O_NONBLOCK), &socket_file_ops, s);
		path_put(&path);
		err = *out ? 0 : -ENOMEM;
	}
	if (err)
		s->ops->release(s);
	else
		WRITE_ONCE(s->file, *out);
	return err;
}
