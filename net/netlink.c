// AF_NETLINK: sockets that nobody but the kernel writes to. There is no kernel side for requests:
// to send is ECONNREFUSED, Linux's answer where nobody listens. The lock guards the queue.
#include "net/netlink.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/netlink.h>

#include "fs/poll.h"
#include "kernel/base/clock.h"
#include "kernel/base/lock.h"
#include "kernel/sched/waitq.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uio.h"

struct nl_socket {
	struct socket base;
	uint32_t refs; // atomic: the file's and those of who may post
	struct waitq wait;
	struct spinlock lock;
	struct list_node messages; // oldest first; guarded by lock
	uint32_t port;
};

static struct nl_socket *nl_of(struct socket *s)
{
	return container_of(s, struct nl_socket, base);
}

void netlink_put(struct socket *s)
{
	struct nl_socket *n = nl_of(s);
	struct nl_message *m, *next;

	if (__atomic_sub_fetch(&n->refs, 1, __ATOMIC_ACQ_REL))
		return;
	list_for_each_safe (m, next, &n->messages, node)
		kfree(m);
	kfree(n);
}

void netlink_post(struct socket *s, struct nl_message *m)
{
	struct nl_socket *n = nl_of(s);

	spin_lock(&n->lock);
	list_push_back(&n->messages, &m->node);
	spin_unlock(&n->lock);
	waitq_wake(&n->wait, ~0u, EPOLLIN | EPOLLRDNORM);
	netlink_put(s);
}

static bool is_empty(const struct nl_socket *n)
{
	return READ_ONCE(n->messages.next) == &n->messages;
}

// The first message, taken off the queue, or NULL.
static struct nl_message *take(struct nl_socket *n)
{
	struct list_node *first;

	spin_lock(&n->lock);
	first = list_pop_front(&n->messages);
	spin_unlock(&n->lock);
	return first ? list_entry(first, struct nl_message, node) : NULL;
}

static void put_back(struct nl_socket *n, struct nl_message *m)
{
	spin_lock(&n->lock);
	list_push_front(&n->messages, &m->node);
	spin_unlock(&n->lock);
}

static int await_message(struct nl_socket *n, bool nonblock, struct nl_message **out)
{
	uint64_t deadline = UINT64_MAX;
	int err;

	if (n->base.rcvtimeo_ns != UINT64_MAX)
		deadline = clock_mono_ns() + n->base.rcvtimeo_ns;
	while (!(*out = take(n))) {
		if (nonblock)
			return -EAGAIN;
		waitq_wait_until(&n->wait, !is_empty(n), deadline, true, err);
		if (err)
			return err == -ETIMEDOUT ? -EAGAIN : -ERESTARTSYS;
	}
	return 0;
}

static void name_of(uint32_t port, struct socket_name *out)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_pid = port };

	memcpy(out->raw, &a, sizeof(a));
	out->bytes = sizeof(a);
}

static int64_t nl_receive(struct socket *s, struct message *m)
{
	struct nl_socket *n = nl_of(s);
	struct nl_message *msg;
	size_t want;
	int64_t r;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = await_message(n, m->nonblock || m->flags & MSG_DONTWAIT, &msg);
	if (err)
		return err;
	want = MIN((uint64_t)msg->bytes, m->u->resid);
	if (want < msg->bytes)
		m->out_flags |= MSG_TRUNC;
	r = uio_copy_out(m->u, msg->data, want) == want ? (int64_t)want : -EFAULT;
	if (r >= 0 && m->flags & MSG_TRUNC)
		r = msg->bytes;
	if (m->name)
		name_of(0, m->name);
	if (m->flags & MSG_PEEK)
		put_back(n, msg);
	else
		kfree(msg);
	return r;
}

static int64_t nl_send(struct socket *s, struct message *m)
{
	return m->flags & MSG_OOB ? -EOPNOTSUPP : -ECONNREFUSED;
}

static int nl_bind(struct socket *s, const struct socket_name *name)
{
	struct sockaddr_nl a;

	if (name->bytes < sizeof(a))
		return -EINVAL;
	memcpy(&a, name->raw, sizeof(a));
	if (a.nl_family != AF_NETLINK)
		return -EINVAL;
	if (a.nl_groups)
		return -EPERM; // nobody sends to groups
	nl_of(s)->port = a.nl_pid ? a.nl_pid : (uint32_t)socket_creds_current().pid;
	return 0;
}

static int nl_get_name(struct socket *s, bool peer, struct socket_name *out)
{
	name_of(peer ? 0 : nl_of(s)->port, out);
	return 0;
}

static int nl_connect(struct socket *s, const struct socket_name *name, bool nonblock)
{
	return -EOPNOTSUPP;
}

static int nl_listen(struct socket *s, int backlog)
{
	return -EOPNOTSUPP;
}

static int nl_accept(struct socket *s, bool nonblock, struct socket **out)
{
	return -EOPNOTSUPP;
}

static int nl_shutdown(struct socket *s, int how)
{
	return -EOPNOTSUPP;
}

static uint32_t nl_poll(struct socket *s, struct poll_table *pt)
{
	struct nl_socket *n = nl_of(s);

	poll_wait(pt, &n->wait);
	return EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND | (is_empty(n) ? 0 : EPOLLIN | EPOLLRDNORM);
}

static int64_t nl_ioctl(struct socket *s, unsigned cmd, uint64_t arg)
{
	return -ENOTTY;
}

static int nl_set_option(struct socket *s, int option, int n)
{
	return -ENOPROTOOPT;
}

static int nl_get_option(struct socket *s, int option, void *out, unsigned bytes, unsigned *used)
{
	return -ENOPROTOOPT;
}

static const struct socket_ops nl_ops = {
	.release = netlink_put,
	.bind = nl_bind,
	.connect = nl_connect,
	.listen = nl_listen,
	.accept = nl_accept,
	.get_name = nl_get_name,
	.send = nl_send,
	.receive = nl_receive,
	.shutdown = nl_shutdown,
	.poll = nl_poll,
	.ioctl = nl_ioctl,
	.set_option = nl_set_option,
	.get_option = nl_get_option,
};

int netlink_get(struct file *f, struct socket **out)
{
	struct socket *s = socket_of(f);

	if (!s)
		return -ENOTSOCK;
	if (s->family != AF_NETLINK)
		return -EINVAL;
	__atomic_fetch_add(&nl_of(s)->refs, 1, __ATOMIC_RELAXED);
	*out = s;
	return 0;
}

static int nl_create(int type, int protocol, struct socket **out)
{
	struct nl_socket *n;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != NETLINK_ROUTE)
		return -EPROTONOSUPPORT;
	n = kzalloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	socket_init(&n->base, &nl_ops, AF_NETLINK, type, protocol);
	n->refs = 1;
	waitq_init(&n->wait);
	spin_init(&n->lock, RANK_UNIX, "netlink");
	list_init(&n->messages);
	*out = &n->base;
	return 0;
}

static int nl_pair(int type, int protocol, struct socket *out[2])
{
	return -EOPNOTSUPP;
}

const struct socket_family netlink_family = {
	.family = AF_NETLINK,
	.create = nl_create,
	.pair = nl_pair,
};
