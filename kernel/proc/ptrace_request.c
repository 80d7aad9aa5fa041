// The requests of ptrace(2): a table of functions. All but a few are for tracees that are stopped;
// ptrace.c says which locks make that last. Owns no state.

#include <asm/errno.h>
#include <linux/audit.h>
#include <linux/elf.h>
#include <linux/signal.h>
#include <linux/uio.h>

#include "kernel/proc/ptrace_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/virt/aspace.h"
#include "mm/virt/remote.h"
#include "mm/virt/uaccess.h"

struct request {
	struct thread *thread;
	struct tracee *tracee;
	int64_t number;
	uint64_t addr, data;
};

static int64_t peek(struct request *r)
{
	struct aspace *as = process_get_aspace(r->thread->process);
	uint64_t word;
	size_t n = 0;

	if (as) {
		n = aspace_access(as, r->addr, &word, sizeof(word), REMOTE_FORCE);
		aspace_put(as);
	}
	return n == sizeof(word) ? put_user(word, UPTR(r->data)) : -EIO;
}

static int64_t poke(struct request *r)
{
	struct aspace *as = process_get_aspace(r->thread->process);
	size_t n = 0;

	if (as) {
		n = aspace_access(as, r->addr, &r->data, sizeof(r->data),
				  REMOTE_FORCE | REMOTE_WRITE);
		aspace_put(as);
	}
	return n == sizeof(r->data) ? 0 : -EIO;
}

static int64_t peek_user(struct request *r)
{
	return ptrace_peek_user(r->thread, r->addr, UPTR(r->data));
}

static int64_t poke_user(struct request *r)
{
	return ptrace_poke_user(r->thread, r->addr, r->data);
}

static int64_t whole_regset(struct request *r)
{
	bool general = r->number == PTRACE_GETREGS || r->number == PTRACE_SETREGS;
	bool set = r->number == PTRACE_SETREGS || r->number == PTRACE_SETFPREGS;
	uint64_t bytes = UINT64_MAX;

	return ptrace_regset(r->thread, general ? NT_PRSTATUS : NT_PRFPREG, UPTR(r->data), &bytes,
			     set);
}

static int64_t regset(struct request *r)
{
	struct iovec v;
	uint64_t bytes;
	int64_t err;

	if (copy_from_user(&v, UPTR(r->data), sizeof(v)))
		return -EFAULT;
	bytes = v.iov_len;
	err = ptrace_regset(r->thread, r->addr, UPTR((uint64_t)v.iov_base), &bytes,
			    r->number == PTRACE_SETREGSET);
	if (err)
		return err;
	return put_user(bytes, UPTR(r->data + offsetof(struct iovec, iov_len)));
}

// PTRACE_CONT and its like.
static int64_t resume(struct request *r)
{
	static const struct {
		uint8_t request, work;
	} rows[] = {
		{ PTRACE_SYSCALL, TRACE_CALLS },
		{ PTRACE_SINGLESTEP, TRACE_STEP },
		{ PTRACE_SYSEMU, TRACE_EMULATE },
		{ PTRACE_SYSEMU_SINGLESTEP, TRACE_EMULATE | TRACE_STEP },
	};
	struct tracee *tr = r->tracee;
	struct process *p = r->thread->process;
	uint64_t irq;
	unsigned work = 0;

	if (r->data > SIGNAL_COUNT)
		return -EIO;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].request == r->number)
			work = rows[i].work;
	irq = sighand_lock(p);
	if (tr->stopped) {
		tr->work = (uint8_t)work & ~TRACE_STEP;
		ptrace_set_step(tr, work & TRACE_STEP);
		tr->code = (int)r->data;
		ptrace_release_locked(tr);
	}
	sighand_unlock(p, irq);
	return 0;
}

static int64_t detach(struct request *r)
{
	struct process *p = r->thread->process;
	uint64_t irq;

	if (r->data > SIGNAL_COUNT)
		return -EIO;
	process_tree_lock();
	irq = sighand_lock(p);
	if (r->tracee->stopped) {
		ptrace_set_step(r->tracee, false);
		r->tracee->code = (int)r->data;
	}
	sighand_unlock(p, irq);
	ptrace_abandon(r->tracee);
	process_tree_unlock();
	return 0;
}

static int64_t send_kill(struct request *r)
{
	(void)!signal_send_process(r->thread->process, SIGKILL, NULL);
	return 0;
}

static int64_t set_options(struct request *r)
{
	struct process *p = r->thread->process;
	int err = ptrace_check_options(r->data);
	uint64_t irq;

	if (err)
		return err;
	irq = sighand_lock(p);
	r->tracee->options = (uint32_t)r->data;
	sighand_unlock(p, irq);
	return 0;
}

static int64_t get_message(struct request *r)
{
	return put_user(r->tracee->message, UPTR(r->data));
}

