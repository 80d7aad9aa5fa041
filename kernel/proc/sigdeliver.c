// Delivery: what happens to pending signals just before user mode, and rt_sigreturn(2). Follows
// Linux's arch/x86/kernel/signal.c and signal_64.c (6.18).

#include <asm/errno.h>
#include <asm/unistd.h>

#include "kernel/base/cpu.h"
#include "kernel/base/desc.h"
#include "kernel/base/fpu.h"
#include "kernel/base/log.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/proc/rseq.h"
#include "kernel/proc/sigframe.h"
#include "kernel/proc/signal_internal.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"

#define RFLAGS_RF   (1ull << 16)
#define SYSCALL_LEN 2 // bytes of the instruction, to step back over it

static bool from_syscall(const struct pt_regs *regs)
{
	return (int64_t)regs->orig_rax >= 0;
}

// Makes the interrupted call happen again. |handler|: a handler will run before.
static void restart_call(struct pt_regs *regs, bool handler, bool sa_restart)
{
	uint64_t nr = regs->orig_rax;
	bool again = false;

	if (!from_syscall(regs))
		return;
	switch (-(int64_t)regs->rax) {
	case ERESTARTNOINTR:
		again = true;
		break;
	case ERESTARTSYS:
		again = !handler || sa_restart;
		break;
	case ERESTARTNOHAND:
		again = !handler;
		break;
	case ERESTART_RESTARTBLOCK:
		again = !handler;
		nr = __NR_restart_syscall;
		break;
	default:
		return;
	}
	if (again) {
		regs->rax = nr;
		regs->rip -= SYSCALL_LEN;
	} else {
		regs->rax = (uint64_t)-EINTR;
	}
}

// Writes the frame; the floating point registers are already in t->fpu. 0 or -EFAULT.
static int write_frame(const struct sigframe_place *at, const struct sig_action *action,
		       const siginfo_t *info, const struct pt_regs *regs)
{
	struct thread *t = thread_current();
	struct uthread *u = t->uthread;
	struct rt_sigframe frame;
	size_t bytes = sizeof(frame);

	memset(&frame, 0, sizeof(frame));
	frame.pretcode = action->restorer;
	frame.uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	if (fpu_features())
		frame.uc.uc_flags |= UC_FP_XSTATE;
	frame.uc.uc_stack.ss_sp = (void *)u->altstack.sp;
	frame.uc.uc_stack.ss_flags = (int)u->altstack.flags;
	frame.uc.uc_stack.ss_size = u->altstack.bytes;
	frame.uc.uc_sigmask = u->restore_mask ? u->saved_mask : u->blocked;
	sigframe_save_regs(&frame.uc.uc_mcontext, regs);
	frame.uc.uc_mcontext.trapno = u->fault_trapno;
	frame.uc.uc_mcontext.err = u->fault_error;
	frame.uc.uc_mcontext.cr2 = u->fault_addr;
	frame.uc.uc_mcontext.oldmask = frame.uc.uc_sigmask;
	frame.uc.uc_mcontext.fpstate = (void *)at->fpstate;
	if (action->flags & SA_SIGINFO)
		frame.info = *info;
	else
		bytes = offsetof(struct rt_sigframe, info);
	sigframe_fpu_finish(t->fpu); // in place: restoring ignores what it adds
	if (copy_to_user(UPTR(at->fpstate), t->fpu, sigframe_fpu_bytes()))
		return -EFAULT;
	return copy_to_user(UPTR(at->frame), &frame, bytes);
}

// The state in which a handler starts: a fresh FPU.
static void reset_fpu(struct thread *t)
{
	uint64_t irq = cpu_irq_save();

	fpu_init_area(t->fpu);
	fpu_restore(t->fpu);
	cpu_irq_restore(irq);
}

static int setup_frame(int sig, const struct sig_action *action, const siginfo_t *info,
		       struct pt_regs *regs)
{
	struct thread *t = thread_current();
	struct sigframe_place at;
	uint64_t irq;

	if (!(action->flags & SA_RESTORER))
		return -EFAULT;
	if (!sigframe_place(&at, regs->rsp, &t->uthread->altstack, action->flags & SA_ONSTACK,
			    sigframe_fpu_bytes()))
		return -EFAULT;
	irq = cpu_irq_save();
	fpu_save(t->fpu);
	cpu_irq_restore(irq);
	if (write_frame(&at, action, info, regs))
		return -EFAULT;
	reset_fpu(t);
	regs->rdi = (uint64_t)sig;
	regs->rax = 0; // number of vector arguments, for variadic handlers
	regs->rsi = at.frame + offsetof(struct rt_sigframe, info);
	regs->rdx = at.frame + offsetof(struct rt_sigframe, uc);
	regs->rip = action->handler;
	regs->rsp = at.frame;
	regs->cs = SEL_USER_CS;
	regs->ss = SEL_USER_DS;
	regs->rflags &= ~(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
	return 0;
}

static void handle_signal(int sig, const struct sig_action *action, const siginfo_t *info,
			  struct pt_regs *regs)
{
	struct uthread *u = uthread_current();
	bool step = unlikely(u->trace) && ptrace_handler_before(regs);
	uint64_t blocked;

