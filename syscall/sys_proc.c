// Processes and threads: start, end, identity, limits, scheduling. Owns no state.
#include <asm/errno.h>
#include <asm/prctl.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/namei.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/percpu.h"
#include "kernel/proc/clone.h"
#include "kernel/proc/exec.h"
#include "kernel/proc/pidfd.h"
#include "kernel/proc/process.h"
#include "kernel/proc/wait.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define CLONE_MAX_SET_TID 32 // MAX_PID_NS_LEVEL
#define WAIT_INFO_BYTES   (offsetof(siginfo_t, si_status) + sizeof(int))

int64_t sys_exit(int status)
{
	process_exit_thread(status);
}

int64_t sys_exit_group(int status)
{
	process_exit_group((status & 0xff) << 8);
}

int64_t sys_getpid(void)
{
	return process_current()->pid;
}

int64_t sys_gettid(void)
{
	return thread_current()->tid;
}

int64_t sys_getppid(void)
{
	return process_parent_pid(process_current());
}

int64_t sys_personality(uint64_t persona)
{
	struct process *p = process_current();
	uint32_t old = p->personality;

	if ((uint32_t)persona != UINT32_MAX) // that asks only
		WRITE_ONCE(p->personality, (uint32_t)persona);
	return old;
}

int64_t sys_getpgid(int pid)
{
	return process_getpgid(pid);
}

int64_t sys_getpgrp(void)
{
	return process_getpgid(0);
}

int64_t sys_getsid(int pid)
{
	return process_getsid(pid);
}

int64_t sys_setpgid(int pid, int pgid)
{
	return process_setpgid(pid, pgid);
}

int64_t sys_setsid(void)
{
	return process_setsid();
}

int64_t sys_clone(uint64_t flags, uint64_t stack, struct uptr parent_tid, struct uptr child_tid,
		  uint64_t tls)
{
	struct clone_request req = { .flags = (uint32_t)flags & ~(uint64_t)CSIGNAL,
				     .exit_signal = (int)(flags & CSIGNAL),
				     .pidfd = flags & CLONE_PIDFD ? parent_tid : UPTR(0),
				     .child_tid = child_tid,
				     .parent_tid = parent_tid,
				     .stack = stack,
				     .tls = tls };

	return clone_task(&req, thread_current()->regs);
}

// Copies a struct that may be smaller (the rest is zero) or larger (its rest must be zero) than
// what this kernel knows: Linux's copy_struct_from_user().
static __stack_guarded int copy_clone_args(struct clone_args *a, struct uptr p, uint64_t bytes)
{
	uint64_t word;

	if (bytes > PAGE_SIZE)
		return -E2BIG;
	if (bytes < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	memset(a, 0, sizeof(*a));
	for (uint64_t at = sizeof(*a); at < bytes; at += sizeof(word)) {
		word = 0;
		if (copy_from_user(&word, uptr_add(p, at), MIN(sizeof(word), bytes - at)))
			return -EFAULT;
		if (word)
			return -E2BIG;
	}
	return copy_from_user(a, p, MIN(bytes, sizeof(*a)));
}

// In the order of Linux's copy_clone_args_from_user() and clone3_args_valid() (6.18).
static int check_clone_args(const struct clone_args *a, uint64_t bytes)
{
	const uint64_t known = 0xffffffffull | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;

	if (a->set_tid_size > CLONE_MAX_SET_TID || !a->set_tid != !a->set_tid_size)
		return -EINVAL;
	if (a->exit_signal > SIGNAL_COUNT)
		return -EINVAL;
	if (a->flags & CLONE_INTO_CGROUP && (a->cgroup > INT32_MAX || bytes < CLONE_ARGS_SIZE_VER2))
		return -EINVAL;
	if (a->flags & ~known || a->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME)))
		return -EINVAL;
	if ((a->flags & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal)
		return -EINVAL;
	if (!a->stack != !a->stack_size || a->stack + a->stack_size > USER_TOP)
		return -EINVAL;
	return 0;
}