// The details of the stop's signal, out or in.
static __stack_guarded int64_t stop_info(struct request *r)
{
	bool set = r->number == PTRACE_SETSIGINFO;
	struct process *p = r->thread->process;
	siginfo_t info, *at;
	uint64_t irq;

	if (set && copy_from_user(&info, UPTR(r->data), sizeof(info)))
		return -EFAULT;
	irq = sighand_lock(p);
	at = r->tracee->stopped ? r->tracee->info : NULL;
	if (at && set)
		*at = info;
	else if (at)
		info = *at;
	sighand_unlock(p, irq);
	if (!at)
		return -EINVAL;
	return set ? 0 : copy_to_user(UPTR(r->data), &info, sizeof(info));
}

// What waits in a queue, from number |off| on.
static __stack_guarded int64_t peek_info(struct request *r)
{
	struct ptrace_peeksiginfo_args a;
	struct process *p = r->thread->process;
	siginfo_t info;
	int got = 0;

	if (copy_from_user(&a, UPTR(r->addr), sizeof(a)))
		return -EFAULT;
	if (a.flags & ~(uint32_t)PTRACE_PEEKSIGINFO_SHARED || a.nr < 0)
		return -EINVAL;
	for (; got < a.nr && !sched_interrupted(); got++) {
		uint64_t irq = sighand_lock(p);
		bool found =
			sig_peek_locked(a.flags ? &p->shared_pending : &r->thread->uthread->pending,
					a.off + (uint64_t)got, &info);

		sighand_unlock(p, irq);
		if (!found)
			break;
		if (copy_to_user(UPTR(r->data + (uint64_t)got * sizeof(info)), &info, sizeof(info)))
			return got ? got : -EFAULT;
	}
	return got;
}

static int64_t signal_mask(struct request *r)
{
	bool set = r->number == PTRACE_SETSIGMASK;
	struct uthread *u = r->thread->uthread;
	struct process *p = r->thread->process;
	uint64_t mask = 0, irq;

	if (r->addr != sizeof(mask))
		return -EINVAL;
	if (set && get_user(mask, UPTR(r->data)))
		return -EFAULT;
	irq = sighand_lock(p);
	if (set && r->tracee->stopped) {
		u->blocked = mask & ~SIGSET_KILL_STOP;
		u->restore_mask = false;
	} else {
		mask = u->restore_mask ? u->saved_mask : u->blocked;
	}
	sighand_unlock(p, irq);
	return set ? 0 : put_user(mask, UPTR(r->data));
}

static int64_t interrupt(struct request *r)
{
	struct tracee *tr = r->tracee;
	struct process *p = r->thread->process;
	uint64_t irq;

	if (!tr->seized)
		return -EIO;
	irq = sighand_lock(p);
	tr->trap = true;
	if (tr->listening)
		ptrace_release_locked(tr);
	thread_set_pending(r->thread, PENDING_SIGNAL);
	sighand_unlock(p, irq);
	return 0;
}

static int64_t listen(struct request *r)
{
	struct tracee *tr = r->tracee;
	struct process *p = r->thread->process;
	uint64_t irq;
	int err = -EIO;

	if (!tr->seized)
		return err;
	irq = sighand_lock(p);
	if (tr->stopped && tr->info && tr->info->si_code >> 8 == PTRACE_EVENT_STOP) {
		tr->listening = true;
		if (tr->renotify)
			ptrace_release_locked(tr);
		err = 0;
	}
	sighand_unlock(p, irq);
	return err;
}

static size_t fill_call_info(const struct request *r, struct ptrace_syscall_info *i)
{
	const struct pt_regs *regs = r->thread->regs;
	const struct tracee *tr = r->tracee;
	int64_t result = (int64_t)regs->rax;

	memset(i, 0, sizeof(*i));
	i->arch = AUDIT_ARCH_X86_64;
	i->instruction_pointer = regs->rip;
	i->stack_pointer = regs->rsp;
	if (!tr->info || tr->info->si_code != (SIGTRAP | 0x80))
		return offsetof(struct ptrace_syscall_info, entry);
	if (tr->message == PTRACE_EVENTMSG_SYSCALL_ENTRY) {
		const uint64_t args[] = { regs->rdi, regs->rsi, regs->rdx,
					  regs->r10, regs->r8,  regs->r9 };

		i->op = PTRACE_SYSCALL_INFO_ENTRY;
		i->entry.nr = regs->orig_rax;
		memcpy(i->entry.args, args, sizeof(args));
		return offsetof(struct ptrace_syscall_info, entry) + sizeof(i->entry);
	}
	i->op = PTRACE_SYSCALL_INFO_EXIT;
	i->exit.rval = result;
	i->exit.is_error = result < 0 && result >= -4095;
	return offsetof(struct ptrace_syscall_info, exit.is_error) + 1;
}

