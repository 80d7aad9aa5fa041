// POSIX message queues: sending, receiving, notification. A sender hands its message to the most
// urgent receiver that waits; a receiver lets in the most urgent sender. A waiter's record is on
// its own stack: it is touched only with the queue's lock held and while its status says that it
// waits. Signals and messages of notification are sent after the lock is dropped. Follows Linux's
// ipc/mqueue.c (6.18).
#include "kernel/proc/mqueue.h"

#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "fs/stat.h"
#include "kernel/proc/mqueue_internal.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/prio.h"
#include "lib/fmt.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"
#include "net/netlink.h"

#define WAITING    1
#define FILE_BYTES 80 // Linux FILENT_SIZE: size of a queue as a file

struct mq_message {
	struct rb_node node;
	unsigned prio;
	uint64_t bytes;
	char text[];
};

struct mq_waiter {
	struct list_node node;
	struct mq_message *msg; // to be sent, or what was received
	int prio, status;
	struct waitq wake;
};

static void touch(struct mqueue *q)
{
	q->inode.atime = q->inode.ctime = vfs_now();
}

static void insert(struct mqueue *q, struct mq_message *m)
{
	struct rb_node **link = &q->messages.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = m->prio > rb_entry(parent, struct mq_message, node)->prio ? &parent->left
										 : &parent->right;
	}
	rb_insert(&q->messages, &m->node, parent, link, NULL);
	q->attr.mq_curmsgs++;
	q->bytes += m->bytes;
}

static struct mq_message *take(struct mqueue *q)
{
	struct rb_node *n = rb_first(&q->messages);
	struct mq_message *m = rb_entry(n, struct mq_message, node);

	if (!n)
		return NULL;
	rb_erase(&q->messages, n, NULL);
	q->attr.mq_curmsgs--;
	q->bytes -= m->bytes;
	return m;
}

static void add_waiter(struct mqueue *q, enum mq_side side, struct mq_waiter *w)
{
	struct mq_waiter *other;

	w->prio = sched_prio(thread_current());
	w->status = WAITING;
	waitq_init(&w->wake);
	list_for_each (other, &q->waiters[side], node)
		if (other->prio > w->prio)
			break;
	list_push_back(&other->node, &w->node);
}

// Takes the first waiter off its list; it goes on when end_wait is called.
static struct mq_waiter *pop_waiter(struct mqueue *q, enum mq_side side)
{
	struct list_node *n = list_pop_front(&q->waiters[side]);

	return n ? list_entry(n, struct mq_waiter, node) : NULL;
}

static void end_wait(struct mq_waiter *w)
{
	__atomic_store_n(&w->status, 0, __ATOMIC_RELEASE);
	waitq_wake_all(&w->wake);
}

static int wait_for_end(struct mqueue *q, struct mq_waiter *w, uint64_t deadline_ns)
{
	int err;

	waitq_wait_until(&w->wake, __atomic_load_n(&w->status, __ATOMIC_ACQUIRE) != WAITING,
			 deadline_ns, true, err);
	spin_lock(&q->lock); // who ended the wait is done with |w|
	if (w->status != WAITING)
		err = 0;
	else
		list_remove(&w->node);
	spin_unlock(&q->lock);
	return err && err != -ETIMEDOUT ? -ERESTARTSYS : err;
}

static __stack_guarded void send_signal(const struct mq_notification *n)
{
	siginfo_t info;

	if (!n->sig) // as on Linux nothing is wrong with that
		return;
	memset(&info, 0, sizeof(info));
	info.si_code = SI_MESGQ;
	info.si_pid = process_current()->pid;
	info.si_uid = cred_current()->uid;
	info.si_value.sival_ptr = (void *)n->value;
	(void)!signal_send_process(n->owner, n->sig, &info);
}

// With |code| NOTIFY_WOKENUP or NOTIFY_REMOVED, for what end_notification took out. No locks held.
static __stack_guarded void tell(struct mq_notification *n, char code)
{
	if (!n->owner)
		return;
	if (n->how == SIGEV_SIGNAL && code == NOTIFY_WOKENUP)
		send_signal(n);
	if (n->how == SIGEV_THREAD) {
		n->cookie->data[NOTIFY_COOKIE_LEN - 1] = code;
		netlink_post(n->socket, n->cookie);
	}
	process_put(n->owner);
}

static struct mq_notification end_notification(struct mqueue *q)
{
	struct mq_notification n = q->notification;

	q->notification.owner = NULL;
	return n;
}

