// Signal calls: copy sets, actions and infos in and out; kernel/proc/signal.h does the rest. Owns
// no state.
#include <asm/errno.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "lib/string.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define SIGSET_BYTES sizeof(uint64_t)

_Static_assert(sizeof(struct sig_action) == sizeof(struct sigaction), "rt_sigaction layout");
_Static_assert(offsetof(struct sig_action, mask) == offsetof(struct sigaction, sa_mask),
	       "rt_sigaction layout");

int64_t sys_rt_sigaction(int sig, struct uptr act, struct uptr old, uint64_t set_bytes)
{
	struct sig_action new_action, old_action;
	int err;

	if (set_bytes != SIGSET_BYTES)
		return -EINVAL;
	if (act.va && copy_from_user(&new_action, act, sizeof(new_action)))
		return -EFAULT;
	err = signal_set_action(sig, act.va ? &new_action : NULL, &old_action);
	if (!err && old.va)
		err = copy_to_user(old, &old_action, sizeof(old_action));
	return err;
}

int64_t sys_rt_sigprocmask(int how, struct uptr set, struct uptr old, uint64_t set_bytes)
{
	uint64_t new_mask, old_mask;
	int err;

	if (set_bytes != SIGSET_BYTES)
		return -EINVAL;
	if (set.va && get_user(new_mask, set))
		return -EFAULT;
	err = signal_procmask(how, set.va ? &new_mask : NULL, &old_mask);
	if (!err && old.va)
		err = put_user(old_mask, old);
	return err;
}

int64_t sys_rt_sigpending(struct uptr set, uint64_t set_bytes)
{
	uint64_t pending = signal_pending_set();

	if (set_bytes > SIGSET_BYTES)
		return -EINVAL;
	return copy_to_user(set, &pending, set_bytes);
}

int64_t sys_rt_sigsuspend(struct uptr set, uint64_t set_bytes)
{
	uint64_t mask;

	if (set_bytes != SIGSET_BYTES)
		return -EINVAL;
	if (get_user(mask, set))
		return -EFAULT;
	return signal_suspend(mask);
}

__stack_guarded int64_t sys_rt_sigtimedwait(struct uptr set, struct uptr info, struct uptr timeout,
					    uint64_t set_bytes)
{
	uint64_t mask, ns, deadline = UINT64_MAX;
	siginfo_t si;
	int64_t result;

	if (set_bytes != SIGSET_BYTES)
		return -EINVAL;
	if (get_user(mask, set))
		return -EFAULT;
	if (timeout.va) {
		result = user_timespec_get(&ns, timeout);
		if (result)
			return result;
		deadline = deadline_after(ns);
	}
	memset(&si, 0, sizeof(si));
	result = signal_timedwait(mask, (struct siginfo *)&si, deadline);
	if (result > 0 && info.va && copy_to_user(info, &si, sizeof(si)))
		return -EFAULT;
	return result;
}

__stack_guarded int64_t sys_rt_sigqueueinfo(int pid, int sig, struct uptr info)
{
	siginfo_t si;

	if (copy_from_user(&si, info, sizeof(si)))
		return -EFAULT;
	return signal_queueinfo(pid, 0, sig, (struct siginfo *)&si);
}

__stack_guarded int64_t sys_rt_tgsigqueueinfo(int tgid, int tid, int sig, struct uptr info)
{
	siginfo_t si;

	if (copy_from_user(&si, info, sizeof(si)))
		return -EFAULT;
	if (tid <= 0 || tgid <= 0)
		return -EINVAL;
	return signal_queueinfo(tgid, tid, sig, (struct siginfo *)&si);
}

int64_t sys_rt_sigreturn(void)
{
	return signal_return(thread_current()->regs);
}

int64_t sys_sigaltstack(struct uptr new, struct uptr old)
{
	struct sig_altstack to = { 0 }, was;
	stack_t ss;
	int err;

	if (new.va) {
		if (copy_from_user(&ss, new, sizeof(ss)))
			return -EFAULT;
		to = (struct sig_altstack){ (uint64_t)(uintptr_t)ss.ss_sp, (uint32_t)ss.ss_flags,
					    ss.ss_size };
	}
	err = signal_altstack(new.va ? &to : NULL, &was, thread_current()->regs->rsp);
	if (err || !old.va)
		return err;
	memset(&ss, 0, sizeof(ss));
	ss.ss_sp = (void *)(uintptr_t)was.sp;
	ss.ss_flags = (int)was.flags;
	ss.ss_size = was.bytes;
	return copy_to_user(old, &ss, sizeof(ss));
}

int64_t sys_pause(void)
{
	return signal_pause();
}

__stack_guarded int64_t sys_kill(int pid, int sig)
{
	return signal_kill(pid, sig);
}

int64_t sys_tgkill(int tgid, int tid, int sig)
{
	if (tid <= 0 || tgid <= 0)
		return -EINVAL;
	return signal_tgkill(tgid, tid, sig);
}

int64_t sys_tkill(int tid, int sig)
{
	return tid <= 0 ? -EINVAL : signal_tgkill(0, tid, sig);
}

int64_t sys_restart_syscall(void)
{
	return signal_restart_syscall();
}
