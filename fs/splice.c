// splice, tee and vmsplice: pages of files, of other pipes and of the program go into a pipe by
// reference; what leaves a pipe for a file is written there. A pipe's mutex comes after an inode's,
// so a slot that is being written to a file is marked busy instead. Owns no state.
#include "fs/splice.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "fs/notify.h"
#include "fs/pipe_internal.h"
#include "fs/shmem.h"
#include "fs/stat.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread.h"
#include "lib/restart.h"
#include "mm/virt/mmap.h"
#include "mm/virt/uio.h"

bool file_is_pipe(const struct file *f)
{
	return f->ops == &pipe_ops;
}

void splice_clear_nowait(struct file *f)
{
	if (file_is_pipe(f))
		__atomic_fetch_or(&f->mode, FMODE_NEVER_NOWAIT, __ATOMIC_RELAXED);
}

static void wake_readers(struct pipe *p)
{
	waitq_wake_all(&p->readable);
}

static void wake_writers(struct pipe *p)
{
	waitq_wake_all(&p->writable);
}

static unsigned nonblock_of(const struct file *f)
{
	return READ_ONCE(f->flags) & O_NONBLOCK ? SPLICE_F_NONBLOCK : 0;
}

// Waits until there is room, with the lock held on return 0. -EPIPE, -EAGAIN, -ERESTARTSYS.
static int lock_with_room(struct pipe *p, unsigned flags)
{
	int err = 0;

	for (;;) {
		mutex_lock(&p->lock);
		if (!p->readers)
			err = -EPIPE;
		else if (!is_full(p))
			return 0;
		else if (flags & SPLICE_F_NONBLOCK)
			err = -EAGAIN;
		mutex_unlock(&p->lock);
		if (err == -EPIPE)
			thread_send_signal(thread_current(), SIGPIPE);
		if (err)
			return err;
		waitq_wait_event(&p->writable, !is_full(p) || !READ_ONCE(p->readers), err);
		if (err)
			return -ERESTARTSYS;
	}
}

// The same for something to read; 1: there is nothing and no writer.
static int lock_with_data(struct pipe *p, unsigned flags)
{
	int err;

	for (;;) {
		mutex_lock(&p->lock);
		if (!is_empty(p))
			return 0;
		err = !p->writers && !p->busy ? 1 : flags & SPLICE_F_NONBLOCK ? -EAGAIN : 0;
		mutex_unlock(&p->lock);
		if (err)
			return err;
		waitq_wait_event(&p->readable, !is_empty(p) || !READ_ONCE(p->writers), err);
		if (err)
			return -ERESTARTSYS;
	}
}

// Puts a page into a free slot; its reference goes over.
static void push_locked(struct pipe *p, struct page *page, uint64_t offset, uint64_t bytes,
			bool shared)
{
	*slot_at(p, p->head) =
		(struct slot){ page, (uint32_t)offset, (uint32_t)bytes, false, shared };
	WRITE_ONCE(p->head, p->head + 1);
}

// Its pages go into pipes themselves; with O_DIRECT copies of them, as on Linux.
static bool shares_pages(const struct file *in)
{
	return in->ops == &shmem_file_ops && !(READ_ONCE(in->flags) & O_DIRECT);
}

// Linux's pipes, directories and files of hugetlbfs have no splice_read.
static bool can_splice_from(const struct file *in)
{
	return in->ops && in->ops->read && !file_is_pipe(in) && !S_ISDIR(in->inode->mode) &&
	       !(in->inode->obj && in->inode->obj->huge);
}

// The next piece of a file as a page: the file's own, or a copy. Bytes; 0 at the end; -errno.
static int64_t file_piece(struct file *in, uint64_t *pos, uint64_t bytes, struct page **page)
{
	struct shmem_inode *s;
	struct uio u;
	uint64_t size;
	int64_t n;
	int err = -ENOENT;

	if (shares_pages(in)) {
		s = shmem_of(in->inode);
		size = READ_ONCE(s->inode.size_bytes);
		if (*pos >= size)
			return 0;
		bytes = MIN(MIN(bytes, size - *pos), PAGE_SIZE - (*pos & ~PAGE_MASK));
		err = shmem_page_at(s, *pos, page);
		if (!err || err != -ENOENT)
			return err ? err : (int64_t)bytes;
		*page = pmm_alloc(0, PMM_ZERO);
		return *page ? (int64_t)bytes : -ENOMEM;
	}
	*page = pmm_alloc(0, 0);
	if (!*page)
		return -ENOMEM;
	uio_init_kernel(&u, phys_to_virt(page_to_pa(*page)), MIN(bytes, PAGE_SIZE));
	n = in->mode & FMODE_SEEK ? file_pread(in, &u, *pos, 0) : file_read(in, &u, 0);
	if (n <= 0)
		page_put(*page, 0);
	return n;
}