static int try_send(struct file *f, struct mqueue *q, struct mq_waiter *w)
{
	struct mq_notification n = { 0 };
	struct mq_waiter *receiver;
	bool queued = false;
	int r = 0;

	spin_lock(&q->lock);
	if (q->attr.mq_curmsgs == q->attr.mq_maxmsg) {
		r = READ_ONCE(f->flags) & O_NONBLOCK ? -EAGAIN : WAITING;
		if (r == WAITING)
			add_waiter(q, MQ_SENDERS, w);
		goto out;
	}
	inode_touch_mtime(&q->inode);
	touch(q);
	receiver = pop_waiter(q, MQ_RECEIVERS);
	if (receiver) {
		receiver->msg = w->msg;
		end_wait(receiver);
		goto out;
	}
	insert(q, w->msg);
	queued = true;
	if (q->attr.mq_curmsgs == 1)
		n = end_notification(q);
out:
	spin_unlock(&q->lock);
	if (queued)
		waitq_wake(&q->wait, ~0u, EPOLLIN | EPOLLRDNORM);
	tell(&n, NOTIFY_WOKENUP);
	return r;
}

// The queue behind a file that allows |mode|, or NULL.
static struct mqueue *queue_of(struct file *f, unsigned mode)
{
	return f->ops == &mqueue_file_ops && (f->mode & mode) == mode ? mqueue_of(f->inode) : NULL;
}

static int load(struct uptr text, uint64_t bytes, struct mq_message **out)
{
	struct mq_message *m = kvalloc(sizeof(*m) + bytes);

	if (!m)
		return -ENOMEM;
	if (copy_from_user(m->text, text, bytes)) {
		kvfree(m);
		return -EFAULT;
	}
	m->bytes = bytes;
	*out = m;
	return 0;
}

int mqueue_send(struct file *f, struct uptr text, uint64_t bytes, unsigned prio,
		uint64_t deadline_ns)
{
	struct mqueue *q = queue_of(f, FMODE_WRITE);
	struct mq_waiter w;
	int r;

	if (!q)
		return -EBADF;
	if (bytes > (uint64_t)q->attr.mq_msgsize)
		return -EMSGSIZE;
	r = load(text, bytes, &w.msg);
	if (r)
		return r;
	w.msg->prio = prio;
	r = try_send(f, q, &w);
	if (r == WAITING)
		r = wait_for_end(q, &w, deadline_ns);
	if (r)
		kvfree(w.msg);
	return r;
}

static int try_receive(struct file *f, struct mqueue *q, struct mq_waiter *w)
{
	struct mq_waiter *sender = NULL;
	int r = 0;

	spin_lock(&q->lock);
	w->msg = take(q);
	if (w->msg) {
		inode_touch_mtime(&q->inode);
		touch(q);
		sender = pop_waiter(q, MQ_SENDERS);
		if (sender) {
			insert(q, sender->msg);
			end_wait(sender);
		}
	} else if (READ_ONCE(f->flags) & O_NONBLOCK) {
		r = -EAGAIN;
	} else {
		add_waiter(q, MQ_RECEIVERS, w);
		r = WAITING;
	}
	spin_unlock(&q->lock);
	if (!r && !sender)
		waitq_wake(&q->wait, ~0u, EPOLLOUT | EPOLLWRNORM);
	return r;
}

int64_t mqueue_receive(struct file *f, struct uptr text, uint64_t bytes, struct uptr prio,
		       uint64_t deadline_ns)
{
	struct mqueue *q = queue_of(f, FMODE_READ);
	struct mq_waiter w;
	int64_t r;

	if (!q)
		return -EBADF;
	if (bytes < (uint64_t)q->attr.mq_msgsize)
		return -EMSGSIZE;
	r = try_receive(f, q, &w);
	if (r == WAITING)
		r = wait_for_end(q, &w, deadline_ns);
	if (r)
		return r;
	r = (int64_t)w.msg->bytes;
	if ((prio.va && put_user(w.msg->prio, prio)) ||
	    copy_to_user(text, w.msg->text, w.msg->bytes))
		r = -EFAULT;
	kvfree(w.msg);
	return r;
}

// What SIGEV_THREAD needs: the cookie, and the socket that it will be sent through.
static int prepare_cookie(const struct sigevent *ev, struct mq_notification *n)
{
	struct file *f;
	int err;

	n->cookie = kmalloc(sizeof(*n->cookie) + NOTIFY_COOKIE_LEN);
	if (!n->cookie)
		return -ENOMEM;
	n->cookie->bytes = NOTIFY_COOKIE_LEN;
	if (copy_from_user(n->cookie->data, UPTR((uint64_t)ev->sigev_value.sival_ptr),
			   NOTIFY_COOKIE_LEN))
		return -EFAULT;
	f = fd_get(fs_context_current()->fds, ev->sigev_signo);
	if (!f)
		return -EBADF;
	err = netlink_get(f, &n->socket);
	file_put(f);
	return err;
}

