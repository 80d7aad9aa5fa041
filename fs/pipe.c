// Pipes and fifos: a ring of pages, as Linux's fs/pipe.c (6.18) behaves: a write is appended to the
// last page if it fits there, else takes pages of its own, so that up to PIPE_BUF bytes (a page) go
// in at once or not at all. The pipe's mutex guards everything but the two wait queues.
#include "fs/pipe.h"

#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "fs/anon.h"
#include "fs/pipe_internal.h"
#include "fs/poll.h"
#include "fs/stat.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/waitq.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"

#define DEFAULT_SLOTS 16u          // 64 KiB
#define MAX_BYTES     (1ull << 20) // fs.pipe-max-size: the most without CAP_SYS_RESOURCE

static struct anon_fs pipe_fs = { .prefix = "pipe", .fstype = "pipefs", .magic = PIPEFS_MAGIC };

__cold void pipe_init(void)
{
	anon_fs_init(&pipe_fs);
}

static struct pipe *pipe_alloc(void)
{
	struct pipe *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->ring = kcalloc(DEFAULT_SLOTS, sizeof(*p->ring));
	if (!p->ring) {
		kfree(p);
		return NULL;
	}
	p->slots = DEFAULT_SLOTS;
	mutex_init(&p->lock, RANK_PIPE);
	waitq_init(&p->readable);
	waitq_init(&p->writable);
	return p;
}

static void pipe_free(struct pipe *p)
{
	while (p->head != p->tail)
		page_put(slot_at(p, p->tail++)->page, 0);
	if (p->spare)
		page_put(p->spare, 0);
	kvfree(p->ring);
	kfree(p);
}

// Copies from the front as much as is there and wanted. Bytes, or -EFAULT if none.
static int64_t read_locked(struct pipe *p, struct uio *u)
{
	int64_t done = 0;

	while (!is_empty(p) && u->resid) {
		struct slot *s = slot_at(p, p->tail);
		size_t want = MIN(s->bytes, u->resid);
		size_t n = uio_copy_out(u, slot_data(s), want);
		bool packet = s->packet;

		if (n < want) // as on Linux, a piece copied in part stays whole
			return done ? done : -EFAULT;
		done += (int64_t)n;
		s->offset += (uint32_t)n;
		s->bytes -= (uint32_t)n;
		if (!s->bytes || packet)
			drop_first(p);
		if (packet)
			break;
	}
	return done;
}

// The pipe is empty (full), its lock is held: waits on |q| for something to read (for room), or for
// the other side's end. Whoever changes that takes the lock first, and so finds the caller in the
// queue; as many are woken as can go on: one, who wakes the next if something is left. 0 or
// -ERESTARTSYS.
static int64_t wait_locked(struct pipe *p, struct waitq *q)
{
	struct waitq_entry e;
	bool woken;

	waitq_mark_sleeping(q, &e);
	mutex_unlock(&p->lock);
	woken = waitq_sleep_once(q, &e);
	mutex_lock(&p->lock);
	return likely(woken) ? 0 : -ERESTARTSYS;
}

static bool waits(const struct file *f, unsigned rwf)
{
	return !(READ_ONCE(f->flags) & O_NONBLOCK) && !(rwf & RWF_NOWAIT);
}

// After the lock was given back by a reader. |was_full|: before it read.
static __always_inline_fn void wake_after_read(struct pipe *p, bool was_full, bool is_more)
{
	if (unlikely(was_full))
		waitq_wake(&p->writable, 1, EPOLLOUT | EPOLLWRNORM);
	if (unlikely(is_more)) // another reader may go on with what is left
		waitq_wake(&p->readable, 1, EPOLLIN | EPOLLRDNORM);
}

static int64_t pipe_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct pipe *p = pipe_of(f);
	bool was_full, is_more;
	int64_t n;

	if (!u->resid)
		return 0;
	mutex_lock(&p->lock);
	for (;;) {
		was_full = is_full(p);
		n = read_locked(p, u);
		if (n || !p->writers)
			break;
		if (!waits(f, rwf)) {
			n = -EAGAIN;
			break;
		}
		// What there is goes before a signal.
		if (wait_locked(p, &p->readable) && is_empty(p) && p->writers) {
			n = -ERESTARTSYS;
			break;
		}
	}
	is_more = !is_empty(p);
	mutex_unlock(&p->lock);
	wake_after_read(p, was_full && n > 0, is_more);
	if (n > 0)
		inode_touch_atime(f->path.mount, f->inode);
	return n;
}