	restart_call(regs, true, action->flags & SA_RESTART);
	if (rseq_fixup(regs) || setup_frame(sig, action, info, regs)) {
		if (sig == SIGSEGV) // its own handler cannot be reached
			signal_force_fatal(SIGSEGV);
		else
			signal_force(SIGSEGV);
		return;
	}
	u->restore_mask = false;
	blocked = u->blocked | action->mask;
	if (!(action->flags & SA_NODEFER))
		blocked |= SIGSET_OF(sig);
	sig_set_blocked(blocked);
	if (u->altstack.flags & SS_AUTODISARM)
		u->altstack = (struct sig_altstack){ .flags = SS_DISABLE };
	if (unlikely(step))
		ptrace_handler_after();
}

// Ends the process by |sig|.
static void __noreturn fatal_signal(int sig, const siginfo_t *info, const struct pt_regs *regs)
{
	log_info("proc", "%s (pid %d) ends by signal %d, code %d, address 0x%llx, rip 0x%llx",
		 thread_current()->comm, process_current()->pid, sig, info->si_code,
		 (unsigned long long)info->si_addr, (unsigned long long)regs->rip);
	process_exit_group(sig);
}

// True if no process outside the group, but inside the session, could continue it.
static bool group_is_orphaned(struct process *self)
{
	bool orphaned;

	process_tree_lock();
	orphaned = process_group_orphaned(self->pgid, self->sid, NULL);
	process_tree_unlock();
	return orphaned;
}

static void stop_process(struct process *p, int sig)
{
	struct uthread *u;
	uint64_t irq;

	if (sig != SIGSTOP && group_is_orphaned(p))
		return;
	irq = sighand_lock(p);
	if (!p->exiting && !p->stopped && p->stop_dequeued) {
		p->stopped = true;
		p->stop_serial++;
		p->stop_signal = sig;
		p->stopped_threads = 0;
		p->continue_unseen = false;
		list_for_each (u, &p->threads, node)
			thread_set_pending(u->thread, PENDING_SIGNAL);
	} else if (p->stopped && !p->exiting) {
		ptrace_stop_again_locked(p);
	}
	sighand_unlock(p, irq);
}

bool process_join_stop_locked(struct process *p, struct uthread *u)
{
	bool last;

	if (!p->stopped || u->stop_joined == p->stop_serial)
		return false;
	u->stop_joined = p->stop_serial;
	last = ++p->stopped_threads == p->nthreads;
	p->stop_unseen |= last;
	return last;
}

// Counts the calling thread as stopped. True if it is the last one: the stop is complete.
static bool join_stop(struct process *p, unsigned *serial)
{
	uint64_t irq = sighand_lock(p);
	bool last = process_join_stop_locked(p, uthread_current());

	*serial = p->stop_serial;
	sighand_unlock(p, irq);
	return last;
}

static bool take_continue_notice(struct process *p)
{
	uint64_t irq = sighand_lock(p);
	bool tell = p->tell_continue;

	p->tell_continue = false;
	sighand_unlock(p, irq);
	return tell;
}

// Sleeps until SIGCONT or the end.
static void wait_while_stopped(struct process *p)
{
	unsigned serial;

	if (join_stop(p, &serial))
		process_notify_stop(p);
	for (;;) {
		sched_set_state(THREAD_STOPPED);
		if (!READ_ONCE(p->stopped) || READ_ONCE(p->stop_serial) != serial ||
		    process_must_end() || is_traced(uthread_current()))
			break;
		schedule();
	}
	sched_set_state(THREAD_RUNNING);
	if (take_continue_notice(p) && !process_must_end())
		process_notify_continue(p);
}

#define SIG_AGAIN (-1) // the tracer took the signal: look for another

// The tracer of the calling thread sees |sig| first. What it makes of it, the lock held again.
static int show_tracer(struct process *p, int sig, siginfo_t *info, uint64_t *irq)
{
	p->stop_dequeued = true; // it may become one; SIGCONT takes that back meanwhile
	sighand_unlock(p, *irq);
	sig = ptrace_signal(sig, info);
	*irq = sighand_lock(p);
	return sig ? sig : SIG_AGAIN;
}

// Takes one signal and its action. 0: none is left.
static int next_signal(struct process *p, struct uthread *u, siginfo_t *info,
		       struct sig_action *action)
{
	uint64_t irq = sighand_lock(p);
	int sig = sig_dequeue_locked(p, u, ~u->blocked, info);

