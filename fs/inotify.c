// inotify: a queue of events and the watches that fill it. The notify lock guards both; a watch
// belongs to its instance, which ends all of them when it is closed. Follows Linux's
// fs/notify/inotify (6.18).
#include "fs/inotify.h"

#include <asm/ioctls.h>
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/inotify.h>

#include "fs/anon.h"
#include "fs/inode.h"
#include "fs/notify.h"
#include "fs/poll.h"
#include "fs/pseudo.h"
#include "fs/stat.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/usercount.h"
#include "lib/radix.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"

#define UNIT         sizeof(struct inotify_event)
#define KEPT_FLAGS   (IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK)
#define USER_WATCHES 8192 // Linux's least: what a machine of up to 1 GiB gets

struct inotify_limits inotify_limits = { 16384, 128, USER_WATCHES };

struct event {
	struct list_node node;
	size_t name_bytes; // with the terminator and padding; 0: none
	struct inotify_event head;
	// the name follows, as head.name
};

struct inotify {
	struct waitq wait;
	uint32_t uid;
	uint64_t max_events;
	// guarded by the notify lock
	struct list_node events; // oldest first
	unsigned count;
	bool overflowed; // and the event that says so has not been read
	struct radix watches;
	int last_wd;
};

struct inotify_watch {
	struct watch w;
	struct inotify *in;
	int wd;
};

static struct anon_kind kind = { .name = "inotify" };
static const struct file_ops inotify_ops;

static void node_free(void *p, size_t bytes)
{
	kfree(p);
}

static const struct radix_alloc node_mem = { kzalloc, node_free };

static struct inotify_watch *watch_of(struct watch *w)
{
	return container_of(w, struct inotify_watch, w);
}

// Linux event_compare: said already by the last event?
static bool is_repeated(const struct inotify *in, int wd, const struct notify_event *e, size_t room)
{
	const struct event *last;

	if (list_empty(&in->events) || e->mask & IN_IGNORED)
		return false;
	last = list_entry(in->events.prev, struct event, node);
	return last->head.mask == e->mask && last->head.wd == wd && last->name_bytes == room &&
	       (!room || (!memcmp(last->head.name, e->name, e->name_bytes) &&
			  !last->head.name[e->name_bytes]));
}

static void push(struct inotify *in, int wd, const struct notify_event *e)
{
	size_t room = e->name ? ALIGN_UP(e->name_bytes + 1, UNIT) : 0;
	struct event *ev = NULL;

	if (in->count < in->max_events) {
		if (is_repeated(in, wd, e, room))
			return;
		ev = kzalloc(sizeof(*ev) + room);
	}
	if (!ev) {
		if (in->overflowed)
			return;
		ev = kzalloc(sizeof(*ev));
		if (!ev)
			return;
		in->overflowed = true;
		ev->head = (struct inotify_event){ .wd = -1, .mask = IN_Q_OVERFLOW };
	} else {
		ev->name_bytes = room;
		ev->head = (struct inotify_event){
			.wd = wd, .mask = e->mask, .cookie = e->cookie, .len = (uint32_t)room
		};
		if (room)
			memcpy(ev->head.name, e->name, e->name_bytes);
	}
	list_push_back(&in->events, &ev->node);
	in->count++;
	waitq_wake(&in->wait, ~0u, EPOLLIN | EPOLLRDNORM);
}

static bool watch_tell(struct watch *w, const struct notify_event *e)
{
	struct notify_event told = *e; // without the directory bit where Linux's inotify drops it

	if (e->unlinked && w->mask & IN_EXCL_UNLINK)
		return true;
	if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF))
		told.mask &= ~IN_ISDIR;
	push(watch_of(w)->in, watch_of(w)->wd, &told);
	return !(w->mask & IN_ONESHOT);
}

static void watch_ended(struct watch *w, bool tell)
{
	struct inotify_watch *iw = watch_of(w);

	radix_clear(&iw->in->watches, (uint64_t)iw->wd);
	user_uncharge(iw->in->uid, USER_INOTIFY_WATCHES, 1);
	if (tell)
		push(iw->in, iw->wd, &(struct notify_event){ .mask = IN_IGNORED });
}