// One piece into the pipe, if it has room. The lock is not held: an inode's comes first.
static int64_t push_piece(struct file *in, uint64_t *pos, struct pipe *p, uint64_t bytes)
{
	const bool own = shares_pages(in);
	struct page *page;
	int64_t n;

	n = file_piece(in, pos, bytes, &page);
	if (n <= 0)
		return n;
	mutex_lock(&p->lock);
	if (!p->readers || is_full(p)) {
		mutex_unlock(&p->lock);
		page_put(page, 0);
		return -EAGAIN;
	}
	push_locked(p, page, own ? *pos & ~PAGE_MASK : 0, (uint64_t)n, own);
	mutex_unlock(&p->lock);
	*pos += (uint64_t)n;
	return n;
}

int64_t splice_file_to_pipe(struct file *in, uint64_t *in_pos, struct file *out, uint64_t bytes,
			    unsigned flags)
{
	struct pipe *p = pipe_of(out);
	uint64_t *pos = in_pos ? in_pos : &in->pos, done = 0;
	int64_t n = lock_with_room(p, flags | nonblock_of(out));

	if (n)
		return n;
	mutex_unlock(&p->lock);
	if (!can_splice_from(in))
		return bytes ? -EINVAL : 0;
	if (!in_pos)
		mutex_lock(&in->pos_lock);
	while (done < bytes && !is_full(p)) {
		n = push_piece(in, pos, p, bytes - done);
		if (n <= 0)
			break;
		done += (uint64_t)n;
	}
	if (!in_pos)
		mutex_unlock(&in->pos_lock);
	if (done)
		wake_readers(p);
	file_touch_atime(in);
	if (done && shares_pages(in))
		notify_file(in, IN_ACCESS);
	return done ? (int64_t)done : n;
}

// As many pages as Linux's inner pipe holds are taken before the first is written.
#define BATCH_SLOTS 16u

struct batch {
	unsigned used;
	uint64_t bytes;
	struct slot slot[BATCH_SLOTS];
};

// Bytes, 0 at the end, -errno.
static int64_t batch_fill(struct batch *b, struct file *in, uint64_t pos, uint64_t bytes)
{
	const bool own = shares_pages(in);
	int64_t n = 0;

	b->used = 0;
	for (b->bytes = 0; b->bytes < bytes && b->used < BATCH_SLOTS; b->bytes += (uint64_t)n) {
		struct page *page;

		n = file_piece(in, &pos, bytes - b->bytes, &page);
		if (n <= 0)
			break;
		b->slot[b->used++] = (struct slot){
			page, own ? (uint32_t)(pos & ~PAGE_MASK) : 0, (uint32_t)n, false, own,
		};
		pos += (uint64_t)n;
	}
	return b->bytes ? (int64_t)b->bytes : n;
}

// Writes it in one go, as Linux does (a seal of the size refuses page by page), and gives the pages
// back. Bytes written, or -errno.
static __stack_guarded __noinline int64_t batch_write(struct batch *b, struct file *out,
						      uint64_t *pos)
{
	struct uio_seg segs[BATCH_SLOTS];
	struct uio u;
	int64_t n;

	uio_init_kernel(&u, NULL, b->bytes);
	u.segs = segs;
	u.nsegs = b->used;
	for (unsigned i = 0; i < b->used; i++)
		segs[i] = (struct uio_seg){ (uint64_t)slot_data(&b->slot[i]), b->slot[i].bytes };
	n = out->mode & FMODE_SEEK ? file_pwrite(out, &u, *pos, 0) : file_write(out, &u, 0);
	if (n > 0)
		*pos += (uint64_t)n;
	for (unsigned i = 0; i < b->used; i++)
		page_put(b->slot[i].page, 0);
	return n;
}

