// futex(2): operation numbers, timeouts and flags; kernel/proc/futex.h does the work. Owns no
// state.
#include <asm/errno.h>
#include <linux/futex.h>
#include <linux/time.h>

#include "kernel/base/clock.h"
#include "kernel/proc/futex.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

// An absolute time on one of the two clocks as a deadline on the monotonic one.
static uint64_t deadline_on(uint64_t ns, bool realtime)
{
	uint64_t offset = realtime ? clock_real_ns() - clock_mono_ns() : 0;

	return ns > offset ? ns - offset : 0;
}

// FUTEX_WAIT's timeout is relative; the others are absolute, on the real-time clock if |op| says so
// (FUTEX_LOCK_PI: always).
static int futex_deadline(int op, uint64_t timeout_ptr, uint64_t *deadline)
{
	int cmd = op & FUTEX_CMD_MASK, err;
	uint64_t ns;

	*deadline = UINT64_MAX;
	if (!timeout_ptr)
		return 0;
	err = user_timespec_get(&ns, UPTR(timeout_ptr));
	if (err)
		return err;
	if (cmd == FUTEX_WAIT)
		*deadline = deadline_after(ns);
	else
		*deadline = deadline_on(ns, cmd == FUTEX_LOCK_PI || op & FUTEX_CLOCK_REALTIME);
	return 0;
}

static bool clock_flag_ok(int op)
{
	int cmd = op & FUTEX_CMD_MASK;

	return !(op & FUTEX_CLOCK_REALTIME) || cmd == FUTEX_WAIT_BITSET ||
	       cmd == FUTEX_WAIT_REQUEUE_PI || cmd == FUTEX_LOCK_PI2;
}

static bool has_timeout(int cmd)
{
	return cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_LOCK_PI ||
	       cmd == FUTEX_LOCK_PI2 || cmd == FUTEX_WAIT_REQUEUE_PI;
}

static __noinline int64_t futex_any(struct uptr addr, int op, unsigned val, uint64_t timeout,
				    struct uptr addr2, unsigned val3)
{
	unsigned flags = op & FUTEX_PRIVATE_FLAG ? 0 : FUTEX_F_SHARED;
	int cmd = op & FUTEX_CMD_MASK, val2 = (int)timeout;
	uint64_t deadline = UINT64_MAX;
	int err = has_timeout(cmd) ? futex_deadline(op, timeout, &deadline) : 0;

