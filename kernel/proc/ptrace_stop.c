// What tracees do: the stops of ptrace(2), each in the tracee's own context. Follows Linux's
// kernel/signal.c (6.18). The protocol is in ptrace.c; owns no state of its own.

#include <asm/errno.h>
#include <linux/signal.h>

#include "kernel/base/desc.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"

#define CALL_MARK          0x80 // PTRACE_O_TRACESYSGOOD
#define CAP_SYS_PTRACE_BIT 19

static struct tracee *own_trace(void)
{
	struct uthread *u = uthread_current();

	return is_traced(u) ? u->trace : NULL;
}

void ptrace_release_locked(struct tracee *tr)
{
	tr->stopped = tr->listening = false;
	sched_wake(tr->thread, 1u << THREAD_TRACED);
}

// Notes what the stop is. With the sighand lock held. True: the group's stop is complete by it.
static bool begin_stop_locked(struct process *p, struct tracee *tr, int code, int why,
			      uint64_t message, siginfo_t *info)
{
	bool complete = false;

	tr->code = code;
	tr->message = message;
	tr->info = info;
	tr->trap = false;
	if (info && info->si_code >> 8 == PTRACE_EVENT_STOP)
		tr->renotify = false;
	if (why == CLD_STOPPED && p->stopped) {
		tr->stop_seen = p->stop_serial;
		complete = process_join_stop_locked(p, tr->thread->uthread);
	}
	tr->stopped = true;
	return complete;
}

static int end_stop(struct process *p, struct tracee *tr)
{
	uint64_t irq = sighand_lock(p);
	int code = tr->code;

	tr->stopped = tr->listening = false;
	tr->info = NULL;
	tr->message = 0;
	tr->code = 0;
	sig_recalc_locked(p, tr->thread->uthread);
	sighand_unlock(p, irq);
	// The tracer may have changed registers: they are all to be loaded.
	thread_set_pending(tr->thread, PENDING_NOTIFY);
	return code;
}

// Stops until the tracer lets the thread go on, or it is killed. |code| is what wait reports;
// the result is the signal to go on with, |code| if there was nobody to stop for.
static __stack_guarded int stop(int code, int why, uint64_t message, siginfo_t *info)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	struct tracee *tr = t->uthread->trace;
	bool complete;
	uint64_t irq;
	int status;

	// From the moment that it counts as stopped the tracer may spin until it has left its CPU:
	// nothing may make it sleep before. So the lock for telling the tracer comes first.
	process_tree_lock();
	if (!tr->tracer || sched_killed()) {
		process_tree_unlock();
		return code;
	}
	irq = sighand_lock(p);
	complete = begin_stop_locked(p, tr, code, why, message, info);
	status = why != CLD_STOPPED ? code & 0x7f : p->stopped ? p->stop_signal : 0;
	sighand_unlock(p, irq);
	process_notify_trace(tr, why, status);
	if (complete && tr->tracer->process != p->parent)
		process_notify_stop_locked(p);
	process_tree_unlock();
	for (;;) {
		sched_set_state(THREAD_TRACED);
		if (!READ_ONCE(tr->stopped) || sched_killed())
			break;
		schedule();
	}
	sched_set_state(THREAD_RUNNING);
	return end_stop(p, tr);
}

// A stop that is not for a signal. The signal to go on with.
static __stack_guarded int trap(int sig, int code, int why, uint64_t message)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = code;
	info.si_pid = thread_current()->tid;
	info.si_uid = cred_current()->uid;
	return stop(code, why, message, &info);
}

static void trap_event(unsigned event, uint64_t message)
{
	(void)!trap(SIGTRAP, (int)event << 8 | SIGTRAP, CLD_TRAPPED, message);
}

void ptrace_event(unsigned event, uint64_t message)
{
	const struct tracee *tr = own_trace();

	if (tr && trace_option(tr, event))
		trap_event(event, message);
}

void ptrace_exec_event(int old_tid)
{
	const struct tracee *tr = own_trace();

	if (!tr)
		return;
	if (trace_option(tr, PTRACE_EVENT_EXEC))
		trap_event(PTRACE_EVENT_EXEC, (uint64_t)old_tid);
	else if (!tr->seized)
		(void)!signal_send_user(process_current(), SIGTRAP);
}

bool ptrace_forbids_setid(void)
{
	const struct tracee *tr = own_trace();
	bool forbids = false;
	struct cred *c;

	if (!tr)
		return false;
	process_tree_lock();
	if (tr->tracer) {
		c = cred_of(tr->tracer);
		forbids = !cred_has_cap(c, CAP_SYS_PTRACE_BIT);
		cred_put(c);
	}
	process_tree_unlock();
	return forbids;
}

void ptrace_exit_event(int code)
{
	const struct tracee *tr = own_trace();

	if (!tr || !trace_option(tr, PTRACE_EVENT_EXIT))
		return;
	// That it ends is done with: only another SIGKILL cuts this stop short.
	__atomic_fetch_and(&tr->thread->pending, ~(uint32_t)PENDING_KILL, __ATOMIC_RELAXED);
	trap_event(PTRACE_EVENT_EXIT, (uint64_t)code);
}