__stack_guarded int64_t splice_direct(struct file *in, uint64_t *in_pos, struct file *out,
				      uint64_t *out_pos, uint64_t bytes)
{
	struct batch b;
	uint64_t done = 0;
	int64_t n = 0;

	if (READ_ONCE(out->flags) & O_APPEND || !(in->mode & FMODE_SEEK) ||
	    (bytes && !can_splice_from(in)))
		return -EINVAL;
	while (done < bytes && !sched_killed()) {
		n = batch_fill(&b, in, *in_pos, bytes - done);
		if (n <= 0)
			break;
		n = batch_write(&b, out, out_pos);
		if (n <= 0)
			break;
		done += (uint64_t)n;
		*in_pos += (uint64_t)n;
		if ((uint64_t)n < b.bytes)
			break;
		sched_point();
	}
	file_touch_atime(in);
	if (done && shares_pages(in))
		notify_file(in, IN_ACCESS);
	return done ? (int64_t)done : n;
}

// Writes the first slot, or |bytes| of it, to |out|. Bytes or -errno; the lock is held on entry
// only.
static int64_t pull_piece(struct pipe *p, struct file *out, uint64_t *pos, uint64_t bytes)
{
	struct slot *s = slot_at(p, p->tail), copy = *s;
	struct uio u;
	int64_t n;

	p->busy = true;
	mutex_unlock(&p->lock);
	uio_init_kernel(&u, slot_data(&copy), MIN(bytes, copy.bytes));
	n = pos ? file_pwrite(out, &u, *pos, 0) : file_write(out, &u, 0);
	if (n > 0 && pos)
		*pos += (uint64_t)n;
	mutex_lock(&p->lock);
	p->busy = false;
	s = slot_at(p, p->tail); // the ring may have been replaced
	if (n > 0) {
		s->offset += (uint32_t)n;
		s->bytes -= (uint32_t)n;
		if (!s->bytes)
			drop_first(p);
	}
	mutex_unlock(&p->lock);
	return n;
}

static int64_t pipe_to_file(struct file *in, struct file *out, uint64_t *pos, uint64_t bytes,
			    unsigned flags)
{
	struct pipe *p = pipe_of(in);
	uint64_t done = 0;
	int64_t n = 0;

	while (done < bytes) {
		uint64_t want;

		n = lock_with_data(p, done ? SPLICE_F_NONBLOCK : flags);
		if (n)
			break;
		want = MIN(bytes - done, slot_at(p, p->tail)->bytes);
		n = pull_piece(p, out, pos, want);
		if (n > 0)
			done += (uint64_t)n;
		if (n < (int64_t)want)
			break;
	}
	wake_writers(p);
	if (!is_empty(p))
		wake_readers(p);
	return done ? (int64_t)done : n == 1 ? 0 : n;
}

static void lock_both(struct pipe *a, struct pipe *b)
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock_nested(a < b ? &b->lock : &a->lock);
}

// Up to |bytes| from |from|'s slots into |to|'s: by moving them, or (tee) by sharing.
static uint64_t transfer_locked(struct pipe *from, struct pipe *to, uint64_t bytes, bool share)
{
	uint64_t done = 0;

	for (unsigned at = from->tail; at != from->head && done < bytes && !is_full(to);) {
		struct slot *s = slot_at(from, at);
		uint64_t n = MIN(s->bytes, bytes - done);

		done += n;
		if (!share && n == s->bytes) {
			*slot_at(to, to->head) = *s;
			WRITE_ONCE(to->head, to->head + 1);
			WRITE_ONCE(from->tail, ++at);
			continue;
		}
		page_get(s->page, 0);
		s->shared = true;
		push_locked(to, s->page, s->offset, n, true);
		if (share) {
			at++;
		} else {
			s->offset += (uint32_t)n;
			s->bytes -= (uint32_t)n;
		}
	}
	return done;
}

static int64_t pipe_to_pipe(struct file *in, struct file *out, uint64_t bytes, unsigned flags,
			    bool share)
{
	struct pipe *from = pipe_of(in), *to = pipe_of(out);
	uint64_t done = 0;
	int r;

	flags |= nonblock_of(in) | nonblock_of(out);
	while (!done) {
		r = lock_with_data(from, flags);
		if (r)
			return r == 1 ? 0 : r;
		mutex_unlock(&from->lock);
		r = lock_with_room(to, flags);
		if (r)
			return r;
		mutex_unlock(&to->lock);
		lock_both(from, to);
		if (!is_empty(from) && to->readers)
			done = transfer_locked(from, to, bytes, share);
		mutex_unlock(&from->lock);
		mutex_unlock(&to->lock);
	}
	wake_readers(to);
	if (!share)
		wake_writers(from);
	return (int64_t)done;
}

