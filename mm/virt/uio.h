// A transfer: a list of user or kernel buffers that read and write calls consume from the front.
#pragma once

#include "kernel/base/types.h"

#define UIO_FAST_SEGS 8
#define UIO_MAX_BYTES 0x7ffff000ull // Linux's MAX_RW_COUNT

struct uio_seg {
	uint64_t base; // user or kernel address
	uint64_t bytes;
};

struct uio {
	const struct uio_seg *segs;
	unsigned nsegs;
	uint64_t seg_off;          // consumed of segs[0]
	uint64_t resid;            // bytes left
	bool kernel;               // buffers are kernel memory
	bool nofault;              // do not take page faults: stop short instead
	bool one_user;             // a single buffer of the program
	struct uio_seg one;        // storage for the single-buffer case
	struct uio_seg *allocated; // by uio_init_user_iov, freed by uio_release; or NULL
};

static inline void uio_init_user(struct uio *u, struct uptr buf, uint64_t bytes)
{
	u->one.base = buf.va;
	u->resid = u->one.bytes = bytes < UIO_MAX_BYTES ? bytes : UIO_MAX_BYTES;
	u->segs = &u->one;
	u->nsegs = 1;
	u->seg_off = 0;
	u->kernel = u->nofault = false;
	u->one_user = true;
	u->allocated = NULL;
}
void uio_init_kernel(struct uio *u, void *buf, uint64_t bytes);
// Import a user's struct iovec array. 0, -EINVAL (count, negative or overflowing lengths), -EFAULT,
// -ENOMEM. |fast| may be used as storage; uio_release frees what was allocated.
int __must_check uio_init_user_iov(struct uio *u, struct uptr iov, uint64_t count,
				   struct uio_seg fast[UIO_FAST_SEGS]);
void uio_free_segs(struct uio *u);
static inline void uio_release(struct uio *u, struct uio_seg fast[UIO_FAST_SEGS])
{
	if (unlikely(u->allocated))
		uio_free_segs(u);
}
// Move up to |bytes|; return how many were moved (less on a bad address or end of buffers).
size_t __must_check uio_copy_out(struct uio *u, const void *src, size_t bytes); // kernel to program
size_t __must_check uio_copy_in(struct uio *u, void *dst, size_t bytes);        // program to kernel
size_t __must_check uio_zero_out(struct uio *u, size_t bytes);
void uio_skip(struct uio *u, uint64_t bytes);
// Faults in the first part of the buffers; 0 or -EFAULT. For the nofault retry loop.
int __must_check uio_fault_in(const struct uio *u, uint64_t bytes, bool write);
