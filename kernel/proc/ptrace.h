// ptrace(2): a thread, the tracer, stops, looks at and changes others, its tracees.
//
// The relation (who traces whom) is guarded by the process tree's lock; what a tracee does about it
// (stops, what it reports, options) by the sighand lock of its process. ptrace.c has the protocol.
#pragma once

#include "kernel/proc/process.h"

struct pt_regs;
struct siginfo;

// What a tracee does when it runs on: struct tracee's |work|.
#define TRACE_CALLS   1u // stops at entry to and exit from system calls
#define TRACE_EMULATE 2u // stops at entry, and the call is not done
#define TRACE_STEP    4u // stops after one instruction

// Of a thread that is or was traced; made with the first tracer, it goes with the thread.
struct tracee {
	struct thread *thread; // a reference to it is held while there is a tracer
	// Written with the tree lock and the sighand lock held, read with either.
	struct thread *tracer; // with a reference; NULL: nobody
	// tree lock
	struct list_node node; // in the tracer's process->tracees
	bool zombie;           // it has ended; its number waits for the tracer
	int exit_status;       // then, unless its process was ended; as wait4 reports it

	// sighand lock
	uint32_t options;     // PTRACE_O_*
	bool seized;          // PTRACE_SEIZE
	bool stopped;         // waits for the tracer: its registers are the tracer's
	bool listening;       // PTRACE_LISTEN: stopped, but for the end of the group's stop
	bool trap, renotify;  // is to stop: PTRACE_INTERRUPT and the like; the group's stop changed
	bool own_step;        // it was the tracer who set the trap flag
	uint8_t work;         // read by the thread itself without
	int code;             // what wait reports, 0: it did; then the signal to go on with
	unsigned stop_seen;   // the group's stop for which it has stopped
	uint64_t message;     // PTRACE_GETEVENTMSG
	struct siginfo *info; // of the stop, on the thread's stack; or NULL
	uint64_t debug[8];    // debug registers as the tracer sees them (4 and 5: none)
};

int64_t ptrace_call(int64_t request, int pid, uint64_t addr, uint64_t data); // ptrace(2)

static inline unsigned ptrace_work(void)
{
	const struct tracee *tr = uthread_current()->trace;

	return unlikely(tr) ? READ_ONCE(tr->work) : 0;
}
// Around a system call of a thread with such work. Before: false, it is not to be done, its result
// is in regs->rax. After: the result, which the tracer may have changed.
bool __must_check ptrace_call_enter(struct pt_regs *regs);
int64_t ptrace_call_leave(struct pt_regs *regs, int64_t result);
// |watch| is told when the first thread is traced, and when none is any more: system calls are to
// come by the two functions above meanwhile. Once, at init; it must not sleep.
void ptrace_set_call_watch(void (*watch)(bool on));
// A debug exception in user mode, with DR6 as it was found. The si_code of its signal.
int ptrace_debug_trap(struct pt_regs *regs, uint64_t dr6);
// One in the kernel, which has turned the debug registers off: they come back before user mode.
void ptrace_debug_lost(void);

// process_vm_readv(2), process_vm_writev(2), the iovecs copied: |local| is what is moved.
struct uio;
struct uio_seg;
int64_t process_vm_rw(int pid, struct uio *local, const struct uio_seg *remote, unsigned count,
		      bool write);