static __stack_guarded int64_t call_info(struct request *r)
{
	struct ptrace_syscall_info info;
	uint64_t irq = sighand_lock(r->thread->process);
	size_t bytes = fill_call_info(r, &info);

	sighand_unlock(r->thread->process, irq);
	if (copy_to_user(UPTR(r->data), &info, MIN(bytes, r->addr)))
		return -EFAULT;
	return (int64_t)bytes;
}

static int64_t rseq_info(struct request *r)
{
	const struct uthread *u = r->thread->uthread;
	const struct ptrace_rseq_configuration c = { .rseq_abi_pointer = u->rseq.va,
						     .rseq_abi_size = u->rseq_bytes,
						     .signature = u->rseq_sig };

	if (copy_to_user(UPTR(r->data), &c, MIN(sizeof(c), r->addr)))
		return -EFAULT;
	return sizeof(c);
}

static int64_t thread_area(struct request *r)
{
	return ptrace_arch_prctl(r->thread, (int)r->data, r->addr);
}

static const struct request_row {
	uint16_t number;
	bool running; // the tracee need not be stopped
	int64_t (*fn)(struct request *r);
} requests[] = {
	{ PTRACE_PEEKTEXT, false, peek },
	{ PTRACE_PEEKDATA, false, peek },
	{ PTRACE_PEEKUSR, false, peek_user },
	{ PTRACE_POKETEXT, false, poke },
	{ PTRACE_POKEDATA, false, poke },
	{ PTRACE_POKEUSR, false, poke_user },
	{ PTRACE_CONT, false, resume },
	{ PTRACE_SYSCALL, false, resume },
	{ PTRACE_SINGLESTEP, false, resume },
	{ PTRACE_SYSEMU, false, resume },
	{ PTRACE_SYSEMU_SINGLESTEP, false, resume },
	{ PTRACE_DETACH, false, detach },
	{ PTRACE_KILL, true, send_kill },
	{ PTRACE_INTERRUPT, true, interrupt },
	{ PTRACE_LISTEN, false, listen },
	{ PTRACE_GETREGS, false, whole_regset },
	{ PTRACE_SETREGS, false, whole_regset },
	{ PTRACE_GETFPREGS, false, whole_regset },
	{ PTRACE_SETFPREGS, false, whole_regset },
	{ PTRACE_GETREGSET, false, regset },
	{ PTRACE_SETREGSET, false, regset },
	{ PTRACE_SETOPTIONS, false, set_options },
	{ PTRACE_OLDSETOPTIONS, false, set_options },
	{ PTRACE_GETEVENTMSG, false, get_message },
	{ PTRACE_GETSIGINFO, false, stop_info },
	{ PTRACE_SETSIGINFO, false, stop_info },
	{ PTRACE_PEEKSIGINFO, false, peek_info },
	{ PTRACE_GETSIGMASK, false, signal_mask },
	{ PTRACE_SETSIGMASK, false, signal_mask },
	{ PTRACE_GET_SYSCALL_INFO, false, call_info },
	{ PTRACE_GET_RSEQ_CONFIGURATION, false, rseq_info },
	{ PTRACE_ARCH_PRCTL, false, thread_area },
};

static const struct request_row *find_request(int64_t number)
{
	for (unsigned i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].number == number)
			return &requests[i];
	return NULL;
}

// Is |t| traced by the caller and, unless |running| will do, stopped, with all of its state saved?
static bool is_ready(struct thread *t, bool running)
{
	struct process *p = t->process;
	const struct tracee *tr = t->uthread->trace;
	uint64_t irq;
	bool ok;

	if (!tr)
		return false;
	irq = sighand_lock(p);
	ok = tr->tracer == thread_current() &&
	     (running || (tr->stopped && !tr->listening && !(t->pending & PENDING_KILL)));
	sighand_unlock(p, irq);
	return ok && (running || sched_wait_left(t, THREAD_TRACED));
}

int64_t ptrace_call(int64_t number, int pid, uint64_t addr, uint64_t data)
{
	struct thread *t;
	const struct request_row *row = find_request(number);
	int64_t result = -ESRCH;

	if (number == PTRACE_TRACEME)
		return ptrace_trace_me();
	if (pid == 1 && (number == PTRACE_ATTACH || number == PTRACE_SEIZE))
		return -EPERM; // a thread of the kernel
	t = pid_find_thread(pid);
	if (!t)
		return result;
	if (!t->process || !t->uthread)
		goto out;
	if (number == PTRACE_ATTACH || number == PTRACE_SEIZE) {
		result = ptrace_attach(t, number == PTRACE_SEIZE, addr, data);
	} else if (is_ready(t, row && row->running)) {
		struct request r = { t, t->uthread->trace, number, addr, data };

		result = row ? row->fn(&r) : -EIO;
	}
out:
	thread_put(t);
	return result;
}
