// AF_UNIX sockets: life, connections, polling, options. What is sent is in unix_io.c, names in
// unix_name.c, descriptions on their way in unix_gc.c. Locks: unix.h. A socket that is closed stays
// as long as its peer, messages of it or a name refer to it.
#include "net/unix.h"

#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/net.h>
#include <linux/sockios.h>

#include "fs/poll.h"
#include "kernel/base/clock.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"

#define READABLE    (EPOLLIN | EPOLLRDNORM)
#define WRITABLE    (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)
#define BACKLOG_MAX 4096 // net.core.somaxconn

void usock_put(struct usock *u)
{
	if (__atomic_sub_fetch(&u->refs, 1, __ATOMIC_ACQ_REL))
		return;
	unix_name_put(u->name);
	kfree(u);
}

struct usock *usock_get_peer(struct usock *u)
{
	struct usock *peer;

	spin_lock(&u->lock);
	peer = u->peer ? usock_get(u->peer) : NULL;
	spin_unlock(&u->lock);
	return peer;
}

static struct usock *usock_create(int type)
{
	struct usock *u = kzalloc(sizeof(*u));

	if (!u)
		return NULL;
	socket_init(&u->base, &unix_ops, AF_UNIX, type, 0);
	u->refs = 1;
	mutex_init(&u->setup, RANK_SOCKET_SETUP);
	mutex_init(&u->reading, RANK_SOCKET);
	waitq_init(&u->wait);
	spin_init(&u->lock, RANK_UNIX, "unix");
	list_init(&u->messages);
	list_init(&u->pending);
	list_init(&u->pending_node);
	list_init(&u->flying_node);
	u->peek_offset = -1;
	return u;
}

static bool is_connection(const struct usock *u)
{
	return u->base.type != SOCK_DGRAM;
}

static void wake_all(struct usock *u)
{
	waitq_wake_all(&u->wait);
}

// The other end of a connection is told that this one is gone.
static void tell_peer(struct usock *u, struct usock *peer, bool unread)
{
	if (is_connection(u)) {
		spin_lock(&peer->lock);
		peer->shutdown = SHUT_BOTH;
		if (unread)
			peer->base.error = ECONNRESET;
		spin_unlock(&peer->lock);
	}
	wake_all(peer);
}

static void close_socket(struct usock *u, bool never_accepted);

static void close_pending(struct list_node *pending)
{
	struct list_node *n;

	while ((n = list_pop_front(pending)))
		close_socket(list_entry(n, struct usock, pending_node), true);
}

// Gives up the reference of the file or of the accept queue.
static void close_socket(struct usock *u, bool never_accepted)
{
	struct list_node messages = LIST_INIT(messages), pending = LIST_INIT(pending), *n;
	struct usock *peer;

	unix_name_disown(u);
	spin_lock(&u->lock);
	u->dead = true;
	u->state = UNIX_CLOSED;
	u->shutdown = SHUT_BOTH;
	peer = u->peer;
	u->peer = NULL;
	u->queued = 0;
	list_splice_front(&messages, &u->messages);
	list_splice_front(&pending, &u->pending);
	spin_unlock(&u->lock);
	wake_all(u);
	if (peer) {
		tell_peer(u, peer, never_accepted || !list_empty(&messages));
		usock_put(peer);
	}
	close_pending(&pending);
	while ((n = list_pop_front(&messages)))
		umsg_free(list_entry(n, struct umsg, node));
	usock_put(u);
}

static void unix_release(struct socket *s)
{
	WRITE_ONCE(s->file, NULL);
	close_socket(usock_of(s), false);
	unix_collect();
}

static __stack_guarded int unix_bind(struct socket *s, const struct socket_name *name)
{
	struct usock *u = usock_of(s);
	bool automatic = name->bytes == offsetof(struct sockaddr_un, sun_path);
	int err = automatic && name->family == AF_UNIX ? 0 : unix_name_check(name);

	if (err)
		return err;
	mutex_lock(&u->setup);
	if (!automatic || !u->name)
		err = unix_name_bind(u, name);
	mutex_unlock(&u->setup);
	return err;
}

