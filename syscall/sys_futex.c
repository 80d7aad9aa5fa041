// futex(2): operation numbers, timeouts and flags; kernel/proc/futex.h does the work. Owns no
// state.
#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/base/clock.h"
#include "kernel/proc/futex.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

// FUTEX_WAIT's timeout is relative; the others are absolute, on the real-time clock if |op| says
// so.
static int futex_deadline(int op, uint64_t timeout_ptr, uint64_t *deadline)
{
	uint64_t ns, offset;
	int err;

	*deadline = UINT64_MAX;
	if (!timeout_ptr)
		return 0;
	err = user_timespec_get(&ns, UPTR(timeout_ptr));
	if (err)
		return err;
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT) {
		*deadline = deadline_after(ns);
		return 0;
	}
	offset = op & FUTEX_CLOCK_REALTIME ? clock_real_ns() - clock_mono_ns() : 0;
	*deadline = ns > offset ? ns - offset : 0;
	return 0;
}

static bool clock_flag_ok(int op)
{
	int cmd = op & FUTEX_CMD_MASK;

	return !(op & FUTEX_CLOCK_REALTIME) || cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET ||
	       cmd == FUTEX_WAIT_REQUEUE_PI || cmd == FUTEX_LOCK_PI2;
}

static __noinline int64_t futex_any(struct uptr addr, int op, unsigned val, uint64_t timeout,
				    struct uptr addr2, unsigned val3)
{
	unsigned flags = op & FUTEX_PRIVATE_FLAG ? 0 : FUTEX_F_SHARED;
	int cmd = op & FUTEX_CMD_MASK;
	uint64_t deadline;
	int err;

	if (!clock_flag_ok(op))
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		err = futex_deadline(op, timeout, &deadline);
		if (err)
			return err;
		return futex_wait(addr, flags, val, deadline,
				  cmd == FUTEX_WAIT ? FUTEX_BITSET_MATCH_ANY : val3);
	case FUTEX_WAKE:
		return futex_wake(addr, flags, (int)val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(addr, flags, (int)val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(addr, flags, addr2, (int)val, (int)timeout, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addr, flags, addr2, (int)val, (int)timeout, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, flags, addr2, (int)val, (int)timeout, val3);
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