// The tracer chose another signal: it is the one who sends it.
static void replace_info(const struct tracee *tr, int sig, siginfo_t *info)
{
	struct cred *c;

	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = SI_USER;
	process_tree_lock();
	if (tr->tracer) {
		c = cred_of(tr->tracer);
		info->si_pid = tr->tracer->tid;
		info->si_uid = c->uid;
		cred_put(c);
	}
	process_tree_unlock();
}

int ptrace_signal(int sig, siginfo_t *info)
{
	struct process *p = process_current();
	struct uthread *u = uthread_current();
	uint64_t irq;

	sig = stop(sig, CLD_TRAPPED, 0, info);
	if (!sig_valid(sig))
		return 0;
	if (sig != info->si_signo)
		replace_info(u->trace, sig, info);
	irq = sighand_lock(p);
	if (sig == SIGKILL || u->blocked & SIGSET_OF(sig)) { // blocked meanwhile: later
		(void)!sig_send_locked(p, u, sig, info);
		sig = 0;
	}
	sighand_unlock(p, irq);
	return sig;
}

bool ptrace_trap_wanted(const struct process *p, const struct uthread *u)
{
	const struct tracee *tr = u->trace;

	if (!is_traced(u))
		return p->stopped;
	return (tr->seized && (tr->trap || tr->renotify)) ||
	       (p->stopped && tr->stop_seen != p->stop_serial);
}

bool ptrace_trap(void)
{
	struct process *p = process_current();
	struct uthread *u = uthread_current();
	uint64_t irq = sighand_lock(p);
	bool wanted = is_traced(u) && ptrace_trap_wanted(p, u), seized = u->trace->seized;
	int sig = p->stopped ? p->stop_signal : SIGTRAP;

	sighand_unlock(p, irq);
	if (!wanted)
		return false;
	if (seized)
		(void)!trap(sig, PTRACE_EVENT_STOP << 8 | sig, CLD_STOPPED, 0);
	else
		(void)!stop(sig, CLD_STOPPED, 0, NULL);
	return true;
}

void ptrace_continued_locked(struct process *p)
{
	struct uthread *u;

	list_for_each (u, &p->threads, node) {
		struct tracee *tr = u->trace;

		if (!is_traced(u) || !tr->seized)
			continue;
		tr->renotify = true;
		if (tr->listening)
			ptrace_release_locked(tr);
		thread_set_pending(u->thread, PENDING_SIGNAL);
	}
}

void ptrace_stop_again_locked(struct process *p)
{
	struct uthread *u;

	list_for_each (u, &p->threads, node) {
		if (!is_traced(u))
			continue;
		u->trace->stop_seen = p->stop_serial - 1;
		thread_set_pending(u->thread, PENDING_SIGNAL);
	}
}

// ---- steps

bool ptrace_handler_before(struct pt_regs *regs)
{
	struct tracee *tr = own_trace();
	bool step = tr && tr->work & TRACE_STEP;

	if (step)
		ptrace_set_step(tr, false); // the frame shows flags without
	return step;
}

void ptrace_handler_after(void)
{
	if (own_trace())
		(void)!trap(SIGTRAP, SIGTRAP, CLD_TRAPPED, 0);
}

// ---- system calls

// A signal that the tracer goes on with from a stop at a call is sent as from nobody.
static void report_call(const struct tracee *tr, unsigned message)
{
	int mark = tr->options & PTRACE_O_TRACESYSGOOD ? CALL_MARK : 0;
	int sig = trap(SIGTRAP, SIGTRAP | mark, CLD_TRAPPED, message);

	if (sig_valid(sig))
		(void)!signal_send_thread(thread_current(), sig, NULL);
}

bool ptrace_call_enter(struct pt_regs *regs)
{
	const struct tracee *tr = own_trace();
	unsigned work = ptrace_work();

	if (!tr || !(work & (TRACE_CALLS | TRACE_EMULATE)))
		return true;
	report_call(tr, PTRACE_EVENTMSG_SYSCALL_ENTRY);
	return !(work & TRACE_EMULATE) && !sched_killed() && (int)regs->orig_rax != -1;
}

int64_t ptrace_call_leave(struct pt_regs *regs, int64_t result)
{
	const struct tracee *tr = own_trace();
	unsigned work = ptrace_work();

	if (!tr || !work)
		return result;
	regs->rax = (uint64_t)result;
	if ((work & (TRACE_STEP | TRACE_EMULATE)) == TRACE_STEP)
		signal_force_fault(SIGTRAP, TRAP_BRKPT, regs->rip, VECTOR_DB, 0, regs);
	else if (work & TRACE_CALLS)
		report_call(tr, PTRACE_EVENTMSG_SYSCALL_EXIT);
	return (int64_t)regs->rax;
}
