// AF_UNIX messages: a sender puts one into its peer's queue, memory charged to itself until it is
// read. The receiver's |reading| mutex is held while bytes are copied out: only its holder takes
// from the front of the queue; anyone adds to the end under the socket's lock.
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/net.h>
#include <linux/signal.h>

#include "kernel/base/clock.h"
#include "kernel/sched/thread.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uio.h"
#include "net/unix.h"

#define READABLE       (EPOLLIN | EPOLLRDNORM | EPOLLRDBAND)
#define WRITABLE       (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)
#define CHUNK_BYTES    48832u // the most of a stream in one message
#define LINEAR_BYTES   16064u
#define RECORD_MIN     512u
#define RECORD_HEADER  256u
#define RECORD_TRAILER 320u
#define DGRAM_BACKLOG  10u // net.unix.max_dgram_qlen
#define NOBODY_ID      65534u

// What Linux charges for a message (skb->truesize), so that as much fits as there.
static uint32_t charge_of(const struct usock *u, size_t bytes)
{
	uint32_t linear = RECORD_MIN, more = 0;

	if (u->base.type == SOCK_STREAM && bytes > 3776) {
		more = (uint32_t)ALIGN_UP(bytes, PAGE_SIZE);
	} else {
		while (linear < MIN(bytes, LINEAR_BYTES) + RECORD_TRAILER)
			linear *= 2;
		if (bytes > LINEAR_BYTES)
			more = (uint32_t)ALIGN_UP(bytes - LINEAR_BYTES, PAGE_SIZE);
	}
	return RECORD_HEADER + linear + more;
}

bool unix_can_send(const struct usock *u)
{
	return READ_ONCE(u->sent_bytes) * 4 <= u->base.sndbuf;
}

// The sender has its room back.
static void uncharge(struct umsg *m)
{
	struct usock *sender = m->sender;

	__atomic_sub_fetch(&sender->sent_bytes, m->charge, __ATOMIC_SEQ_CST);
	m->charge = 0;
	if (unix_can_send(sender))
		waitq_wake(&sender->wait, ~0u, WRITABLE);
}

void umsg_free(struct umsg *m)
{
	if (m->rights)
		unix_drop(m->rights);
	if (m->charge)
		uncharge(m);
	usock_put(m->sender);
	if (unlikely(m->name))
		unix_name_put(m->name);
	kvfree(m);
}

static uint64_t deadline_of(uint64_t timeout_ns, bool nonblock)
{
	uint64_t end;

	if (nonblock || !timeout_ns)
		return 0;
	if (timeout_ns == UINT64_MAX || __builtin_add_overflow(clock_mono_ns(), timeout_ns, &end))
		return UINT64_MAX;
	return end;
}

// Why a wait ended, as sockets say it.
static int wait_error(int err, uint64_t deadline_ns)
{
	if (err == -ETIMEDOUT)
		return -EAGAIN;
	return err && deadline_ns == UINT64_MAX ? -ERESTARTSYS : err;
}

static bool has_room(struct usock *u)
{
	return READ_ONCE(u->sent_bytes) < u->base.sndbuf || READ_ONCE(u->shutdown) & SHUT_SEND ||
	       READ_ONCE(u->base.error);
}

static __noinline int await_room(struct usock *u, uint64_t deadline_ns)
{
	int err;

	if (!has_room(u)) {
		if (!deadline_ns)
			return -EAGAIN;
		waitq_wait_until(&u->wait, has_room(u), deadline_ns, true, err);
		if (err)
			return wait_error(err, deadline_ns);
	}
	err = socket_take_error(&u->base);
	if (err)
		return err;
	return READ_ONCE(u->shutdown) & SHUT_SEND ? -EPIPE : 0;
}

static inline int wait_room(struct usock *u, uint64_t deadline_ns)
{
	if (likely(READ_ONCE(u->sent_bytes) < u->base.sndbuf && !READ_ONCE(u->shutdown) &&
		   !READ_ONCE(u->base.error)))
		return 0;
	return await_room(u, deadline_ns);
}

// A message with the next |bytes| of |m|, charged to |u|.
static int umsg_create(struct usock *u, struct message *m, size_t bytes, bool passcred,
		       struct umsg **out)
{
	struct umsg *msg = kvalloc(sizeof(*msg) + bytes);