static void watch_free(struct watch *w)
{
	kfree(watch_of(w));
}

static struct inotify_watch *find_locked(struct inotify *in, const struct inode *i)
{
	for (struct watch *w = i->watches; w; w = w->next)
		if (w->tell == watch_tell && watch_of(w)->in == in)
			return watch_of(w);
	return NULL;
}

// Numbers go round before one is used again.
static int insert_locked(struct inotify *in, struct inotify_watch *iw, struct inode *i)
{
	uint64_t wd;

	if (!radix_next_empty(&in->watches, (uint64_t)in->last_wd + 1, INT32_MAX, &wd) &&
	    !radix_next_empty(&in->watches, 1, INT32_MAX, &wd))
		return -ENOSPC;
	if (radix_set(&in->watches, wd, (uint64_t)iw))
		return -ENOMEM;
	iw->wd = in->last_wd = (int)wd;
	notify_add_locked(&iw->w, i);
	return iw->wd;
}

static int change_locked(struct inotify_watch *iw, uint32_t mask)
{
	if (mask & IN_MASK_CREATE)
		return -EEXIST;
	iw->w.mask = (mask & IN_MASK_ADD ? iw->w.mask : 0) | (mask & KEPT_FLAGS);
	return iw->wd;
}

int inotify_add(struct file *f, const struct path *p, uint32_t mask)
{
	struct inode *i = p->dentry->inode;
	struct inotify_watch *iw = kzalloc(sizeof(*iw)), *there;
	struct inotify *in = f->priv;
	int r;

	if (!iw)
		return -ENOMEM;
	iw->in = in;
	iw->w.tell = watch_tell;
	iw->w.ended = watch_ended;
	iw->w.free = watch_free;
	iw->w.mask = mask & KEPT_FLAGS;
	notify_lock();
	there = find_locked(in, i);
	if (there) {
		r = change_locked(there, mask);
	} else {
		r = user_charge(in->uid, USER_INOTIFY_WATCHES, 1, inotify_limits.user_watches);
		if (!r) {
			r = insert_locked(in, iw, i);
			if (r < 0)
				user_uncharge(in->uid, USER_INOTIFY_WATCHES, 1);
		}
	}
	notify_unlock();
	if (there || r < 0)
		kfree(iw);
	return r == -EMFILE ? -ENOSPC : r;
}

int inotify_remove(struct file *f, int wd)
{
	struct inotify *in = f->priv;
	struct inotify_watch *iw;
	struct watch *dead = NULL;

	notify_lock();
	iw = wd < 0 ? NULL : (struct inotify_watch *)radix_get(&in->watches, (uint64_t)wd);
	if (iw)
		notify_end_locked(&iw->w, true, &dead);
	notify_unlock();
	notify_free(dead);
	return iw ? 0 : -EINVAL;
}

// The first event if it fits into |room|, off the queue. NULL and 0: there is none.
static struct event *pop(struct inotify *in, uint64_t room, int *err)
{
	struct event *ev = NULL;

	*err = 0;
	notify_lock();
	if (!list_empty(&in->events)) {
		ev = list_first(&in->events, struct event, node);
		if (UNIT + ev->name_bytes > room) {
			ev = NULL;
			*err = -EINVAL;
		} else {
			list_remove(&ev->node);
			in->count--;
			if (ev->head.mask & IN_Q_OVERFLOW)
				in->overflowed = false;
		}
	}
	notify_unlock();
	return ev;
}

static bool has_events(const struct inotify *in)
{
	return READ_ONCE(in->events.next) != &in->events;
}

