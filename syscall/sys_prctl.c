// prctl(2): a table of options, each a short function of its arguments. Owns no state.
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>

#include "kernel/proc/process.h"
#include "kernel/sched/cred.h"
#include "lib/string.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define COMM_BYTES 16

typedef int64_t prctl_fn(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5);

static __stack_guarded int64_t set_name(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	char comm[COMM_BYTES];
	int64_t n = strncpy_from_user(comm, UPTR(arg2), sizeof(comm));

	if (n == -ENAMETOOLONG)
		n = copy_from_user(comm, UPTR(arg2), sizeof(comm));
	if (n < 0)
		return n;
	comm[COMM_BYTES - 1] = 0;
	memset(thread_current()->comm, 0, COMM_BYTES);
	str_copy(thread_current()->comm, comm, COMM_BYTES);
	return 0;
}

static int64_t get_name(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return copy_to_user(UPTR(arg2), thread_current()->comm, COMM_BYTES);
}

static int64_t set_dumpable(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	if (arg2 > 1)
		return -EINVAL;
	process_current()->dumpable = (uint32_t)arg2;
	return 0;
}

static int64_t get_dumpable(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return process_current()->dumpable;
}

static int64_t set_pdeathsig(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	if (arg2 > SIGNAL_COUNT)
		return -EINVAL;
	uthread_current()->pdeath_signal = (int)arg2;
	return 0;
}

static int64_t get_pdeathsig(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return put_user(uthread_current()->pdeath_signal, UPTR(arg2));
}

static int64_t set_no_new_privs(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	if (arg2 != 1 || arg3 || arg4 || arg5)
		return -EINVAL;
	uthread_current()->no_new_privs = true;
	return 0;
}

static int64_t get_no_new_privs(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return arg2 || arg3 || arg4 || arg5 ? -EINVAL : uthread_current()->no_new_privs;
}

#define DEFAULT_SLACK_NS 50000

static int64_t set_timerslack(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	uthread_current()->timer_slack_ns = (int64_t)arg2 <= 0 ? DEFAULT_SLACK_NS : arg2;
	return 0;
}

static int64_t get_timerslack(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	uint64_t slack = uthread_current()->timer_slack_ns;

	return slack ? (int64_t)slack : DEFAULT_SLACK_NS;
}

static int64_t set_subreaper(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	process_current()->child_subreaper = arg2 != 0;
	return 0;
}

static int64_t get_subreaper(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return put_user((int)process_current()->child_subreaper, UPTR(arg2));
}

static int64_t get_tid_address(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return put_user(uthread_current()->clear_child_tid.va, UPTR(arg2));
}

static int64_t capbset_read(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	if (arg2 > CAP_LAST_CAP)
		return -EINVAL;
	return cred_current()->cap_bounding >> arg2 & 1;
}

// Nothing keeps capabilities across a change of user yet: the flag reads as what it is, off.
static int64_t always_zero(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return 0;
}

static int64_t get_tsc(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return put_user((int)PR_TSC_ENABLE, UPTR(arg2));
}

static int64_t get_thp_disable(uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return arg2 || arg3 || arg4 || arg5 ? -EINVAL : 0;
}

static const struct {
	int option;
	prctl_fn *fn;
} options[] = {
	{ PR_SET_NAME, set_name },
	{ PR_GET_NAME, get_name },
	{ PR_SET_DUMPABLE, set_dumpable },
	{ PR_GET_DUMPABLE, get_dumpable },
	{ PR_SET_PDEATHSIG, set_pdeathsig },
	{ PR_GET_PDEATHSIG, get_pdeathsig },
	{ PR_SET_NO_NEW_PRIVS, set_no_new_privs },
	{ PR_GET_NO_NEW_PRIVS, get_no_new_privs },
	{ PR_SET_TIMERSLACK, set_timerslack },
	{ PR_GET_TIMERSLACK, get_timerslack },
	{ PR_SET_CHILD_SUBREAPER, set_subreaper },
	{ PR_GET_CHILD_SUBREAPER, get_subreaper },
	{ PR_GET_TID_ADDRESS, get_tid_address },
	{ PR_CAPBSET_READ, capbset_read },
	{ PR_GET_KEEPCAPS, always_zero },
	{ PR_GET_SECUREBITS, always_zero },
	{ PR_GET_SECCOMP, always_zero },
	{ PR_GET_TIMING, always_zero },
	{ PR_GET_TSC, get_tsc },
	{ PR_GET_THP_DISABLE, get_thp_disable },
};

int64_t sys_prctl(int option, uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].option == option)
			return options[i].fn(arg2, arg3, arg4, arg5);
	return -EINVAL;
}