	if (err)
		return err;
	if (!clock_flag_ok(op))
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		val3 = FUTEX_BITSET_MATCH_ANY;
		__attribute__((fallthrough));
	case FUTEX_WAIT_BITSET:
		return futex_wait(addr, flags, val, deadline, val3);
	case FUTEX_WAKE:
		return futex_wake(addr, flags, (int)val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(addr, flags, (int)val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(addr, flags, addr2, flags, (int)val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addr, flags, addr2, flags, (int)val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, flags, addr2, (int)val, val2, val3);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(addr, flags, deadline, false);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(addr, flags, deadline, true);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(addr, flags);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(addr, flags, val, deadline, addr2);
	case FUTEX_CMP_REQUEUE_PI:
		return futex_cmp_requeue_pi(addr, flags, addr2, (int)val, val2, val3);
	default:
		return -ENOSYS;
	}
}

int64_t sys_futex(struct uptr addr, int op, unsigned val, uint64_t timeout, struct uptr addr2,
		  unsigned val3)
{
	// Nearly every call is one of these two.
	if ((op & ~FUTEX_PRIVATE_FLAG) == FUTEX_WAKE)
		return futex_wake(addr, op & FUTEX_PRIVATE_FLAG ? 0 : FUTEX_F_SHARED, (int)val,
				  FUTEX_BITSET_MATCH_ANY);
	if ((op & ~FUTEX_PRIVATE_FLAG) == FUTEX_WAIT && !timeout)
		return futex_wait(addr, op & FUTEX_PRIVATE_FLAG ? 0 : FUTEX_F_SHARED, val,
				  UINT64_MAX, FUTEX_BITSET_MATCH_ANY);
	return futex_any(addr, op, val, timeout, addr2, val3);
}

// ---- futex_waitv(2) and the calls of Linux 6.7 ----

#define FUTEX2_KNOWN (FUTEX2_SIZE_MASK | FUTEX2_NUMA | FUTEX2_MPOL | FUTEX2_PRIVATE)

// Only words of 32 bits exist; memory policies need NUMA nodes.
static bool futex2_valid(unsigned flags, uint64_t val)
{
	return !(flags & ~FUTEX2_KNOWN) && (flags & FUTEX2_SIZE_MASK) == FUTEX2_SIZE_U32 &&
	       !(flags & (FUTEX2_NUMA | FUTEX2_MPOL)) && val <= UINT32_MAX;
}

static unsigned futex2_flags(unsigned flags)
{
	return flags & FUTEX2_PRIVATE ? 0 : FUTEX_F_SHARED;
}

static int futex2_deadline(struct uptr timeout, int clock, uint64_t *deadline)
{
	uint64_t ns;
	int err;

	*deadline = UINT64_MAX;
	if (!timeout.va)
		return 0;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	err = user_timespec_get(&ns, timeout);
	if (!err)
		*deadline = deadline_on(ns, clock == CLOCK_REALTIME);
	return err;
}

int64_t sys_futex_wake(struct uptr addr, uint64_t mask, int count, uint64_t flags)
{
	if (!futex2_valid((unsigned)flags, mask))
		return -EINVAL;
	return futex_wake(addr, futex2_flags((unsigned)flags) | FUTEX_F_STRICT, count,
			  (uint32_t)mask);
}

int64_t sys_futex_wait(struct uptr addr, uint64_t val, uint64_t mask, uint64_t flags,
		       struct uptr timeout, int clock)
{
	uint64_t deadline;
	int err;

	if (!futex2_valid((unsigned)flags, val) || mask > UINT32_MAX)
		return -EINVAL;
	err = futex2_deadline(timeout, clock, &deadline);
	if (err)
		return err;
	return futex_wait(addr, futex2_flags((unsigned)flags) | FUTEX_F_ABSOLUTE, (uint32_t)val,
			  deadline, (uint32_t)mask);
}

static int copy_waiters(struct futex_waitv *v, struct uptr from, unsigned count)
{
	if (copy_from_user(v, from, count * sizeof(*v)))
		return -EFAULT;
	for (unsigned i = 0; i < count; i++)
		if (v[i].__reserved || !futex2_valid(v[i].flags, v[i].val))
			return -EINVAL;
	return 0;
}

int64_t sys_futex_waitv(struct uptr waiters, unsigned count, uint64_t flags, struct uptr timeout,
			int clock)
{
	struct futex_waitv *v;
	uint64_t deadline;
	int64_t result;

	if ((unsigned)flags || !count || count > FUTEX_WAITV_MAX || !waiters.va)
		return -EINVAL;
	result = futex2_deadline(timeout, clock, &deadline);
	if (result)
		return result;
	v = kmalloc(count * sizeof(*v));
	if (!v)
		return -ENOMEM;
	result = copy_waiters(v, waiters, count);
	if (!result)
		result = futex_wait_multiple(v, count, deadline);
	kfree(v);
	return result;
}

__stack_guarded int64_t sys_futex_requeue(struct uptr waiters, uint64_t flags, int wake,
					  int requeue)
{
	struct futex_waitv v[2];
	uint32_t expected;
	int err;

	if ((unsigned)flags || !waiters.va)
		return -EINVAL;
	err = copy_waiters(v, waiters, 2);
	if (err)
		return err;
	expected = (uint32_t)v[0].val;
	return futex_requeue(UPTR(v[0].uaddr), futex2_flags(v[0].flags), UPTR(v[1].uaddr),
			     futex2_flags(v[1].flags), wake, requeue, &expected);
}