static int unix_listen(struct socket *s, int backlog)
{
	struct usock *u = usock_of(s);
	int err = 0;

	if (!is_connection(u))
		return -EOPNOTSUPP;
	mutex_lock(&u->setup);
	spin_lock(&u->lock);
	if (!u->name || u->state == UNIX_CONNECTED) {
		err = -EINVAL;
	} else {
		u->backlog = MIN((unsigned)backlog, (unsigned)BACKLOG_MAX);
		u->state = UNIX_LISTENING;
		u->creds = socket_creds_current();
	}
	spin_unlock(&u->lock);
	mutex_unlock(&u->setup);
	if (!err)
		wake_all(u);
	return err;
}

static uint64_t deadline_after_timeout(uint64_t ns, bool nonblock)
{
	uint64_t end;

	if (nonblock || !ns)
		return 0;
	return ns == UINT64_MAX || __builtin_add_overflow(clock_mono_ns(), ns, &end) ? UINT64_MAX
										     : end;
}

static int interrupted(int err, uint64_t deadline)
{
	if (err == -ETIMEDOUT)
		return -EAGAIN;
	return err && deadline == UINT64_MAX ? -ERESTARTSYS : err;
}

// A connection's two ends know each other.
static void join(struct usock *u, struct usock *peer, const struct socket_creds *peer_creds)
{
	u->state = UNIX_CONNECTED;
	u->peer = usock_get(peer);
	u->peer_creds = *peer_creds;
	u->have_peer_creds = true;
}

static bool takes_connection(struct usock *l)
{
	return READ_ONCE(l->queued) <= READ_ONCE(l->backlog) ||
	       READ_ONCE(l->state) != UNIX_LISTENING || READ_ONCE(l->shutdown);
}

// 0; -EAGAIN: |l|'s queue is full.
static int enter_locked(struct usock *u, struct usock *l, struct usock *end)
{
	struct socket_creds mine = socket_creds_current();

	if (l->state != UNIX_LISTENING || l->shutdown & SHUT_RECEIVE)
		return -ECONNREFUSED;
	if (l->queued > l->backlog)
		return -EAGAIN;
	join(end, u, &mine);
	end->name = unix_name_get(l->name);
	end->passcred = l->passcred;
	spin_lock_nested(&u->lock);
	join(u, end, &l->creds);
	spin_unlock(&u->lock);
	list_push_back(&l->pending, &end->pending_node);
	WRITE_ONCE(l->queued, l->queued + 1);
	return 0;
}

// One attempt. -EAGAIN: full; *full is then the listener, with a reference.
static int try_connect(struct usock *u, const struct socket_name *name, struct usock *end,
		       struct usock **full)
{
	struct usock *l;
	int err = unix_name_find(name, u->base.type, &l);

	if (err)
		return err;
	spin_lock(&l->lock);
	err = enter_locked(u, l, end);
	spin_unlock(&l->lock);
	if (!err)
		waitq_wake(&l->wait, 1, READABLE);
	if (err == -EAGAIN)
		*full = l;
	else
		usock_put(l);
	return err;
}

static int connect_stream(struct usock *u, const struct socket_name *name, bool nonblock)
{
	uint64_t deadline = deadline_after_timeout(u->base.sndtimeo_ns, nonblock);
	struct usock *end = usock_create(u->base.type), *full = NULL;
	int err;

	if (!end)
		return -ENOMEM;
	for (;;) {
		mutex_lock(&u->setup);
		err = u->state == UNIX_CONNECTED   ? -EISCONN
		      : u->state == UNIX_LISTENING ? -EINVAL
						   : try_connect(u, name, end, &full);
		mutex_unlock(&u->setup);
		if (err != -EAGAIN)
			break;
		if (deadline)
			waitq_wait_until(&full->wait, takes_connection(full), deadline, true, err);
		usock_put(full);
		if (err) {
			err = interrupted(err, deadline);
			break;
		}
	}
	if (err)
		usock_put(end);
	return err;
}

