// Futexes. Keys follow the rules of docs/core-rules.md: private by (address space, address),
// shared by (object, offset). Waiters hang in hashed buckets (RANK_FUTEX); the value is read again
// under the bucket's lock with faults disabled.
#pragma once

#include "kernel/base/types.h"

struct thread;

enum futex_flags {
	FUTEX_F_SHARED = 1 << 0,   // not FUTEX_PRIVATE_FLAG
	FUTEX_F_STRICT = 1 << 2,   // futex_wake(2): nobody is nobody, not one as in FUTEX_WAKE
	FUTEX_F_ABSOLUTE = 1 << 1, // futex_wait(2): a signal restarts the call as it is
};

// |deadline_ns| on CLOCK_MONOTONIC, UINT64_MAX: none. 0 woken; -EAGAIN the value differs;
// -ETIMEDOUT; -ERESTARTSYS or, with a deadline, -ERESTART_RESTARTBLOCK; -EFAULT, -EINVAL.
int64_t futex_wait(struct uptr uaddr, unsigned flags, uint32_t val, uint64_t deadline_ns,
		   uint32_t bitset);
// Woken waiters, or -EFAULT, -EINVAL.
int64_t futex_wake(struct uptr uaddr, unsigned flags, int count, uint32_t bitset);
// FUTEX_REQUEUE (|expected| NULL) and FUTEX_CMP_REQUEUE.
int64_t futex_requeue(struct uptr uaddr, unsigned flags, struct uptr uaddr2, unsigned flags2,
		      int wake, int requeue, const uint32_t *expected);
int64_t futex_wake_op(struct uptr uaddr, unsigned flags, struct uptr uaddr2, int wake, int wake2,
		      uint32_t op);
// FUTEX_LOCK_PI (TRYLOCK_PI if |try_only|). 0 taken; -EDEADLK, -EAGAIN (not free), -ETIMEDOUT,
// -ESRCH (the owner does not exist), -EPERM, -EINVAL (word and waiters disagree), -ENOMEM,
// -ERESTARTNOINTR.
int64_t futex_lock_pi(struct uptr uaddr, unsigned flags, uint64_t deadline_ns, bool try_only);
// FUTEX_UNLOCK_PI. 0, or -EPERM (not the owner), -EINVAL, -EFAULT.
int64_t futex_unlock_pi(struct uptr uaddr, unsigned flags);
// FUTEX_WAIT_REQUEUE_PI: waits at |uaddr| to be moved to, and to get, the lock at |uaddr2|.
int64_t futex_wait_requeue_pi(struct uptr uaddr, unsigned flags, uint32_t val, uint64_t deadline_ns,
			      struct uptr uaddr2);
// FUTEX_CMP_REQUEUE_PI. Waiters moved and woken.
int64_t futex_cmp_requeue_pi(struct uptr uaddr, unsigned flags, struct uptr uaddr2, int wake,
			     int requeue, uint32_t expected);
// Hands over the locks that |t|, the calling thread, owns; |dies|: it takes no more.
void futex_pi_exit(struct thread *t, bool dies);

struct futex_waitv; // <linux/futex.h>
// futex_waitv(2) on |count| words, already checked. The index of a woken one, or -EAGAIN,
// -ETIMEDOUT, -ERESTARTSYS, -EFAULT, -EINVAL, -ENOMEM.
int64_t futex_wait_multiple(const struct futex_waitv *v, unsigned count, uint64_t deadline_ns);
// Wakes one waiter at a word the kernel cleared (CLONE_CHILD_CLEARTID); errors are ignored.
void futex_wake_one_quiet(struct uptr uaddr);
// Walks the calling thread's robust list at its end.
void futex_exit_robust_list(struct thread *t);