// A read that the first slot can satisfy, or that gets all there is of it.
static int64_t pipe_read_quick(struct file *f, struct uptr buf, size_t bytes)
{
	struct pipe *p = pipe_of(f);
	bool was_full, is_more;
	struct slot *s;
	size_t n;

	mutex_lock(&p->lock);
	while (is_empty(p))
		if (!waits(f, 0) || !p->writers || wait_locked(p, &p->readable))
			goto other;
	s = slot_at(p, p->tail);
	if (unlikely(s->packet || (s->bytes < bytes && p->head - p->tail > 1)))
		goto other;
	n = MIN(s->bytes, bytes);
	was_full = is_full(p);
	if (unlikely(user_write_in_range(buf, slot_data(s), n) < n))
		goto other; // -EFAULT: as in read_locked(), the piece stays whole
	s->offset += (uint32_t)n;
	s->bytes -= (uint32_t)n;
	if (!s->bytes)
		drop_first(p);
	is_more = !is_empty(p);
	mutex_unlock(&p->lock);
	wake_after_read(p, was_full, is_more);
	inode_touch_atime(f->path.mount, f->inode);
	return (int64_t)n;
other:
	mutex_unlock(&p->lock);
	return file_read_user(f, buf, bytes, FILE_POS_OWN);
}

// As Linux, a piece is taken whole or not at all: what comes of one that runs into a bad address is
// given back. |bytes| or 0.
static size_t copy_piece(struct uio *u, void *to, size_t bytes)
{
	struct uio before = *u;

	if (uio_copy_in(u, to, bytes) == bytes)
		return bytes;
	*u = before;
	return 0;
}

// Appends the part of a write that does not fill pages to the last page, if it fits. Bytes.
static int64_t merge_locked(struct pipe *p, struct uio *u)
{
	size_t part = u->resid & (PAGE_SIZE - 1), n;
	struct slot *s;

	if (!part || is_empty(p))
		return 0;
	s = slot_at(p, p->head - 1);
	if (s->packet || s->shared || s->offset + s->bytes + part > PAGE_SIZE)
		return 0;
	n = copy_piece(u, slot_data(s) + s->bytes, part);
	if (!n)
		return -EFAULT;
	s->bytes += (uint32_t)n;
	return (int64_t)n;
}

// Puts up to a page into a free slot. Bytes or -errno.
static int64_t append_locked(struct pipe *p, struct uio *u, bool packet)
{
	struct slot *s = slot_at(p, p->head);
	size_t want = MIN(u->resid, PAGE_SIZE), n;
	struct page *page = p->spare;

	p->spare = NULL;
	if (!page)
		page = pmm_alloc(0, 0);
	if (!page)
		return -ENOMEM;
	n = copy_piece(u, phys_to_virt(page_to_pa(page)), want);
	if (!n) {
		p->spare = page;
		return -EFAULT;
	}
	*s = (struct slot){ page, 0, (uint32_t)n, packet, false };
	WRITE_ONCE(p->head, p->head + 1);
	return (int64_t)n;
}

// Puts in what fits. Bytes; -EPIPE, -EFAULT, -ENOMEM; -EAGAIN: full.
static int64_t write_locked(struct pipe *p, struct uio *u, bool packet, bool first)
{
	int64_t done = 0, n = 0;

	if (!p->readers)
		return -EPIPE;
	if (first && !packet) {
		n = merge_locked(p, u);
		if (n < 0)
			return n;
		done = n;
	}
	while (u->resid) {
		n = is_full(p) ? -EAGAIN : append_locked(p, u, packet);
		if (n < 0)
			break;
		done += n;
	}
	return done ? done : n;
}

static int64_t pipe_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct pipe *p = pipe_of(f);
	unsigned flags = READ_ONCE(f->flags);
	uint64_t total = u->resid;
	bool wrote = false, is_room;
	int64_t n = 0;

	if (!total)
		return 0;
	mutex_lock(&p->lock);
	for (;;) {
		n = write_locked(p, u, flags & O_DIRECT, u->resid == total);
		wrote |= n > 0;
		if (!u->resid || (n < 0 && n != -EAGAIN))
			break;
		if (!waits(f, rwf)) {
			n = -EAGAIN;
			break;
		}
		if (wrote)
			waitq_wake(&p->readable, 1, EPOLLIN | EPOLLRDNORM);
		wrote = false;
		if (is_full(p) && wait_locked(p, &p->writable) && is_full(p) && p->readers) {
			n = -ERESTARTSYS;
			break;
		}
	}
	is_room = !is_full(p);
	mutex_unlock(&p->lock);
	if (wrote)
		waitq_wake(&p->readable, 1, EPOLLIN | EPOLLRDNORM);
	if (n == -EPIPE && !(rwf & RWF_NOSIGNAL))
		thread_send_signal(thread_current(), SIGPIPE);
	// Another writer may go on with the room that is left.
	if (is_room)
		waitq_wake(&p->writable, 1, EPOLLOUT | EPOLLWRNORM);
	if (u->resid < total) {
		inode_touch_mtime(f->inode);
		return (int64_t)(total - u->resid);
	}
	return n;
}