// A datagram socket's peer is where it sends to by default; AF_UNSPEC takes it away.
static int connect_record(struct usock *u, const struct socket_name *name)
{
	struct usock *to = NULL, *old;
	int err = 0;

	if (name->family != AF_UNSPEC)
		err = unix_name_find(name, u->base.type, &to);
	if (!err && to && READ_ONCE(to->peer) && READ_ONCE(to->peer) != u) {
		usock_put(to);
		err = -EPERM;
	}
	if (err)
		return err;
	spin_lock(&u->lock);
	old = u->peer;
	u->peer = to;
	u->state = to ? UNIX_CONNECTED : UNIX_CLOSED;
	spin_unlock(&u->lock);
	if (old)
		usock_put(old);
	return 0;
}

static int unix_connect(struct socket *s, const struct socket_name *name, bool nonblock)
{
	struct usock *u = usock_of(s);
	int err;

	if (name->bytes < sizeof(name->family))
		return -EINVAL;
	if (!is_connection(u))
		return connect_record(u, name);
	err = unix_name_check(name);
	return err ? err : connect_stream(u, name, nonblock);
}

static struct usock *take_pending(struct usock *l)
{
	struct list_node *n;

	spin_lock(&l->lock);
	n = list_pop_front(&l->pending);
	if (n)
		WRITE_ONCE(l->queued, l->queued - 1);
	spin_unlock(&l->lock);
	return n ? list_entry(n, struct usock, pending_node) : NULL;
}

// Waits until a connection could be taken; of several callers a connection wakes one.
static int wait_pending(struct usock *l, uint64_t deadline)
{
	struct waitq_entry e;
	int err = 0;

	waitq_prepare_exclusive(&l->wait, &e);
	while (!READ_ONCE(l->queued) && !READ_ONCE(l->shutdown) && !err)
		err = waitq_sleep(&e, deadline, true);
	waitq_finish(&l->wait, &e);
	return READ_ONCE(l->queued) ? 0 : interrupted(err, deadline);
}

static int unix_accept(struct socket *s, bool nonblock, struct socket **out)
{
	struct usock *l = usock_of(s), *end;
	uint64_t deadline = deadline_after_timeout(s->rcvtimeo_ns, nonblock);

	if (!is_connection(l))
		return -EOPNOTSUPP;
	for (;;) {
		int err;

		if (READ_ONCE(l->state) != UNIX_LISTENING || READ_ONCE(l->shutdown) & SHUT_RECEIVE)
			return -EINVAL;
		end = take_pending(l);
		if (end)
			break;
		if (!deadline)
			return -EAGAIN;
		err = wait_pending(l, deadline);
		if (err)
			return err;
	}
	waitq_wake(&l->wait, ~0u, WRITABLE); // there is room for another
	*out = &end->base;
	return 0;
}

static int unix_get_name(struct socket *s, bool peer, struct socket_name *out)
{
	struct usock *u = usock_of(s), *of = peer ? usock_get_peer(u) : usock_get(u);

	if (!of)
		return -ENOTCONN;
	spin_lock(&of->lock);
	if (of->name) {
		*out = of->name->address;
	} else {
		out->family = AF_UNIX;
		out->bytes = sizeof(out->family);
	}
	spin_unlock(&of->lock);
	usock_put(of);
	return 0;
}

static int unix_shutdown(struct socket *s, int how)
{
	struct usock *u = usock_of(s), *peer = NULL;
	unsigned bits = (unsigned)how + 1; // SHUT_RD 0, SHUT_WR 1, SHUT_RDWR 2

	spin_lock(&u->lock);
	u->shutdown |= bits;
	if (u->peer && is_connection(u))
		peer = usock_get(u->peer);
	spin_unlock(&u->lock);
	wake_all(u);
	if (!peer)
		return 0;
	spin_lock(&peer->lock);
	peer->shutdown |=
		(bits & SHUT_RECEIVE ? SHUT_SEND : 0) | (bits & SHUT_SEND ? SHUT_RECEIVE : 0);
	spin_unlock(&peer->lock);
	wake_all(peer);
	usock_put(peer);
	return 0;
}