static int64_t inotify_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct inotify *in = f->priv;
	uint64_t size = u->resid;
	int err;

	for (;;) {
		struct event *ev = pop(in, u->resid, &err);

		if (ev) {
			size_t n = UNIT + ev->name_bytes;

			if (uio_copy_out(u, &ev->head, n) != n)
				err = -EFAULT;
			kfree(ev);
			if (err)
				return err;
			continue;
		}
		if (u->resid != size)
			return (int64_t)(size - u->resid);
		if (err)
			return err;
		if (READ_ONCE(f->flags) & O_NONBLOCK || rwf & RWF_NOWAIT)
			return -EAGAIN;
		waitq_wait_event(&in->wait, has_events(in), err);
		if (err)
			return -ERESTARTSYS;
	}
}

static uint32_t inotify_poll(struct file *f, struct poll_table *pt)
{
	struct inotify *in = f->priv;

	poll_wait(pt, &in->wait);
	return has_events(in) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int64_t inotify_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	struct inotify *in = f->priv;
	struct event *ev;
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	notify_lock();
	list_for_each (ev, &in->events, node)
		bytes += (int)(UNIT + ev->name_bytes);
	notify_unlock();
	return put_user(bytes, UPTR(arg));
}

static void inotify_release(struct file *f)
{
	struct inotify *in = f->priv;
	struct watch *dead = NULL;
	struct event *ev, *next;
	uint64_t wd;

	notify_lock();
	while (radix_next_used(&in->watches, 0, INT32_MAX, &wd))
		notify_end_locked(&((struct inotify_watch *)radix_get(&in->watches, wd))->w, false,
				  &dead);
	notify_unlock();
	notify_free(dead);
	list_for_each_safe (ev, next, &in->events, node)
		kfree(ev);
	radix_destroy(&in->watches);
	user_uncharge(in->uid, USER_INOTIFY_INSTANCES, 1);
	kfree(in);
}

static void inotify_fdinfo(struct file *f, struct seq *out)
{
	struct inotify *in = f->priv;
	uint64_t wd = 0;

	for (;; wd++) {
		uint64_t ino = 0, dev = 0;
		uint32_t mask = 0;
		struct inotify_watch *iw;
		bool more;

		notify_lock();
		more = radix_next_used(&in->watches, wd, INT32_MAX, &wd);
		if (more) {
			iw = (struct inotify_watch *)radix_get(&in->watches, wd);
			ino = iw->w.inode->ino;
			dev = iw->w.inode->sb->dev;
			mask = iw->w.mask;
		}
		notify_unlock();
		if (!more)
			return;
		seq_printf(out, "inotify wd:%x ino:%llx sdev:%llx mask:%x ignored_mask:0 \n",
			   (unsigned)wd, (unsigned long long)ino, (unsigned long long)dev, mask);
	}
}

static int64_t inotify_seek(struct file *f, int64_t offset, int whence)
{
	return 0; // Linux noop_llseek
}

static const struct file_ops inotify_ops = {
	.can_async = true,
	.seek = inotify_seek,
	.read = inotify_read,
	.poll = inotify_poll,
	.ioctl = inotify_ioctl,
	.release = inotify_release,
	.fdinfo = inotify_fdinfo,
};

bool file_is_inotify(const struct file *f)
{
	return f->ops == &inotify_ops;
}

int inotify_create(unsigned flags, struct file **out)
{
	struct inotify *in = kzalloc(sizeof(*in));
	int err;

	if (!in)
		return -ENOMEM;
	in->uid = cred_current()->uid;
	in->max_events = inotify_limits.queued_events;
	waitq_init(&in->wait);
	list_init(&in->events);
	radix_init(&in->watches, &node_mem);
	err = user_charge(in->uid, USER_INOTIFY_INSTANCES, 1, inotify_limits.user_instances);
	if (err)
		goto err_free;
	err = anon_file_create(&kind, O_RDONLY | (flags & O_NONBLOCK), &inotify_ops, in, out);
	if (!err) {
		(*out)->mode &= ~FMODE_SEEK; // lseek is tolerated, pread is not
		return 0;
	}
	user_uncharge(in->uid, USER_INOTIFY_INSTANCES, 1);
err_free:
	kfree(in);
	return err;
}
