// Transfers over a list of buffers. A uio is private to one call: no locks.
#include "mm/virt/uio.h"

#include <linux/errno.h>
#include <linux/uio.h>

#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"

void uio_init_kernel(struct uio *u, void *buf, uint64_t bytes)
{
	u->one = (struct uio_seg){ (uint64_t)buf, bytes };
	u->segs = &u->one;
	u->nsegs = 1;
	u->seg_off = 0;
	u->resid = bytes;
	u->kernel = true;
	u->nofault = u->one_user = false;
	u->allocated = NULL;
}

// Lengths as Linux's import_iovec: negative ones are refused, the sum is cut at MAX_RW_COUNT.
static int check_segs(struct uio *u, struct uio_seg *segs, uint64_t count)
{
	u->resid = 0;
	for (uint64_t i = 0; i < count; i++) {
		if ((int64_t)segs[i].bytes < 0)
			return -EINVAL;
	}
	for (uint64_t i = 0; i < count; i++) {
		if (segs[i].base > USER_TOP || segs[i].bytes > USER_TOP - segs[i].base)
			return -EFAULT;
		segs[i].bytes = MIN(segs[i].bytes, UIO_MAX_BYTES - u->resid);
		u->resid += segs[i].bytes;
	}
	return 0;
}

// An array of one is as good as no array, and what most calls have.
static int init_only(struct uio *u, struct uptr iov)
{
	struct uio_seg s;

	u->allocated = NULL;
	if (iov.va > USER_TOP - sizeof(s) || user_read_in_range(&s, iov, sizeof(s)) < sizeof(s))
		return -EFAULT;
	if ((int64_t)s.bytes < 0)
		return -EINVAL;
	if (s.base > USER_TOP || s.bytes > USER_TOP - s.base)
		return -EFAULT;
	uio_init_user(u, UPTR(s.base), s.bytes);
	return 0;
}

static __noinline int init_several(struct uio *u, struct uptr iov, uint64_t count,
				   struct uio_seg fast[UIO_FAST_SEGS])
{
	struct uio_seg *segs = fast;
	int r;

	_Static_assert(sizeof(struct uio_seg) == sizeof(struct iovec), "same layout");
	if (count > UIO_MAXIOV)
		return -EINVAL;
	u->allocated = NULL;
	if (count > UIO_FAST_SEGS) {
		segs = u->allocated = kcalloc(count, sizeof(*segs));
		if (!segs)
			return -ENOMEM;
	}
	u->segs = segs;
	u->nsegs = (unsigned)count;
	u->seg_off = 0;
	u->kernel = false;
	u->nofault = u->one_user = false;
	r = copy_from_user(segs, iov, count * sizeof(*segs));
	if (!r)
		r = check_segs(u, segs, count);
	if (r)
		uio_release(u, fast);
	return r;
}

int uio_init_user_iov(struct uio *u, struct uptr iov, uint64_t count,
		      struct uio_seg fast[UIO_FAST_SEGS])
{
	return likely(count == 1) ? init_only(u, iov) : init_several(u, iov, count, fast);
}

void uio_free_segs(struct uio *u)
{
	kfree(u->allocated);
	u->allocated = NULL;
}

void uio_skip(struct uio *u, uint64_t bytes)
{
	bytes = MIN(bytes, u->resid);
	u->resid -= bytes;
	u->seg_off += bytes;
	while (u->nsegs > 1 && u->seg_off >= u->segs->bytes) {
		u->seg_off -= u->segs->bytes;
		u->segs++;
		u->nsegs--;
	}
}

// Moves |n| bytes between |addr| in the current buffer and |data| (NULL: zeros); how many.
typedef size_t move_fn(const struct uio *u, uint64_t addr, void *data, size_t n);

static size_t move_out(const struct uio *u, uint64_t addr, void *data, size_t n)
{
	if (u->kernel) {
		memcpy((void *)addr, data, n);
		return n;
	}
	return u->nofault ? user_write_nofault(UPTR(addr), data, n)
			  : user_write_partial(UPTR(addr), data, n);
}

static size_t move_in(const struct uio *u, uint64_t addr, void *data, size_t n)
{
	if (u->kernel) {
		memcpy(data, (const void *)addr, n);
		return n;
	}
	return u->nofault ? user_read_nofault(data, UPTR(addr), n)
			  : user_read_partial(data, UPTR(addr), n);
}

static __cold size_t move_zeros(const struct uio *u, uint64_t addr, void *data, size_t n)
{
	if (u->kernel) {
		memset((void *)addr, 0, n);
		return n;
	}
	return u->nofault ? user_clear_nofault(UPTR(addr), n) : user_clear_partial(UPTR(addr), n);
}

static size_t move(struct uio *u, move_fn *fn, char *data, size_t bytes)
{
	size_t done = 0;

	bytes = MIN(bytes, u->resid);
	while (done < bytes) {
		size_t n, got;

		if (u->seg_off >= u->segs->bytes) // empty buffers in front
			uio_skip(u, 0);
		n = MIN(bytes - done, u->segs->bytes - u->seg_off);
		got = fn(u, u->segs->base + u->seg_off, data ? data + done : NULL, n);
		uio_skip(u, got);
		done += got;
		if (got < n)
			break;
	}
	return done;
}

// The usual transfer needs none of the above.
static __always_inline_fn bool is_plain(const struct uio *u, size_t bytes)
{
	return u->one_user && !u->nofault && bytes <= u->resid;
}

static __always_inline_fn size_t plain_done(struct uio *u, size_t n)
{
	u->resid -= n;
	u->seg_off += n;
	return n;
}

size_t uio_copy_out(struct uio *u, const void *src, size_t bytes)
{
	if (likely(is_plain(u, bytes)))
		return plain_done(u,
				  user_write_partial(UPTR(u->one.base + u->seg_off), src, bytes));
	return move(u, move_out, (char *)src, bytes);
}

size_t uio_copy_in(struct uio *u, void *dst, size_t bytes)
{
	if (likely(is_plain(u, bytes)))
		return plain_done(u, user_read_partial(dst, UPTR(u->one.base + u->seg_off), bytes));
	return move(u, move_in, dst, bytes);
}

__cold size_t uio_zero_out(struct uio *u, size_t bytes)
{
	return move(u, move_zeros, NULL, bytes);
}

#define FAULT_IN_BYTES (16 * PAGE_SIZE) // enough for progress, little to lose

int uio_fault_in(const struct uio *u, uint64_t bytes, bool write)
{
	const struct uio_seg *s = u->segs;
	uint64_t off = u->seg_off, n;

	bytes = MIN(bytes, u->resid);
	if (u->kernel || !bytes)
		return 0;
	while (off >= s->bytes) {
		off -= s->bytes;
		s++;
	}
	n = MIN(MIN(bytes, s->bytes - off), FAULT_IN_BYTES);
	if (!user_fault_in(UPTR(s->base + off), n, write))
		return 0;
	// The first page decides; what lies behind it was only likely to be needed.
	return user_fault_in(UPTR(s->base + off), 1, write);
}
