// Robust lists: the locks that a thread holds when it ends. Follows exit_robust_list() of Linux's
// kernel/futex/core.c (6.18). Owns no state.

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/proc/futex.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/sched.h"
#include "mm/virt/uaccess.h"

#define ROBUST_LIST_MAX 2048
#define ROBUST_PI_BIT   1ull

// One lock of a thread that ends: marks its owner as dead and wakes a waiter.
static __cold int robust_unlock(struct thread *t, uint64_t entry, int64_t offset, bool pi,
				bool pending)
{
	struct uptr uaddr = UPTR(entry + (uint64_t)offset);
	uint32_t val, seen, dead;

	if (uaddr.va % sizeof(val))
		return -EFAULT;
	if (get_user(val, uaddr))
		return -EFAULT;
	for (;;) {
		// Between unlocking and forgetting the lock: a waiter may have missed the wake.
		if (pending && !pi && !val) {
			(void)futex_wake(uaddr, FUTEX_F_SHARED, 1, FUTEX_BITSET_MATCH_ANY);
			return 0;
		}
		if ((val & FUTEX_TID_MASK) != (uint32_t)t->tid)
			return 0;
		dead = (val & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
		seen = val;
		if (user_cmpxchg32_nofault(uaddr, &seen, dead)) {
			if (user_fault_in(uaddr, sizeof(val), true))
				return -EFAULT;
			continue;
		}
		if (seen == val)
			break;
		val = seen;
	}
	if (!pi && val & FUTEX_WAITERS)
		(void)futex_wake(uaddr, FUTEX_F_SHARED, 1, FUTEX_BITSET_MATCH_ANY);
	return 0;
}

__cold void futex_exit_robust_list(struct thread *t)
{
	struct uptr head_va = t->uthread->robust_list;
	struct robust_list_head head;
	uint64_t entry, next, pending;

	if (!head_va.va)
		return;
	t->uthread->robust_list = UPTR(0);
	if (copy_from_user(&head, head_va, sizeof(head)))
		return;
	pending = (uint64_t)head.list_op_pending;
	entry = (uint64_t)head.list.next;
	for (int i = 0; i < ROBUST_LIST_MAX && (entry & ~ROBUST_PI_BIT) != head_va.va; i++) {
		// The entry may be gone once its lock is open: read on before.
		int err = get_user(next, UPTR(entry & ~ROBUST_PI_BIT));

		if (entry != pending && robust_unlock(t, entry & ~ROBUST_PI_BIT, head.futex_offset,
						      entry & ROBUST_PI_BIT, false))
			return;
		if (err)
			return;
		entry = next;
		sched_point();
	}
	if (pending)
		(void)robust_unlock(t, pending & ~ROBUST_PI_BIT, head.futex_offset,
				    pending & ROBUST_PI_BIT, true);
}