__stack_guarded int64_t sys_clone3(struct uptr args, uint64_t bytes)
{
	struct clone_args a;
	struct clone_request req;
	int err = copy_clone_args(&a, args, bytes);

	if (!err)
		err = check_clone_args(&a, bytes);
	if (err)
		return err;
	req = (struct clone_request){ .flags = a.flags,
				      .exit_signal = (int)a.exit_signal,
				      .pidfd = UPTR(a.pidfd),
				      .child_tid = UPTR(a.child_tid),
				      .parent_tid = UPTR(a.parent_tid),
				      .stack = a.stack + a.stack_size,
				      .tls = a.tls,
				      .set_tid_count = (unsigned)a.set_tid_size };
	return clone_task(&req, thread_current()->regs);
}

static __stack_guarded int64_t exec_at(int dirfd, struct uptr path, struct uptr argv,
				       struct uptr envp, int flags)
{
	struct exec_request req = { .at_fd = dirfd, .argv = argv, .envp = envp };
	struct user_path name;
	struct path at;
	int err = user_path_get(&name, path, flags & AT_EMPTY_PATH);

	if (err)
		return err;
	err = at_path_get(dirfd, name.name, &at);
	if (err)
		goto out_name;
	req.at = &at;
	req.path = name.name;
	req.lookup = (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
		     (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	err = exec_program(&req, thread_current()->regs);
	path_put(&at);
out_name:
	user_path_put(&name);
	return err;
}

int64_t sys_execve(struct uptr path, struct uptr argv, struct uptr envp)
{
	return exec_at(AT_FDCWD, path, argv, envp, 0);
}

int64_t sys_execveat(int dirfd, struct uptr path, struct uptr argv, struct uptr envp, int flags)
{
	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	return exec_at(dirfd, path, argv, envp, flags);
}

int64_t sys_fork(void)
{
	struct clone_request req = { .exit_signal = SIGCHLD };

	return clone_task(&req, thread_current()->regs);
}

int64_t sys_vfork(void)
{
	struct clone_request req = { .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD };

	return clone_task(&req, thread_current()->regs);
}

// The meaning of wait4's and, for P_PID and P_PGID, waitid's number.
static void wait_for(struct wait_request *w, int pid)
{
	w->which = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	w->id = pid > 0 ? pid : pid ? -pid : process_getpgid(0);
}

int64_t sys_wait4(int pid, struct uptr status, uint64_t options, struct uptr usage)
{
	struct wait_request w = { .options = (unsigned)options | WEXITED };
	struct wait_result r;
	struct rusage u;
	int got;

	if ((unsigned)options &
	    ~(unsigned)(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	wait_for(&w, pid);
	got = process_wait(&w, &r, usage.va ? &u : NULL);
	if (got > 0 && status.va && put_user(r.wait_status, status))
		return -EFAULT;
	if (got > 0 && usage.va && copy_to_user(usage, &u, sizeof(u)))
		return -EFAULT;
	return got;
}

// The request gets a reference to the process.
static int wait_for_pidfd(struct wait_request *w, int fd)
{
	struct file *f = fd_get(fs_context_current()->fds, fd);

	if (!f)
		return -EBADF;
	w->process = pidfd_process(f);
	w->nonblocking = READ_ONCE(f->flags) & O_NONBLOCK;
	file_put(f);
	return w->process ? 0 : -EBADF;
}

static int waitid_request(struct wait_request *w, int which, int id, unsigned options)
{
	if (options & ~(unsigned)(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
				  __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	*w = (struct wait_request){ .which = which, .id = id, .options = options };
	switch (which) {
	case P_ALL:
		return 0;
	case P_PID:
		return id <= 0 ? -EINVAL : 0;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		if (!id)
			w->id = process_getpgid(0);
		return 0;
	case P_PIDFD:
		return id < 0 ? -EINVAL : wait_for_pidfd(w, id);
	default:
		return -EINVAL;
	}
}

// waitid's fields and no others: the rest of a siginfo_t is left as it is.
static int put_wait_info(struct uptr info, int got, const struct wait_result *r)
{
	siginfo_t i;

	memset(&i, 0, sizeof(i));
	if (got > 0) {
		i.si_signo = SIGCHLD;
		i.si_code = r->code;
		i.si_pid = r->pid;
		i.si_uid = r->uid;
		i.si_status = r->status;
	}
	return copy_to_user(info, &i, WAIT_INFO_BYTES);
}

int64_t sys_waitid(int which, int id, struct uptr info, uint64_t options, struct uptr usage)
{
	struct wait_request w;
	struct wait_result r;
	struct rusage u;
	int got, err = waitid_request(&w, which, id, (unsigned)options);

	if (err)
		return err;
	got = process_wait(&w, &r, usage.va ? &u : NULL);
	if (w.process)
		process_put(w.process);
	if (got < 0)
		return got;
	if (got > 0 && usage.va && copy_to_user(usage, &u, sizeof(u)))
		return -EFAULT;
	return info.va && put_wait_info(info, got, &r) ? -EFAULT : 0;
}

int64_t sys_unshare(uint64_t flags)
{
	return process_unshare(flags);
}

int64_t sys_membarrier(int cmd, uint64_t flags, int cpu)
{
	return process_membarrier(cmd, (unsigned)flags, cpu);
}

int64_t sys_set_tid_address(struct uptr addr)
{
	return process_set_tid_address(addr);
}

int64_t sys_set_robust_list(struct uptr head, uint64_t bytes)
{
	return process_set_robust_list(head, bytes);
}

int64_t sys_get_robust_list(int pid, struct uptr head, struct uptr bytes)
{
	struct uptr list;
	uint64_t n;
	int err = process_get_robust_list(pid, &list, &n);

	if (err)
		return err;
	return put_user(n, bytes) || put_user(list.va, head) ? -EFAULT : 0;
}

int64_t sys_rseq(struct uptr area, unsigned bytes, uint64_t flags, uint64_t signature)
{
	return process_rseq(area, bytes, (int)flags, (uint32_t)signature);
}

int64_t sys_prlimit64(int pid, unsigned resource, struct uptr new, struct uptr old)
{
	struct rlimit_value to, was;
	struct process *p;
	int err;

	if (new.va && copy_from_user(&to, new, sizeof(to)))
		return -EFAULT;
	p = pid ? process_find(pid) : process_get(process_current());
	if (!p)
		return -ESRCH;
	err = rlimit_get(p, resource, &was);
	if (!err && new.va && to.cur > to.max)
		err = -EINVAL;
	if (!err && new.va)
		err = rlimit_set(p, resource, &to);
	process_put(p);
	if (!err && old.va)
		err = copy_to_user(old, &was, sizeof(was));
	return err;
}

int64_t sys_getrlimit(unsigned resource, struct uptr out)
{
	struct rlimit_value v;
	int err = rlimit_get(process_current(), resource, &v);

	return err ? err : copy_to_user(out, &v, sizeof(v));
}

int64_t sys_setrlimit(unsigned resource, struct uptr limit)
{
	struct rlimit_value v;

	if (copy_from_user(&v, limit, sizeof(v)))
		return -EFAULT;
	if (v.cur > v.max)
		return -EINVAL;
	return rlimit_set(process_current(), resource, &v);
}

int64_t sys_getrusage(int who, struct uptr out)
{
	struct rusage usage;
	int err = process_getrusage(who, &usage);

	return err ? err : copy_to_user(out, &usage, sizeof(usage));
}

static void set_fs_base(struct thread *t, uint64_t base)
{
	t->fs_base = base;
	if (cpu_features.fsgsbase)
		cpu_wrfsbase(base);
	else
		cpu_wrmsr(MSR_FS_BASE, base);
}

static uint64_t get_gs_base(struct thread *t)
{
	return cpu_features.fsgsbase ? cpu_rdmsr(MSR_KERNEL_GS_BASE) : t->gs_base;
}

int64_t sys_arch_prctl(int option, uint64_t arg)
{
	struct thread *t = thread_current();
	uint64_t base;

	switch (option) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (arg >= USER_TOP)
			return -EPERM;
		if (option == ARCH_SET_FS) {
			set_fs_base(t, arg);
		} else {
			t->gs_base = arg;
			cpu_wrmsr(MSR_KERNEL_GS_BASE, arg);
		}
		return 0;
	case ARCH_GET_FS:
		base = cpu_features.fsgsbase ? cpu_rdfsbase() : t->fs_base;
		return put_user(base, UPTR(arg));
	case ARCH_GET_GS:
		base = get_gs_base(t);
		return put_user(base, UPTR(arg));
	case ARCH_GET_CPUID:
		return 1;
	case ARCH_SET_CPUID:
		return -ENODEV;
	default:
		return -EINVAL;
	}
}
