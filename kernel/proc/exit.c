// The end of threads, processes and the machine.
//
// A process ends when its last thread does; exit_group and fatal signals set |exiting| and kick the
// others out with PENDING_KILL. It is a zombie then, until its parent has waited for it (wait.c).
// When the program (pid 2) ends, so does the machine.

#include <asm/errno.h>
#include <linux/eventpoll.h>

#include "drivers/ctl.h"
#include "fs/fdtable.h"
#include "kernel/base/panic.h"
#include "kernel/proc/futex.h"
#include "kernel/proc/jobctl.h"
#include "kernel/proc/posix_timer.h"
#include "kernel/proc/process_internal.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/proc/sysvsem.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/mapper.h"
#include "mm/virt/aspace.h"
#include "mm/virt/uaccess.h"

static struct {
	machine_end_fn *machine_end;
} ending;

void process_set_machine_end(machine_end_fn *fn)
{
	ending.machine_end = fn;
}

void process_end_machine(uint32_t kind, uint32_t code)
{
	if (ending.machine_end)
		ending.machine_end(kind, code);
	panic("the machine did not end");
}

bool process_must_end(void)
{
	struct process *p = process_current();

	return READ_ONCE(p->exiting) ||
	       (READ_ONCE(p->exec_thread) && p->exec_thread != thread_current());
}

void process_release_user(bool dies)
{
	struct thread *t = thread_current();
	struct uthread *u = t->uthread;
	struct uptr tid_word = u->clear_child_tid;

	futex_exit_robust_list(t);
	futex_pi_exit(t, dies);
	u->clear_child_tid = UPTR(0);
	// Nobody is left to look at it unless the memory is shared (Linux mm_release).
	if (tid_word.va && (t->process->nthreads > 1 || t->aspace->refs > 1)) {
		int zero = 0;

		if (!copy_to_user(tid_word, &zero, sizeof(zero)))
			futex_wake_one_quiet(tid_word);
	}
}

// Tells all other threads to end. The sighand lock is held.
static void kill_others_locked(struct process *p)
{
	struct uthread *u;

	list_for_each (u, &p->threads, node)
		if (u->thread != thread_current())
			thread_set_pending(u->thread, PENDING_KILL);
}

int process_become_single(void)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	uint64_t irq = sighand_lock(p);
	int err = 0;

	if (p->exiting || p->exec_thread) {
		sighand_unlock(p, irq);
		return -EAGAIN;
	}
	if (p->nthreads > 1) {
		p->exec_thread = t;
		kill_others_locked(p);
	}
	sighand_unlock(p, irq);
	waitq_wait_until(&p->thread_exit, READ_ONCE(p->nthreads) == 1, UINT64_MAX, false, err);
	irq = sighand_lock(p);
	p->exec_thread = NULL;
	sighand_unlock(p, irq);
	if (t->tid != p->pid) {
		int old = t->tid;

		ptrace_became_leader();

		t->tid = p->pid;
		pid_attach(p->pid, t);
		pid_free(old);
	}
	return err;
}

static void __noreturn end_program(struct process *p)
{
	int ws = p->wait_status;

	if (ws & 0x7f)
		process_end_machine(CTL_EXIT_SIGNAL, ws & 0x7f);
	process_end_machine(CTL_EXIT_STATUS, ws >> 8 & 0xff);
}

// Hands the children on and tells the parent; goes away at once if nobody will wait.
static void become_zombie(struct process *p)
{
	struct list_node dead;
	struct process *c, *next;
	uint64_t irq;
	bool forget;

	list_init(&dead);
	jobctl_session_ended(p);
	process_tree_lock();
	process_tree_leave(p, &dead);
	irq = sighand_lock(p);
	p->zombie = true;
	sighand_unlock(p, irq);
	waitq_wake(&p->pidfd_wait, ~0u, EPOLLIN);
	forget = process_notify_exit(p);
	if (forget)
		process_tree_remove(p);
	process_tree_unlock();
	list_for_each_safe (c, next, &dead, sibling)
		process_forget(c);
	if (forget)
		process_forget(p);
}

// The last thread of |p| is leaving: its user memory and descriptors go.
static void process_ended(struct process *p)
{
	struct aspace *as = p->aspace;
	uint64_t irq;

	process_itimers_stop(p);
	posix_timers_free(p);
	process_usage_get(p, &p->ended);
	irq = sighand_lock(p); // /proc reads them under this lock
	p->aspace = NULL;
	sighand_unlock(p, irq);
	if (p == process_program())
		end_program(p);
	aspace_put(as);
	become_zombie(p);
}

// Takes the calling thread off its process. True if it was the last.
static bool leave_process(struct thread *t, int status)
{
	struct process *p = t->process;
	uint64_t irq = sighand_lock(p);
	bool last, stop_complete;

	list_remove(&t->uthread->node);
	last = !--p->nthreads;
	p->dead_runtime_tsc += thread_runtime_tsc(t);
	p->dead_voluntary += t->switches_voluntary;
	p->dead_forced += t->switches_forced;
	if (last && !p->exiting) // Linux 6.0: the last one's, no longer the first thread's
		p->wait_status = (status & 0xff) << 8;
	p->uid = t->cred->uid;
	if (last) {
		memcpy(p->last_comm, t->comm, sizeof(p->last_comm));
		p->last_nice = t->nice;
		p->last_blocked = t->uthread->blocked;
		p->last_cred = cred_get(t->cred);
	}
	stop_complete = p->stopped && !p->exiting && p->stopped_threads == p->nthreads;
	p->stop_unseen |= stop_complete;
	sighand_unlock(p, irq);
	waitq_wake(&p->pidfd_wait, ~0u, EPOLLIN);
	signal_thread_left(t);
	if (stop_complete && !last)
		process_notify_stop(p);
	return last;
}

void process_exit_thread(int status)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	int wait_status = (status & 0xff) << 8;
	bool last, kept;

	if (unlikely(t->uthread->trace)) {
		ptrace_exit_event(READ_ONCE(p->exiting) ? p->wait_status : wait_status);
		ptrace_drop_debug();
	}
	t->notify_on_switch = 0;
	ptrace_tracer_left();
	process_release_user(true);
	sysvsem_leave();
	process_set_fs(NULL);
	sched_use_pgtable(pt_kernel());
	t->aspace = NULL;
	process_vfork_release(p);
	pid_detach(t->tid);
	last = leave_process(t, status);
	kept = ptrace_thread_left(t, wait_status);
	if (last) {
		process_ended(p);
	} else {
		waitq_wake_all(&p->thread_exit);
		process_tree_thread_left(p, t->tid);
	}
	if (t->tid != p->pid && !kept)
		pid_free(t->tid);
	thread_exit_current();
}

void process_exit_group(int wait_status)
{
	struct process *p = process_current();
	uint64_t irq = sighand_lock(p);

	if (!p->exiting && !p->exec_thread) {
		p->exiting = true;
		p->wait_status = wait_status;
		kill_others_locked(p);
	}
	sighand_unlock(p, irq);
	process_exit_thread(0);
}

void process_signal_program(int sig)
{
	struct process *p = process_program();

	if (p)
		(void)signal_send_process(p, sig, NULL);
}