// A write to an empty pipe, into the page that was freed last.
static int64_t pipe_write_quick(struct file *f, struct uptr buf, size_t bytes)
{
	struct pipe *p = pipe_of(f);
	struct page *page;
	bool ok;

	mutex_lock(&p->lock);
	page = p->spare;
	ok = page && p->readers && is_empty(p) && !p->busy && !(READ_ONCE(f->flags) & O_DIRECT) &&
	     user_read_in_range(phys_to_virt(page_to_pa(page)), buf, bytes) == bytes;
	if (likely(ok)) {
		p->spare = NULL;
		*slot_at(p, p->head) = (struct slot){ page, 0, (uint32_t)bytes, false, false };
		WRITE_ONCE(p->head, p->head + 1);
	}
	mutex_unlock(&p->lock);
	if (unlikely(!ok))
		return file_write_user(f, buf, bytes, FILE_POS_OWN);
	waitq_wake(&p->readable, 1, EPOLLIN | EPOLLRDNORM);
	inode_touch_mtime(f->inode);
	return (int64_t)bytes;
}

static uint32_t pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe *p = pipe_of(f);
	uint32_t ev = 0;

	if (f->mode & FMODE_READ)
		poll_wait(pt, &p->readable);
	if (f->mode & FMODE_WRITE)
		poll_wait(pt, &p->writable);
	if (f->mode & FMODE_READ) {
		if (!is_empty(p))
			ev |= EPOLLIN | EPOLLRDNORM;
		// A fifo that had no writer since it was opened is not hung up.
		if (!READ_ONCE(p->writers) && READ_ONCE(p->writer_opens) != (uintptr_t)f->priv)
			ev |= EPOLLHUP;
	}
	if (f->mode & FMODE_WRITE) {
		if (!is_full(p))
			ev |= EPOLLOUT | EPOLLWRNORM;
		if (!READ_ONCE(p->readers))
			ev |= EPOLLERR;
	}
	return ev;
}

static __cold int64_t pipe_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	struct pipe *p = pipe_of(f);
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&p->lock);
	for (unsigned n = p->tail; n != p->head; n++)
		bytes += (int)slot_at(p, n)->bytes;
	mutex_unlock(&p->lock);
	return put_user(bytes, UPTR(arg));
}

static void pipe_release(struct file *f)
{
	struct inode *i = f->inode;
	struct pipe *p = i->priv;
	bool last;

	// The inode lock guards a fifo's pointer to its pipe against an opener.
	mutex_lock(&i->lock);
	mutex_lock(&p->lock);
	if (f->mode & FMODE_READ)
		p->readers--;
	if (f->mode & FMODE_WRITE)
		p->writers--;
	last = !--p->opens;
	mutex_unlock(&p->lock);
	if (last) {
		i->priv = NULL;
	} else {
		// With the inode's lock: without it, who closes the last end may free the pipe.
		waitq_wake(&p->readable, ~0u, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
		waitq_wake(&p->writable, ~0u, EPOLLOUT | EPOLLWRNORM | EPOLLERR);
	}
	mutex_unlock(&i->lock);
	if (last)
		pipe_free(p);
}

const struct file_ops pipe_ops = {
	.can_async = true,
	.read = pipe_read,
	.write = pipe_write,
	.read_quick = pipe_read_quick,
	.write_quick = pipe_write_quick,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
};

// An open description must be released once it has ops: the counts are set before.
static struct file *open_end(const struct path *path, struct pipe *p, unsigned flags)
{
	struct file *f = file_alloc(path, flags, &pipe_ops, NULL);

	if (!f)
		return NULL;
	p->opens++;
	if (f->mode & FMODE_READ)
		p->readers++;
	else
		p->writers++;
	return f;
}

// /proc/self/fd reopening goes through fifo_open: the inode is a fifo like any other.
int pipe_create(unsigned flags, struct file **read_end, struct file **write_end)
{
	struct path path;
	struct pipe *p;
	int err;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK | O_DIRECT | O_EXCL))
		return -EINVAL;
	if (flags & O_EXCL) // O_NOTIFICATION_PIPE: watch queues are not there
		return -ENOPKG;
	p = pipe_alloc();
	if (!p)
		return -ENOMEM;
	err = anon_path_create(&pipe_fs, S_IFIFO | 0600, NULL, p, &path);
	if (err) {
		pipe_free(p);
		return err;
	}
	p->reader_opens = p->writer_opens = 1;
	flags &= O_NONBLOCK | O_DIRECT;
	*read_end = open_end(&path, p, O_RDONLY | (flags & O_NONBLOCK));
	*write_end = *read_end ? open_end(&path, p, O_WRONLY | flags) : NULL;
	if (!*read_end)
		pipe_free(p);
	else if (!*write_end)
		file_put(*read_end);
	path_put(&path);
	return *write_end ? 0 : -ENOMEM;
}

