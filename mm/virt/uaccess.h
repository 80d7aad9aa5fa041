// Copies between the kernel and the calling thread's program. A bad pointer is -EFAULT, never a
// crash. May sleep (fault in) unless the name says nofault. At most an inode lock may be held.
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/usercopy.h"
#ifdef KERNEL_HOT
#include "kernel/sched/thread.h"
#endif

// All or nothing as far as the result goes: 0 or -EFAULT.
int __must_check copy_from_user(void *dst, struct uptr src, size_t bytes);
int __must_check copy_to_user(struct uptr dst, const void *src, size_t bytes);
int __must_check clear_user(struct uptr dst, size_t bytes);
// Return how many leading bytes were copied; less than |bytes| means a bad address.
size_t __must_check user_read_partial(void *dst, struct uptr src, size_t bytes);
size_t __must_check user_write_partial(struct uptr dst, const void *src, size_t bytes);
size_t __must_check user_clear_partial(struct uptr dst, size_t bytes);
// The same for hot paths that know that the range is in the program's half.
static inline size_t __must_check user_read_in_range(void *dst, struct uptr src, size_t bytes)
{
	return bytes - raw_copy_from_user_inline(dst, (const void *)src.va, bytes);
}
static inline size_t __must_check user_write_in_range(struct uptr dst, const void *src,
						      size_t bytes)
{
	return bytes - raw_copy_to_user_inline((void *)dst.va, src, bytes);
}
// The same without taking page faults (usable under spinlocks).
size_t __must_check user_read_nofault(void *dst, struct uptr src, size_t bytes);
size_t __must_check user_write_nofault(struct uptr dst, const void *src, size_t bytes);
size_t __must_check user_clear_nofault(struct uptr dst, size_t bytes);
// Makes the pages of [p, p + bytes) present (writable if |write|), at most a few pages; 0 or
// -EFAULT.
int __must_check user_fault_in(struct uptr p, size_t bytes, bool write);
// Copies a string with its terminator. Its length without it, -EFAULT, or -ENAMETOOLONG if it does
// not fit in |size|.
int64_t __must_check strncpy_from_user(char *dst, struct uptr src, size_t size);
// Length of a string (at most |max|), or -EFAULT; > max: max + 1.
int64_t __must_check strnlen_user(struct uptr src, size_t max);

// Scalars (int or long sized lvalues).
#define get_user(var, ptr) copy_from_user(&(var), (ptr), sizeof(var))
#define put_user(value, ptr)                                                                       \
	({                                                                                         \
		__typeof__(value) v_ = (value);                                                    \
		copy_to_user((ptr), &v_, sizeof(v_));                                              \
	})
// Atomic compare-and-exchange and exchange-or ops on a user word with faults disabled, for futex:
// 0, -EFAULT (fault it in and retry).
int __must_check user_cmpxchg32_nofault(struct uptr p, uint32_t *expected, uint32_t desired);
int __must_check user_read32_nofault(struct uptr p, uint32_t *value);
// user_read32_nofault for hot paths that know that |p| is an aligned word of the program's half:
// false: fault it in and retry. |self| is the calling thread.
#ifdef KERNEL_HOT
static __always_inline_fn bool __must_check user_read_word_nofault(struct thread *self,
								   struct uptr p, uint32_t *value)
{
	bool ok;

	self->no_fault_depth++;
	barrier();
	ok = raw_user_read32_inline((const uint32_t *)p.va, value);
	barrier();
	self->no_fault_depth--;
	return ok;
}
#endif
