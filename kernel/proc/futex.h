// Futexes. Keys follow the rules of docs/core-rules.md: private by (address space, address),
// shared by (object, offset). Waiters hang in hashed buckets (RANK_FUTEX); the value is read again
// under the bucket's lock with faults disabled.
#pragma once

#include "kernel/base/types.h"

struct thread;

enum futex_flags {
	FUTEX_F_SHARED = 1 << 0, // not FUTEX_PRIVATE_FLAG
};

// |deadline_ns| on CLOCK_MONOTONIC, UINT64_MAX: none. 0 woken; -EAGAIN the value differs;
// -ETIMEDOUT; -ERESTARTSYS or, with a deadline, -ERESTART_RESTARTBLOCK; -EFAULT, -EINVAL.
int64_t futex_wait(struct uptr uaddr, unsigned flags, uint32_t val, uint64_t deadline_ns,
		   uint32_t bitset);
// Woken waiters, or -EFAULT, -EINVAL.
int64_t futex_wake(struct uptr uaddr, unsigned flags, int count, uint32_t bitset);
// FUTEX_REQUEUE (|expected| NULL) and FUTEX_CMP_REQUEUE.
int64_t futex_requeue(struct uptr uaddr, unsigned flags, struct uptr uaddr2, int wake, int requeue,
		      const uint32_t *expected);
int64_t futex_wake_op(struct uptr uaddr, unsigned flags, struct uptr uaddr2, int wake, int wake2,
		      uint32_t op);
// Wakes one waiter at a word the kernel cleared (CLONE_CHILD_CLEARTID); errors are ignored.
void futex_wake_one_quiet(struct uptr uaddr);
// Walks the calling thread's robust list at its end.
void futex_exit_robust_list(struct thread *t);