	if (!msg)
		return -ENOMEM;
	if (uio_copy_in(m->u, msg->data, bytes) != bytes) {
		kvfree(msg);
		return -EFAULT;
	}
	list_init(&msg->node);
	msg->sender = usock_get(u);
	msg->rights = NULL;
	msg->bytes = (uint32_t)bytes;
	msg->offset = 0;
	msg->charge = charge_of(u, bytes);
	msg->creds = (struct socket_creds){ 0, NOBODY_ID, NOBODY_ID };
	if (m->have_creds)
		msg->creds = m->creds;
	else if (passcred)
		msg->creds = socket_creds_current();
	msg->name = __atomic_load_n(&u->name, __ATOMIC_ACQUIRE);
	if (unlikely(msg->name))
		unix_name_get(msg->name);
	__atomic_add_fetch(&u->sent_bytes, msg->charge, __ATOMIC_SEQ_CST);
	*out = msg;
	return 0;
}

// Puts |msg| at the end of |to|'s queue; takes over it and, if it has gone in, |m|'s rights.
static int enqueue(struct usock *to, struct umsg *msg, struct message *m)
{
	int err = 0;

	if (m->rights) {
		err = unix_fly(m->rights);
		if (!err)
			msg->rights = m->rights;
	}
	if (!err) {
		spin_lock(&to->lock);
		if (to->dead) {
			err = to->base.type == SOCK_DGRAM ? -ECONNREFUSED : -EPIPE;
		} else if (to->shutdown & SHUT_RECEIVE) {
			err = -EPIPE;
		} else {
			list_push_back(&to->messages, &msg->node);
			WRITE_ONCE(to->queued, to->queued + 1);
			to->unread_bytes += msg->bytes;
		}
		spin_unlock(&to->lock);
	}
	if (err) {
		if (msg->rights)
			unix_land(msg->rights);
		msg->rights = NULL; // they stay the caller's
		umsg_free(msg);
		return err;
	}
	m->rights = NULL;
	waitq_wake(&to->wait, 1, READABLE);
	return 0;
}

static int64_t send_stream(struct usock *u, struct message *m)
{
	uint64_t deadline = deadline_of(u->base.sndtimeo_ns, m->nonblock);
	int64_t done = 0;
	struct usock *peer;
	struct umsg *msg;
	int err = 0;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->name && m->name->bytes)
		return u->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (u->state != UNIX_CONNECTED)
		return -ENOTCONN;
	peer = u->peer; // as long as this socket
	if (READ_ONCE(u->shutdown) & SHUT_SEND)
		err = -EPIPE;
	while (m->u->resid && !err) {
		size_t bytes =
			MIN(m->u->resid, (uint64_t)MIN((int)CHUNK_BYTES, u->base.sndbuf / 2 - 64));

		err = wait_room(u, deadline);
		if (!err)
			err = umsg_create(u, m, bytes, u->passcred || peer->passcred, &msg);
		if (!err)
			err = enqueue(peer, msg, m);
		if (!err)
			done += (int64_t)bytes;
	}
	if (done)
		return done;
	if (err == -EPIPE && !(m->flags & MSG_NOSIGNAL))
		thread_send_signal(thread_current(), SIGPIPE);
	return err;
}

// A datagram's receiver with a reference.
static int find_receiver(struct usock *u, const struct message *m, struct usock **out)
{
	if (m->name && m->name->bytes && u->base.type == SOCK_DGRAM)
		return unix_name_find(m->name, u->base.type, out);
	*out = usock_get_peer(u);
	return *out ? 0 : -ENOTCONN;
}

// Linux unix_may_send: who is connected takes messages from there only.
static bool may_send(struct usock *from, struct usock *to)
{
	struct usock *peer = READ_ONCE(to->peer);

	return !peer || peer == from;
}

static bool queue_has_room(struct usock *from, struct usock *to)
{
	return to == from || READ_ONCE(to->peer) == from ||
	       READ_ONCE(to->queued) <= DGRAM_BACKLOG || READ_ONCE(to->dead) ||
	       READ_ONCE(to->shutdown) & SHUT_RECEIVE;
}

static int wait_queue(struct usock *from, struct usock *to, uint64_t deadline)
{
	int err;

	if (queue_has_room(from, to))
		return 0;
	if (!deadline)
		return -EAGAIN;
	waitq_wait_until(&to->wait, queue_has_room(from, to), deadline, true, err);
	return wait_error(err, deadline);
}

// The peer is gone: the next message says so once, as on Linux.
static void forget_dead_peer(struct usock *u, struct usock *to)
{
	bool ours;

	spin_lock(&u->lock);
	ours = u->peer == to && u->base.type == SOCK_DGRAM;
	if (ours)
		u->peer = NULL;
	spin_unlock(&u->lock);
	if (ours)
		usock_put(to);
}

