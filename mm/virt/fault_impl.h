// Inside mm/virt only: what the parts of the page fault share. A step looks at one entry and does
// one thing about it, with the address space held shared; it never sleeps. fault.c picks steps from
// a table and does what they may not.
#pragma once

#include <linux/errno.h>

#include "mm/virt/slots.h"
#include "mm/virt/vma.h"

enum step_result {
	STEP_DONE,
	STEP_AGAIN,     // look at the entry, not at the processor's word for it
	STEP_UNSTABLE,  // pages are being removed from the object: wait, restart
	STEP_NEED_FILL, // the page must be read: without the lock
	STEP_NEED_MKWRITE,
	STEP_PROMOTE, // one entry of 2 MiB can do here: needs the lock for writing
	STEP_FAILED,  // f->result says how
};

struct fault {
	struct aspace *as;
	struct vma *v;
	va_t va; // page aligned
	bool write;
	bool major;
	bool told;     // mkwrite has been called
	bool promoted; // that was tried
	bool fresh;    // |page| was made for this fault
	uint32_t seq;
	enum fault_result result;
	struct page *page; // of the object
};

static inline void rss_add(int64_t *counter, int64_t pages)
{
	__atomic_fetch_add(counter, pages, __ATOMIC_RELAXED);
}

static inline int64_t *object_rss(struct fault *f)
{
	return f->v->obj->counts_as_file ? &f->as->rss_file : &f->as->rss_shmem;
}

static inline enum step_result fail(struct fault *f, enum fault_result result)
{
	f->result = result;
	return STEP_FAILED;
}

static inline enum step_result fail_errno(struct fault *f, int error)
{
	if (error == -EAGAIN)
		return STEP_NEED_FILL;
	if (error == -ENOMEM)
		return fail(f, FAULT_OOM);
	return fail(f, error == -EIO ? FAULT_IO : FAULT_BUS);
}

// Private pages exist from now on; other faults say the same at the same time.
static inline void mark_faulted(struct vma *v)
{
	if (unlikely(!READ_ONCE(v->anon_id)))
		vma_set_anon_id(v);
}

static inline unsigned read_only(unsigned prot)
{
	return prot & ~(unsigned)PT_WRITE;
}

static inline unsigned owned(unsigned prot)
{
	return prot | PT_EXCLUSIVE | PT_ACCESSED | PT_DIRTY;
}

// fault_private.c
enum step_result fault_anon_zero(struct fault *f);
enum step_result fault_anon_new(struct fault *f);
// A new page at |va|: 0, -EEXIST (the entry is not empty) or -ENOMEM.
int fault_make_anon(struct aspace *as, struct vma *v, va_t va);
enum step_result fault_present_read(struct fault *f);
enum step_result fault_private_write(struct fault *f);
// Changes the rights of the entry if it still is |e|.
enum step_result fault_set_prot(struct fault *f, struct pt_entry e, unsigned prot);
bool fault_entry_allows(const struct fault *f, const struct pt_entry *e);
// fault_object.c
enum step_result fault_object_map(struct fault *f);
// The next one of a row of pages that were made by writing to them in order, if |va| is that: made
// and mapped. False: do what is general, whatever this came to.
bool fault_object_next(struct aspace *as, struct vma *v, va_t va);
enum step_result fault_object_copy(struct fault *f);
enum step_result fault_shared_write(struct fault *f);
enum step_result fault_hugetlb(struct fault *f);