	if (sig && sig_default_action(sig) == SIG_ACT_STOP)
		p->stop_dequeued = true;
	if (sig && unlikely(u->trace) && is_traced(u))
		sig = show_tracer(p, sig, info, &irq);
	if (sig > 0) {
		struct sig_action *a = &p->sighand->actions[sig - 1];

		*action = *a;
		if (a->flags & SA_ONESHOT && a->handler != (uint64_t)SIG_DFL &&
		    a->handler != (uint64_t)SIG_IGN)
			a->handler = (uint64_t)SIG_DFL;
	}
	sig_recalc_locked(p, u);
	sighand_unlock(p, irq);
	return sig;
}

static void default_action(struct process *p, int sig, const siginfo_t *info,
			   const struct pt_regs *regs)
{
	switch (sig_default_action(sig)) {
	case SIG_ACT_TERM:
	case SIG_ACT_CORE:
		fatal_signal(sig, info, regs);
	case SIG_ACT_STOP:
		stop_process(p, sig);
		break;
	case SIG_ACT_IGN:
	case SIG_ACT_CONT:
		break;
	}
}

// Delivers what is pending. True if a handler was set up.
static __stack_guarded bool deliver_signals(struct pt_regs *regs)
{
	struct process *p = process_current();
	struct uthread *u = uthread_current();
	struct sig_action action = { 0 }; // for gcc, which does not see that it is set
	siginfo_t info;
	int sig;

	for (;;) {
		if (process_must_end())
			process_exit_thread(0);
		if (unlikely(u->trace) && is_traced(u)) {
			if (ptrace_trap())
				continue;
		} else if (READ_ONCE(p->stopped)) {
			wait_while_stopped(p);
			continue;
		}
		sig = next_signal(p, u, &info, &action);
		if (!sig)
			return false;
		if (sig == SIG_AGAIN)
			continue;
		if (action.handler == (uint64_t)SIG_DFL) {
			default_action(p, sig, &info, regs);
		} else if (action.handler != (uint64_t)SIG_IGN) {
			handle_signal(sig, &action, &info, regs);
			return true;
		}
	}
}

void signal_on_return(struct pt_regs *regs)
{
	struct thread *t = thread_current();
	struct uthread *u = t->uthread;
	uint32_t bits;

	while ((bits = READ_ONCE(t->pending))) {
		if (bits & PENDING_RESCHED)
			schedule();
		if (bits & PENDING_KILL)
			process_exit_thread(0);
		if (bits & PENDING_SIGNAL && !deliver_signals(regs)) {
			restart_call(regs, false, false);
			if (u->restore_mask) {
				u->restore_mask = false;
				sig_set_blocked(u->saved_mask);
			}
		}
		if (bits & PENDING_NOTIFY) {
			__atomic_fetch_and(&t->pending, ~(uint32_t)PENDING_NOTIFY,
					   __ATOMIC_RELAXED);
			if (unlikely(t->notify_on_switch & NOTIFY_DEBUG))
				ptrace_load_debug();
			if (rseq_fixup(regs))
				signal_force(SIGSEGV);
		}
	}
}

// Brings the floating point image of a frame into the registers. 0 or -EFAULT, -EINVAL, -ENOMEM.
static int restore_fpu(uint64_t image_va)
{
	struct thread *t = thread_current();
	void *image;
	size_t n;
	uint64_t irq;
	int err = -EFAULT;

	if (!image_va) {
		reset_fpu(t);
		return 0;
	}
	image = kmalloc(sigframe_fpu_bytes());
	if (!image)
		return -ENOMEM;
	n = user_read_partial(image, UPTR(image_va), sigframe_fpu_bytes());
	if (n >= FXSAVE_BYTES) {
		irq = cpu_irq_save();
		err = sigframe_fpu_import(t->fpu, image, n);
		if (!err)
			fpu_restore(t->fpu);
		cpu_irq_restore(irq);
	}
	kfree(image);
	return err;
}

__stack_guarded int64_t signal_return(struct pt_regs *regs)
{
	struct uthread *u = uthread_current();
	struct sig_altstack alt;
	struct ucontext uc;
	uint64_t uc_va = regs->rsp - 8 + offsetof(struct rt_sigframe, uc);

	if (copy_from_user(&uc, UPTR(uc_va), sizeof(uc)))
		goto bad;
	sig_set_blocked(uc.uc_sigmask);
	u->restart.fn = NULL;
	sigframe_restore_regs(&uc.uc_mcontext, regs);
	thread_set_pending(thread_current(), PENDING_NOTIFY); // not the registers of this call
	if (restore_fpu((uint64_t)uc.uc_mcontext.fpstate))
		goto bad;
	alt = (struct sig_altstack){ .sp = (uint64_t)uc.uc_stack.ss_sp,
				     .flags = (uint32_t)uc.uc_stack.ss_flags,
				     .bytes = uc.uc_stack.ss_size };
	// Errors of the stack's description are ignored, as on Linux (restore_altstack).
	(void)!signal_altstack(&alt, NULL, regs->rsp);
	return (int64_t)regs->rax;
bad:
	signal_force(SIGSEGV);
	return 0;
}