static int64_t send_record(struct usock *u, struct message *m)
{
	uint64_t deadline = deadline_of(u->base.sndtimeo_ns, m->nonblock);
	uint64_t bytes = m->u->resid;
	struct usock *to;
	struct umsg *msg;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (u->base.type == SOCK_SEQPACKET && u->state != UNIX_CONNECTED)
		return -ENOTCONN;
	if (m->name && m->name->bytes && u->base.type == SOCK_DGRAM &&
	    (err = unix_name_check(m->name)))
		return err;
	err = find_receiver(u, m, &to);
	if (err)
		return err;
	err = -EMSGSIZE;
	if (bytes > (uint64_t)u->base.sndbuf - 32)
		goto out;
	err = wait_room(u, deadline);
	if (!err && !may_send(u, to))
		err = -EPERM;
	if (!err)
		err = wait_queue(u, to, deadline);
	if (!err)
		err = umsg_create(u, m, bytes, u->passcred || to->passcred, &msg);
	if (!err)
		err = enqueue(to, msg, m);
	if (err == -ECONNREFUSED)
		forget_dead_peer(u, to);
out:
	usock_put(to);
	return err ? err : (int64_t)bytes;
}

int64_t unix_send(struct socket *s, struct message *m)
{
	struct usock *u = usock_of(s);

	return s->type == SOCK_STREAM ? send_stream(u, m) : send_record(u, m);
}

static bool has_news(struct usock *u)
{
	return READ_ONCE(u->queued) || READ_ONCE(u->shutdown) & SHUT_RECEIVE ||
	       READ_ONCE(u->base.error);
}

static int wait_news(struct usock *u, uint64_t deadline)
{
	int err;

	if (!deadline)
		return -EAGAIN;
	mutex_unlock(&u->reading);
	waitq_wait_until(&u->wait, has_news(u), deadline, true, err);
	mutex_lock(&u->reading);
	return wait_error(err, deadline);
}

// The message behind |last| (NULL: the first), or NULL. |u->reading| is held: nobody else takes any
// out, and one that is put in is complete before it is linked, so this needs no lock.
static inline struct umsg *message_after(struct usock *u, const struct umsg *last)
{
	struct list_node *const *next = last ? &last->node.next : &u->messages.next;
	struct list_node *n = __atomic_load_n(next, __ATOMIC_ACQUIRE);

	return n == &u->messages ? NULL : list_entry(n, struct umsg, node);
}

// Waits for one: NULL and *err, which is 0 when nothing will come any more.
static inline struct umsg *await_message(struct usock *u, const struct umsg *last,
					 uint64_t deadline, int *err)
{
	struct umsg *msg;

	for (;;) {
		*err = u->base.type == SOCK_STREAM ? 0 : socket_take_error(&u->base);
		msg = *err ? NULL : message_after(u, last);
		if (likely(msg))
			return msg;
		if (!*err)
			*err = socket_take_error(&u->base);
		if (*err || READ_ONCE(u->shutdown) & SHUT_RECEIVE)
			return NULL;
		*err = wait_news(u, deadline);
		if (*err)
			return NULL;
	}
}

// Takes a message that was read off the queue; it is freed when no lock is held any more, since
// names and descriptions go with it.
static void drop_message(struct usock *u, struct umsg *msg, struct umsg **used)
{
	spin_lock(&u->lock);
	list_remove(&msg->node);
	WRITE_ONCE(u->queued, u->queued - 1);
	u->unread_bytes -= msg->bytes - msg->offset;
	spin_unlock(&u->lock);
	if (u->base.type == SOCK_DGRAM)
		waitq_wake(&u->wait, ~0u, WRITABLE);
	uncharge(msg);
	msg->next_used = *used;
	*used = msg;
}

static void free_messages(struct umsg *used)
{
	while (used) {
		struct umsg *next = used->next_used;

		umsg_free(used);
		used = next;
	}
}

// Gives the message's descriptions to |m|. 0 or -ENOMEM.
static int give_rights(struct umsg *msg, struct message *m)
{
	if (!msg->rights)
		return 0;
	if (m->flags & MSG_PEEK) {
		m->rights = rights_dup(msg->rights);
		return m->rights ? 0 : -ENOMEM;
	}
	unix_land(msg->rights);
	m->rights = msg->rights;
	msg->rights = NULL;
	return 0;
}

static void give_origin(struct usock *u, const struct umsg *msg, struct message *m)
{
	m->have_creds = u->passcred;
	m->creds = msg->creds;
	if (!m->name)
		return;
	m->name->bytes = 0;
	if (msg->name)
		*m->name = msg->name->address;
}