static int prepare(const struct sigevent *ev, struct mq_notification *n)
{
	n->how = ev->sigev_notify;
	n->sig = ev->sigev_signo;
	n->value = (uint64_t)ev->sigev_value.sival_ptr;
	switch (n->how) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL:
		return n->sig && !sig_valid(n->sig) ? -EINVAL : 0;
	case SIGEV_THREAD:
		return prepare_cookie(ev, n);
	}
	return -EINVAL;
}

// Takes over what is in |n| if that is what will be notified.
static int set_notification(struct mqueue *q, struct mq_notification *n)
{
	int err = 0;

	spin_lock(&q->lock);
	if (q->notification.owner) {
		err = -EBUSY;
	} else {
		n->owner = process_get(process_current());
		q->notification = *n;
		*n = (struct mq_notification){ 0 };
		touch(q);
	}
	spin_unlock(&q->lock);
	return err;
}

static void remove_notification(struct mqueue *q)
{
	struct mq_notification n = { 0 };

	spin_lock(&q->lock);
	if (q->notification.owner == process_current()) {
		n = end_notification(q);
		touch(q);
	}
	spin_unlock(&q->lock);
	tell(&n, NOTIFY_REMOVED);
}

int mqueue_notify(struct file *f, const struct sigevent *ev)
{
	struct mq_notification n = { 0 };
	int err = ev ? prepare(ev, &n) : 0;
	struct mqueue *q = f ? queue_of(f, 0) : NULL;

	if (!err && !q)
		err = -EBADF;
	if (!err && ev)
		err = set_notification(q, &n);
	else if (!err)
		remove_notification(q);
	if (n.socket)
		netlink_put(n.socket);
	kfree(n.cookie);
	return err;
}

int mqueue_attr(struct file *f, const struct mq_attr *new, struct mq_attr *old)
{
	struct mqueue *q = queue_of(f, 0);

	if (!q)
		return -EBADF;
	spin_lock(&q->lock);
	*old = q->attr;
	old->mq_flags = READ_ONCE(f->flags) & O_NONBLOCK;
	if (new) {
		if (new->mq_flags & O_NONBLOCK)
			__atomic_fetch_or(&f->flags, O_NONBLOCK, __ATOMIC_RELAXED);
		else
			__atomic_fetch_and(&f->flags, ~(unsigned)O_NONBLOCK, __ATOMIC_RELAXED);
		touch(q);
	}
	spin_unlock(&q->lock);
	return 0;
}

void mqueue_destroy(struct mqueue *q)
{
	struct mq_message *m;

	while ((m = take(q)))
		kvfree(m);
}

static __stack_guarded int64_t read_status(struct file *f, struct uio *u, uint64_t *pos,
					   unsigned rwf)
{
	struct mqueue *q = mqueue_of(f->inode);
	const struct mq_notification *n = &q->notification;
	char text[FILE_BYTES];
	size_t bytes, done;

	spin_lock(&q->lock);
	bytes = (size_t)fmt_snprintf(
		text, sizeof(text), "QSIZE:%-10llu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
		(unsigned long long)q->bytes, n->owner ? n->how : 0,
		n->owner && n->how == SIGEV_SIGNAL ? n->sig : 0, n->owner ? n->owner->pid : 0);
	spin_unlock(&q->lock);
	if (*pos >= bytes || !u->resid)
		return 0;
	done = uio_copy_out(u, text + *pos, MIN(bytes - *pos, u->resid));
	*pos += done;
	return done ? (int64_t)done : -EFAULT;
}

static int64_t seek(struct file *f, int64_t offset, int whence)
{
	return file_seek_within(f, offset, whence, FILE_BYTES);
}

static uint32_t poll(struct file *f, struct poll_table *pt)
{
	struct mqueue *q = mqueue_of(f->inode);
	uint32_t events = 0;

	poll_wait(pt, &q->wait);
	spin_lock(&q->lock);
	if (q->attr.mq_curmsgs)
		events = EPOLLIN | EPOLLRDNORM;
	if (q->attr.mq_curmsgs < q->attr.mq_maxmsg)
		events |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock(&q->lock);
	return events;
}

static int flush(struct file *f)
{
	remove_notification(mqueue_of(f->inode));
	return 0;
}

const struct file_ops mqueue_file_ops = {
	.read = read_status,
	.seek = seek,
	.poll = poll,
	.flush = flush,
};