// Linux rw_verify_area.
static bool range_ok(uint64_t pos, uint64_t bytes)
{
	return pos <= INT64_MAX && bytes <= INT64_MAX - pos;
}

int64_t splice_files(struct file *in, uint64_t *in_pos, struct file *out, uint64_t *out_pos,
		     uint64_t bytes, unsigned flags)
{
	bool from_pipe = file_is_pipe(in), to_pipe = file_is_pipe(out);
	uint64_t pos = from_pipe ? (out_pos ? *out_pos : out->pos) : in_pos ? *in_pos : in->pos;

	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE))
		return -EBADF;
	if (from_pipe && to_pipe)
		return in->inode == out->inode ? -EINVAL
					       : pipe_to_pipe(in, out, bytes, flags, false);
	if (!from_pipe && !to_pipe)
		return -EINVAL;
	if (from_pipe ? out_pos && !(out->mode & FMODE_SEEK) : in_pos && !(in->mode & FMODE_SEEK))
		return -EINVAL;
	if ((from_pipe && READ_ONCE(out->flags) & O_APPEND) || !range_ok(pos, bytes))
		return -EINVAL;
	bytes = MIN(bytes, UIO_MAX_BYTES);
	if (from_pipe)
		return out->ops && out->ops->write ? pipe_to_file(in, out, out_pos, bytes, flags)
						   : -EINVAL;
	return splice_file_to_pipe(in, in_pos, out, bytes, flags);
}

int64_t splice_tee(struct file *in, struct file *out, uint64_t bytes, unsigned flags)
{
	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE))
		return -EBADF;
	if (!file_is_pipe(in) || !file_is_pipe(out) || in->inode == out->inode)
		return -EINVAL;
	return pipe_to_pipe(in, out, bytes, flags, true);
}

// -- vmsplice --

// Puts one page in with the pipe's lock taken; the reference goes over if it is 0.
static int push_user_page(struct pipe *p, struct page *page, uint64_t offset, uint64_t bytes)
{
	int err = 0;

	mutex_lock(&p->lock);
	if (!p->readers)
		err = -EPIPE;
	else if (is_full(p))
		err = -EAGAIN;
	else
		push_locked(p, page, offset, bytes, true);
	mutex_unlock(&p->lock);
	if (err == -EPIPE)
		thread_send_signal(thread_current(), SIGPIPE);
	return err;
}

// The next pages of the first buffer: as many as Linux takes at once, even if the pipe is full.
static __stack_guarded __noinline int push_user_pages(struct pipe *p, struct uio *u)
{
	struct page *pages[BATCH_SLOTS];
	uint64_t va = u->segs->base + u->seg_off, offset = va & ~PAGE_MASK;
	uint64_t left = u->segs->bytes - u->seg_off;
	int64_t n = vm_user_pages(
		thread_current()->aspace, va & PAGE_MASK,
		(unsigned)MIN((offset + left + PAGE_SIZE - 1) >> PAGE_SHIFT, (uint64_t)BATCH_SLOTS),
		pages);
	int err = n < 0 ? (int)n : 0;

	for (int64_t i = 0; i < n; i++, offset = 0) {
		uint64_t bytes = MIN(left, PAGE_SIZE - offset);

		if (!err)
			err = push_user_page(p, pages[i], offset, bytes);
		if (err) {
			page_put(pages[i], 0);
			continue;
		}
		left -= bytes;
		uio_skip(u, bytes);
	}
	return err;
}

static int64_t memory_to_pipe(struct pipe *p, struct uio *u, unsigned flags)
{
	uint64_t total = u->resid;
	int64_t err = lock_with_room(p, flags);

	if (err)
		return err;
	mutex_unlock(&p->lock);
	while (u->resid && !err) {
		uio_skip(u, 0); // empty ones
		err = push_user_pages(p, u);
	}
	if (u->resid < total)
		wake_readers(p);
	return u->resid < total ? (int64_t)(total - u->resid) : err;
}

int64_t splice_memory(struct file *f, struct uio *u, unsigned flags)
{
	struct pipe *p = pipe_of(f);
	uint64_t none = 0;
	int64_t n;

	splice_clear_nowait(f);
	if (f->mode & FMODE_WRITE)
		return memory_to_pipe(p, u, flags);
	// Only the call's flag counts here; whether the pipe blocks does not.
	n = lock_with_data(p, flags);
	if (n)
		return n == 1 ? 0 : n;
	mutex_unlock(&p->lock);
	return pipe_ops.read(f, u, &none, 0);
}