static bool same_creds(const struct socket_creds *a, const struct socket_creds *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

// Copies from one message of a stream. Bytes or -EFAULT.
static int64_t copy_part(const struct umsg *msg, struct message *m, uint64_t skip)
{
	size_t from = msg->offset + skip;
	size_t want = MIN((uint64_t)(msg->bytes - from), m->u->resid);
	size_t n = uio_copy_out(m->u, msg->data + from, want);

	return n < want && !n ? -EFAULT : (int64_t)n;
}

// |n| bytes of the first message were read.
static void take_part(struct usock *u, struct umsg *msg, uint64_t n, struct umsg **used)
{
	if (msg->offset + n == msg->bytes) {
		drop_message(u, msg, used);
		return;
	}
	spin_lock(&u->lock);
	msg->offset += (uint32_t)n;
	u->unread_bytes -= n;
	spin_unlock(&u->lock);
}

static int64_t receive_stream(struct usock *u, struct message *m)
{
	uint64_t deadline = deadline_of(u->base.rcvtimeo_ns, m->nonblock), done = 0;
	uint64_t size = m->u->resid, skip = 0;
	uint64_t target = m->flags & MSG_WAITALL ? size : MIN((uint64_t)u->base.rcvlowat, size);
	bool peek = m->flags & MSG_PEEK, first = true;
	struct umsg *msg, *last = NULL, *used = NULL;
	int err = 0;

	if (u->state != UNIX_CONNECTED)
		return -EINVAL;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&u->reading);
	if (peek && u->peek_offset > 0)
		skip = (uint64_t)u->peek_offset;
	do {
		int64_t n;
		bool stop;

		if (done >= MAX(target, 1ull) && !message_after(u, last))
			break;
		msg = await_message(u, last, deadline, &err);
		if (!msg)
			break;
		if (skip >= msg->bytes - msg->offset && msg->bytes != msg->offset) {
			skip -= msg->bytes - msg->offset;
			last = msg;
			continue;
		}
		if (!first && u->passcred && !same_creds(&m->creds, &msg->creds))
			break; // never glued: another writer
		if (first)
			give_origin(u, msg, m);
		first = false;
		n = copy_part(msg, m, skip);
		skip = 0;
		if (n < 0) {
			err = (int)n;
			break;
		}
		done += (uint64_t)n;
		stop = msg->rights;
		err = give_rights(msg, m);
		if (peek)
			last = msg;
		else
			take_part(u, msg, (uint64_t)n, &used);
		if (stop || err)
			break;
	} while (m->u->resid || peek); // as Linux: a look goes on to the next descriptors
	if (u->peek_offset >= 0)
		u->peek_offset =
			peek ? u->peek_offset + (int)done : MAX(0, u->peek_offset - (int)done);
	mutex_unlock(&u->reading);
	free_messages(used);
	return done ? (int64_t)done : err;
}

static int64_t receive_record(struct usock *u, struct message *m)
{
	uint64_t deadline = deadline_of(u->base.rcvtimeo_ns, m->nonblock);
	struct umsg *msg, *used = NULL;
	int64_t n = 0;
	size_t want;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (u->base.type == SOCK_SEQPACKET && u->state != UNIX_CONNECTED)
		return -ENOTCONN;
	mutex_lock(&u->reading);
	msg = await_message(u, NULL, deadline, &err);
	if (!msg) {
		if (!err && m->nonblock && u->base.type == SOCK_DGRAM)
			err = -EAGAIN; // who waits is told of the end, who does not is not
		goto out;
	}
	give_origin(u, msg, m);
	want = MIN((uint64_t)msg->bytes, m->u->resid);
	if (uio_copy_out(m->u, msg->data, want) != want)
		err = -EFAULT;
	if (want < msg->bytes)
		m->out_flags |= MSG_TRUNC;
	n = m->flags & MSG_TRUNC ? msg->bytes : (int64_t)want;
	// What is dropped goes to the caller all the same: nothing is closed under a lock.
	if (!err)
		err = give_rights(msg, m);
	else if (!(m->flags & MSG_PEEK))
		(void)!give_rights(msg, m);
	if (!(m->flags & MSG_PEEK))
		drop_message(u, msg, &used);
out:
	mutex_unlock(&u->reading);
	free_messages(used);
	return err ? err : n;
}

int64_t unix_receive(struct socket *s, struct message *m)
{
	struct usock *u = usock_of(s);

	return s->type == SOCK_STREAM ? receive_stream(u, m) : receive_record(u, m);
}