static int attach_fifo(struct inode *i, struct file *f, struct pipe **out)
{
	struct pipe *p;

	mutex_lock(&i->lock);
	p = i->priv;
	if (!p)
		p = i->priv = pipe_alloc();
	if (!p) {
		mutex_unlock(&i->lock);
		return -ENOMEM;
	}
	mutex_lock(&p->lock);
	p->opens++;
	if (f->mode & FMODE_READ && !p->readers++)
		waitq_wake_all(&p->writable);
	if (f->mode & FMODE_WRITE && !p->writers++)
		waitq_wake_all(&p->readable);
	if (f->mode & FMODE_READ)
		p->reader_opens++;
	if (f->mode & FMODE_WRITE)
		p->writer_opens++;
	mutex_unlock(&p->lock);
	mutex_unlock(&i->lock);
	f->ops = &pipe_ops;
	*out = p;
	return 0;
}

// Waits for the other side of a fifo, as open(2) does.
static __cold int wait_partner(struct waitq *q, const unsigned *opens)
{
	unsigned before = READ_ONCE(*opens);
	int err;

	waitq_wait_event(q, READ_ONCE(*opens) != before, err);
	return err ? -ERESTARTSYS : 0;
}

__cold int fifo_open(struct inode *i, struct file *f)
{
	bool nonblock = f->flags & O_NONBLOCK, is_pipe = i->sb == &pipe_fs.sb;
	struct pipe *p;
	int err = f->mode & (FMODE_READ | FMODE_WRITE) ? attach_fifo(i, f, &p) : -EINVAL;

	if (err)
		return err;
	waitq_wake_all(&p->readable);
	waitq_wake_all(&p->writable);
	if (is_pipe || ((f->mode & FMODE_READ) && (f->mode & FMODE_WRITE)))
		return 0;
	if (f->mode & FMODE_READ && !READ_ONCE(p->writers)) {
		if (nonblock)
			f->priv = (void *)(uintptr_t)READ_ONCE(p->writer_opens);
		else
			err = wait_partner(&p->readable, &p->writer_opens);
	} else if (f->mode & FMODE_WRITE && !READ_ONCE(p->readers)) {
		err = nonblock ? -ENXIO : wait_partner(&p->writable, &p->reader_opens);
	}
	if (err)
		pipe_release(f);
	return err;
}

static unsigned used_locked(const struct pipe *p)
{
	return p->head - p->tail;
}

static int64_t resize_locked(struct pipe *p, unsigned slots)
{
	struct slot *ring;

	if (slots < used_locked(p))
		return -EBUSY;
	ring = kvalloc(slots * sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (unsigned n = p->tail; n != p->head; n++)
		ring[n & (slots - 1)] = *slot_at(p, n);
	kvfree(p->ring);
	p->ring = ring;
	p->slots = slots;
	return (int64_t)(slots * PAGE_SIZE);
}

__cold int64_t pipe_set_size(struct file *f, uint64_t bytes)
{
	struct pipe *p;
	uint64_t slots = 1;
	int64_t r;

	if (f->ops != &pipe_ops)
		return -EBADF;
	if (bytes > 1ull << 31)
		return -EINVAL;
	while (slots * PAGE_SIZE < bytes)
		slots *= 2;
	p = pipe_of(f);
	if (slots > p->slots && slots * PAGE_SIZE > MAX_BYTES &&
	    !cred_has_cap(cred_current(), CAP_SYS_RESOURCE))
		return -EPERM;
	mutex_lock(&p->lock);
	r = resize_locked(p, (unsigned)slots);
	mutex_unlock(&p->lock);
	if (r > 0)
		waitq_wake_all(&p->writable);
	return r;
}

__cold int64_t pipe_get_size(struct file *f)
{
	if (f->ops != &pipe_ops)
		return -EBADF;
	return (int64_t)(READ_ONCE(pipe_of(f)->slots) * PAGE_SIZE);
}
