// A thread is what the scheduler runs. Upper layers hang their own state off it through opaque
// pointers (process, fs context, futex state): sched never looks inside.
#pragma once

#include "kernel/base/percpu.h"
#include "kernel/base/ptregs.h"
#include "kernel/base/types.h"
#include "lib/list.h"
#include "lib/rbtree.h"

struct pgtable;
struct aspace;
struct process;
struct fs_context;
struct cred;

enum thread_state {
	THREAD_RUNNABLE,
	THREAD_RUNNING,
	THREAD_SLEEPING,      // only wake_thread ends it
	THREAD_INTERRUPTIBLE, // a signal ends it too
	THREAD_STOPPED,
	THREAD_KILLABLE, // only wake_thread and its end
	THREAD_TRACED,   // the same, and it is its tracer who wakes it
	THREAD_DEAD,
	THREAD_MOVING, // runnable, on its way to another CPU's queue
};

struct thread {
	// set by anyone, read on return to user mode and by interruptible sleeps; atomic. First:
	// trap.S reads it.
	uint32_t pending; // enum thread_pending

	// read-only after creation
	int tid;
	int tgid;                // its process's number; 0 for kernel threads
	void *kstack;            // lowest address; KSTACK_BYTES long
	void *kstack_top;        // where a trap from user mode starts pushing (TSS.rsp0)
	struct process *process; // NULL for kernel threads

	// owned by the thread itself
	uint64_t kernel_sp;      // saved while switched out
	struct pt_regs *regs;    // user registers, at the top of the kernel stack
	struct aspace *aspace;   // borrowed from the process; NULL for kernel threads
	struct pgtable *pgtable; // what CR3 holds while it runs; the kernel's for kernel threads
	struct fs_context *fsctx;
	struct cred *cred;
	uint64_t fs_base, gs_base; // user segment bases
	void *fpu;                 // XSAVE or FXSAVE area above kstack_top; NULL: kernel thread
	void (*start)(void *arg);  // run in the kernel first; a user thread then enters user mode
	void *start_arg;
	struct uthread *uthread; // kernel/proc's part: signals, tid address, robust list, rseq

	// guarded by the run queue lock
	enum thread_state state;
	union {
		struct list_node run_node; // real-time
		struct rb_node fair_node;  // all others
	};
	unsigned cpu;
	bool queued;
	bool to_back;    // gives way to its equals at the next schedule()
	uint8_t prio;    // what it runs at: prio.h
	uint8_t policy;  // SCHED_*
	uint8_t rt_prio; // 1 to 99 with a real-time policy, else 0
	int8_t nice;
	bool reset_on_fork;
	uint16_t ioprio;           // as ioprio_set(2) has it
	uint8_t boost;             // PRIO_NONE - what it was lent (prio.h); 0: nothing
	uint64_t vruntime, vscale; // time it got, the scarcer its weight the faster: runqueue.h
	uint64_t affinity;         // bit per CPU
	uint64_t runtime_tsc, slice_start_tsc; // thread_runtime_ns() converts
	uint64_t switches_voluntary, switches_forced;
	// own: does it sleep soon after it woke somebody? Then that one can have its CPU.
	uint64_t woke_tsc; // 0: nobody since it slept
	uint8_t sync_score;

	uint32_t no_fault_depth;  // user faults are refused (uaccess nofault)
	uint8_t notify_on_switch; // own: enum notify_on_switch

	uint8_t mempolicy; // own; inherited (syscall/sys_numa.c)
#ifdef CONFIG_DEBUG_LOCKS
	uint8_t held_locks, held_ranks[12]; // own: sleeping locks, see mutex.h
#endif
	char comm[16];
	struct list_node
		all_node; // list of all threads (dump), guarded by the scheduler's list lock
	uint32_t refs;
};

enum thread_pending {
	PENDING_SIGNAL = 1 << 0,
	PENDING_RESCHED = 1 << 1,
	PENDING_KILL = 1 << 2,
	// Work for kernel/proc before user mode (rseq, stop). Also set by a system call that
	// replaces saved registers (exec, sigreturn): the short way back to user mode relies on
	// them.
	PENDING_NOTIFY = 1 << 3,
};

enum notify_on_switch {
	NOTIFY_RSEQ = 1 << 0, // being switched out of a trap sets PENDING_NOTIFY
	// It has debug registers: being switched out turns them off, and sets that in any case.
	NOTIFY_DEBUG = 1 << 1,
};

DECLARE_PERCPU(struct thread *, percpu_current);
static inline struct thread *thread_current(void)
{
	return this_cpu_read(percpu_current);
}

// A kernel thread, not yet running. NULL: out of memory. Starts at |entry| on its own stack.
struct thread *__must_check thread_create_kernel(const char *name, void (*entry)(void *),
						 void *arg);
// A user thread: its kernel stack holds a copy of |regs| and it enters user mode with them when
// first run (through kernel/init's return path). Takes no references: the caller fills the fields,
// and the area at t->fpu.
// |start|, if not NULL, runs first on the new stack and may change thread_current()->regs (exec).
struct thread *__must_check thread_create_user(const struct pt_regs *regs, void (*start)(void *),
					       void *arg);
// Where a thread goes to enter user mode: code of kernel/init that is jumped to with the stack
// pointer at its struct pt_regs (the top of its kernel stack) and that looks at thread->pending
// first, as after any trap. Registered once.
void sched_set_user_entry(void (*entry)(void));
// Sends a signal to a thread on behalf of a lower layer (SIGPIPE, SIGXFSZ): does nothing until
// kernel/proc has registered how. Any context.
void thread_send_signal(struct thread *t, int sig);
// Called with a thread that nobody refers to any more, before its record is freed: the owners of
// its opaque pointers let go of them. May be called in any context with interrupts on or off.
void thread_set_release(void (*release)(struct thread *t));
void thread_set_signal_sender(void (*send)(struct thread *t, int sig));
// CPU time used so far, the present slice included; sched_tsc_to_ns converts.
uint64_t thread_runtime_tsc(struct thread *t);
uint64_t thread_runtime_ns(struct thread *t);
uint64_t sched_tsc_to_ns(uint64_t tsc);
// Loads the calling thread's fs_base and gs_base into the CPU, and the reverse: with FSGSBASE the
// program changes them by itself. Interrupts are off.
void thread_load_segment_bases(struct thread *t);
void thread_save_segment_bases(struct thread *t);
void thread_get(struct thread *t);
void thread_put(struct thread *t);
// Ends the calling thread; its stack and record are freed by whoever runs next. Does not return.
void __noreturn thread_exit_current(void);
