// Processes: an address space, descriptors, signal actions, limits and the threads that share them.
// pid 1 is the kernel's own reaper; the program is pid 2, session and group leader.
//
// Locks: the process tree (parent, children, group, session) is guarded by one mutex
// (RANK_PROCESS_TREE, process.c); the thread list, exit state and shared pending signals by the
// spinlock of the process's sighand (RANK_SIGHAND, taken with interrupts off).
#pragma once

#include "kernel/base/lock.h"
#include "kernel/base/types.h"
#include "kernel/proc/cputimer.h"
#include "kernel/proc/rlimit.h"
#include "kernel/proc/signal.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/timer.h"
#include "kernel/sched/waitq.h"

struct aspace;
struct fs_context;
struct rusage;

struct process_usage {
	uint64_t runtime_tsc, voluntary, forced, minor_faults, major_faults, max_rss_pages;
};
void process_usage_add(struct process_usage *sum, const struct process_usage *u);
// What getrusage(2) would say of the process now, without its children. Any state.
void process_usage_get(struct process *p, struct process_usage *out);
void process_usage_report(const struct process_usage *u, struct rusage *out);

struct retired_sighand;
struct tracee;

struct process {
	int pid;
	uint32_t refs; // atomic

	// guarded by the tree lock
	struct process *parent;
	int parent_pid; // of |parent|, changed with it; read without the lock (getppid)
	struct list_node children, sibling;
	int pgid, sid;               // their numbers are held (pid.h)
	struct list_node tracees;    // struct tracee of those that its threads trace (ptrace.h)
	struct tracee *leader_trace; // of its thread of the same number, if traced; or NULL
	unsigned unreaped;           // ended threads, not that one, whose tracers have not waited
	int creator_tid;    // the thread of the parent that made it (PR_SET_PDEATHSIG, __WNOTHREAD)
	int exit_signal;    // sent to the parent at the end; 0: none
	uint32_t uid;       // real user of the thread that ended last (si_uid)
	bool did_exec;      // since it was made
	bool left_terminal; // TIOCNOTTY: the session's terminal is not its own any more
	bool reaped;        // by wait4 or by itself: in no table any more

	struct aspace *aspace;   // owned; replaced by exec with one thread left; NULL: zombie
	struct sighand *sighand; // owned; replaced by exec if shared: use sighand_lock()
	struct retired_sighand *retired; // what exec replaced, kept for who still looks at its lock

	// guarded by sighand->lock
	struct list_node threads; // struct uthread, by its node
	unsigned nthreads;
	struct sigpending shared_pending;
	uint32_t queued_signals; // details of signals, of all threads (RLIMIT_SIGPENDING); atomic
	struct thread *exec_thread; // exec is ending the others
	bool exiting;               // exit_group or a fatal signal: all threads end
	bool stopped;               // by SIGSTOP and the like, until SIGCONT
	bool stop_dequeued;         // a thread is about to stop it; SIGCONT takes that back
	unsigned stop_serial;       // one for each stop
	unsigned stopped_threads;   // that sleep for this one
	int stop_signal;            // what stopped it
	bool stop_unseen;           // no wait call has reported the stop
	bool continue_unseen;       // the same for the end of the last one
	bool tell_continue;         // the first thread to go on sends SIGCHLD for that
	bool zombie;                // all threads are gone
	int wait_status;            // as wait4(2) reports it; valid when |exiting| or |zombie|
	struct waitq thread_exit;   // a thread left (exec, exit)
	struct waitq child_event;   // wait4 of this process
	bool holds_parent;          // vfork: the parent waits until this uses another address space
	struct waitq vfork_done;
	struct waitq pidfd_wait; // the end of a thread, of the process, and that it was waited for

	struct rlimits limits; // guarded by sighand->lock
	uint32_t personality;
	uint32_t dumpable; // PR_SET_DUMPABLE
	int oom_score_adj;
	uint64_t oom_wait_ns; // chosen for want of memory: its end is waited for until then; or 0
	bool child_subreaper;

	struct timer real_timer; // ITIMER_REAL and alarm(2); guarded by sighand->lock
	uint64_t real_deadline_ns, real_interval_ns;
	struct cpu_itimer {
		struct cputimer timer;
		uint64_t expires_ns, interval_ns; // expires 0: disarmed
		int sig;
	} cpu_itimers[2];            // ITIMER_VIRTUAL, ITIMER_PROF; guarded by sighand->lock
	struct cputimer cpu_limit;   // RLIMIT_CPU; without clock: stopped; sighand->lock
	struct posix_timers *timers; // or NULL; posix_timer.c

	// accounting: of threads that ended; guarded by sighand->lock
	uint64_t start_ns; // CLOCK_MONOTONIC
	uint64_t dead_runtime_tsc, dead_voluntary, dead_forced;
	char last_comm[16]; // of the thread that ended last, and
	int8_t last_nice;
	uint64_t last_blocked;
	struct cred *last_cred;      // its; NULL: there are threads
	struct process_usage ended;  // of the whole process, when it is a zombie
	struct process_usage waited; // of children that were waited for; guarded by the tree lock
};

// kernel/proc's part of a thread.
struct uthread {
	struct thread *thread; // borrowed: the thread owns this
	struct list_node node; // in process->threads, guarded by sighand->lock
	int exit_signal;

	// guarded by sighand->lock (blocked: written by the thread itself, under it)
	uint64_t blocked; // bit sig - 1
	struct sigpending pending;
	unsigned stop_joined;  // the group's stop that it was counted for
	struct tracee *trace;  // ptrace.h; NULL: it was never traced
	uint64_t real_blocked; // during rt_sigtimedwait: what is blocked apart from the set waited
			       // for