static uint32_t unix_poll(struct socket *s, struct poll_table *pt)
{
	struct usock *u = usock_of(s);
	unsigned shutdown;
	uint32_t ev = 0;

	poll_wait(pt, &u->wait);
	shutdown = READ_ONCE(u->shutdown);
	if (READ_ONCE(s->error))
		ev |= EPOLLERR;
	if (shutdown == SHUT_BOTH)
		ev |= EPOLLHUP;
	if (shutdown & SHUT_RECEIVE)
		ev |= EPOLLRDHUP | READABLE;
	if (READ_ONCE(u->queued))
		ev |= READABLE;
	if (is_connection(u) && u->state == UNIX_CLOSED)
		ev |= EPOLLHUP;
	if (u->state != UNIX_LISTENING && unix_can_send(u))
		ev |= WRITABLE;
	return ev;
}

static int64_t unix_ioctl(struct socket *s, unsigned cmd, uint64_t arg)
{
	struct usock *u = usock_of(s);
	int n;

	switch (cmd) {
	case SIOCOUTQ:
		n = (int)READ_ONCE(u->sent_bytes);
		break;
	case SIOCINQ:
		if (u->state == UNIX_LISTENING)
			return -EINVAL;
		spin_lock(&u->lock);
		n = (int)u->unread_bytes;
		if (!is_connection(u) && !list_empty(&u->messages))
			n = (int)list_first(&u->messages, struct umsg, node)->bytes;
		spin_unlock(&u->lock);
		break;
	default:
		return -ENOTTY;
	}
	return put_user(n, UPTR(arg));
}

static int unix_set_option(struct socket *s, int option, int n)
{
	struct usock *u = usock_of(s);

	switch (option) {
	case SO_PASSCRED:
		WRITE_ONCE(u->passcred, n != 0);
		return 0;
	case SO_PEEK_OFF:
		mutex_lock(&u->reading);
		u->peek_offset = n < 0 ? -1 : n;
		mutex_unlock(&u->reading);
		return 0;
	case SO_REUSEPORT:
		return -EOPNOTSUPP;
	default:
		return -ENOPROTOOPT;
	}
}

static int unix_get_option(struct socket *s, int option, void *out, unsigned bytes, unsigned *used)
{
	struct usock *u = usock_of(s);
	struct socket_creds none = { 0, ~0u, ~0u };
	int n;

	switch (option) {
	case SO_PEERCRED:
		*used = MIN(bytes, (unsigned)sizeof(none));
		memcpy(out, u->have_peer_creds ? &u->peer_creds : &none, *used);
		return 0;
	case SO_PASSCRED:
		n = u->passcred;
		break;
	case SO_PEEK_OFF:
		n = u->peek_offset;
		break;
	case SO_REUSEPORT:
		n = 0;
		break;
	case SO_ACCEPTCONN:
		n = u->state == UNIX_LISTENING;
		break;
	default:
		return -ENOPROTOOPT;
	}
	*used = MIN(bytes, (unsigned)sizeof(n));
	memcpy(out, &n, *used);
	return 0;
}

const struct socket_ops unix_ops = {
	.release = unix_release,
	.bind = unix_bind,
	.connect = unix_connect,
	.listen = unix_listen,
	.accept = unix_accept,
	.get_name = unix_get_name,
	.send = unix_send,
	.receive = unix_receive,
	.shutdown = unix_shutdown,
	.poll = unix_poll,
	.ioctl = unix_ioctl,
	.set_option = unix_set_option,
	.get_option = unix_get_option,
};

static int unix_create(int type, int protocol, struct socket **out)
{
	struct usock *u;

	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW) // as BSD
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	u = usock_create(type);
	if (!u)
		return -ENOMEM;
	*out = &u->base;
	return 0;
}

static int unix_pair(int type, int protocol, struct socket *out[2])
{
	struct socket_creds mine = socket_creds_current();
	int err = unix_create(type, protocol, &out[0]);

	if (err)
		return err;
	err = unix_create(type, protocol, &out[1]);
	if (err) {
		unix_release(out[0]);
		return err;
	}
	join(usock_of(out[0]), usock_of(out[1]), &mine);
	join(usock_of(out[1]), usock_of(out[0]), &mine);
	return 0;
}

const struct socket_family unix_family = { AF_UNIX, unix_create, unix_pair };