	// guarded by futex_pi.c's lock
	struct list_node pi_held; // struct pi_state: locks of which this is the owner
	struct pi_waiter *pi_blocked_on;
	int pi_lent;    // the priority it was lent, or PRIO_NONE
	bool pi_exited; // nothing may be added to |pi_held| any more

	// the thread's own
	uint64_t saved_mask; // to put back when a temporary mask ends
	bool restore_mask;
	struct sig_altstack altstack;
	struct restart_block restart;
	uint64_t fault_trapno, fault_error, fault_addr; // for the signal frame
	struct uptr clear_child_tid;
	struct sem_undo_list *sem_undos; // sysvsem.c; or NULL
	struct uptr robust_list;
	struct uptr rseq;
	uint32_t rseq_bytes, rseq_sig;
	unsigned rseq_cpu; // what the area says
	bool no_new_privs;
	bool nproc_exceeded; // RLIMIT_NPROC when it last changed its user
	int pdeath_signal;
	uint64_t timer_slack_ns;
	uint64_t start_ns;
};

static inline struct process *process_current(void)
{
	return thread_current()->process;
}
static inline struct uthread *uthread_current(void)
{
	return thread_current()->uthread;
}

// Mounts procfs and sysfs nodes, prepares the vDSO. Once, after vfs_init. 0 or -errno.
int __must_check proc_init(void);

struct process *process_get(struct process *p);
void process_put(struct process *p);
// With a reference, or NULL. Zombies are found too.
struct process *process_find(int pid);
// The thread of that number with a reference, or NULL. For pid 1, whose work is done elsewhere, one
// that never runs and has what the calls about scheduling ask for.
struct thread *process_find_thread(int pid);
// The next process with pid >= |from| in order, with a reference, or NULL.
struct process *process_next(int from);
// The member of group |pgid| after |p|, whose reference is given back (NULL: the first), with one;
// NULL: no more. Who leaves such a walk early puts |p|. Those that were waited for are left out. In
// a group that must not change meanwhile the tree lock is held.
struct process *process_next_in_group(int pgid, struct process *p);
// The thread of |p| after |t| (NULL: the first) with a reference, or NULL. Should |t| have ended it
// starts again: what is done to each thread must bear being done twice.
struct thread *process_next_thread(struct process *p, const struct thread *t);
static inline int process_parent_pid(const struct process *p)
{
	return READ_ONCE(p->parent_pid);
}

// The calls of the same name; results as Linux's. pid 0 is the caller.
int process_setpgid(int pid, int pgid);
int process_getpgid(int pid);
int process_getsid(int pid);
int process_setsid(void);

// exit(2): ends the calling thread; the last one ends the process with |status|.
void __noreturn process_exit_thread(int status);
// exit_group(2) and fatal signals: ends all threads. |wait_status| as wait4(2) reports it:
// (code & 0xff) << 8 for an exit, the signal number (| 0x80 with a core dump) for a signal.
void __noreturn process_exit_group(int wait_status);

// CPU time in ns of all threads, dead ones included. The kernel does not tell user from system
// time: all is user time.
uint64_t process_cpu_ns(struct process *p);
uint64_t process_cpu_ns_locked(struct process *p); // with its sighand lock held
// getrusage(2): |who| is RUSAGE_SELF, RUSAGE_THREAD or RUSAGE_CHILDREN. 0 or -EINVAL.
int process_getrusage(int who, struct rusage *out);

// CLOCK_PROCESS_CPUTIME_ID and CLOCK_THREAD_CPUTIME_ID of the caller.
uint64_t process_clock_cpu_ns(bool thread_only);

// ITIMER_REAL in ns (0: disarmed); alarm(2) is built on it. Each may be NULL.
void process_itimer_real(const uint64_t *value_ns, const uint64_t *interval_ns,
			 uint64_t *old_value_ns, uint64_t *old_interval_ns);

// Gives the calling thread |parts| (enum fs_share) of its own if others share them. 0 or -ENOMEM.
int __must_check process_unshare_fs(unsigned parts);
// unshare(2). 0, -EINVAL, -ENOMEM.
int __must_check process_unshare(uint64_t flags);

// membarrier(2).
int process_membarrier(int cmd, unsigned flags, int cpu);

// ITIMER_VIRTUAL and ITIMER_PROF likewise. All CPU time counts for both.
void process_itimer_cpu(int which, const uint64_t *value_ns, const uint64_t *interval_ns,
			uint64_t *old_value_ns, uint64_t *old_interval_ns);
void process_itimers_stop(struct process *p); // at its end

// set_tid_address(2), set_robust_list(2), get_robust_list(2), rseq(2).
int process_set_tid_address(struct uptr p); // the caller's tid
int process_set_robust_list(struct uptr head, uint64_t bytes);
int process_get_robust_list(int tid, struct uptr *head, uint64_t *bytes);
int process_rseq(struct uptr area, uint32_t bytes, int flags, uint32_t sig);

// The machine ends when the program does. |kind| and |code| are those of struct ctl_exit. Called
// once, in the context of a kernel or user thread with interrupts on; must not return.
typedef void machine_end_fn(uint32_t kind, uint32_t code);
void process_set_machine_end(machine_end_fn *fn);
void __noreturn process_end_machine(uint32_t kind, uint32_t code);
// A signal from the host (CTL_SIGNAL) to the program. Interrupt context.
void process_signal_program(int sig);
