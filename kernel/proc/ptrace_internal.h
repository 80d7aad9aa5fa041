// Between the files of ptrace(2): ptrace.c (who traces whom), ptrace_request.c, ptrace_stop.c (what
// tracees do), ptrace_regs.c (registers), and those that call them.
#pragma once

#include "kernel/proc/ptrace.h"
#include "kernel/proc/ptrace_uapi.h"
#include "kernel/proc/signal_internal.h"

struct clone_request;
struct wait_request;
struct wait_result;

static inline bool is_traced(const struct uthread *u)
{
	return u->trace && READ_ONCE(u->trace->tracer);
}
static inline bool trace_option(const struct tracee *tr, unsigned event)
{
	return tr->options >> event & 1; // PTRACE_O_TRACE*: 1 << PTRACE_EVENT_*
}

// ---- ptrace_stop.c: by the tracee itself, without locks

// Stops if traced, and the tracer asked for |event| (PTRACE_EVENT_*).
void ptrace_event(unsigned event, uint64_t message);
void ptrace_exec_event(int old_tid);
// Does a tracer without privileges keep exec from giving some (set-user-id)?
bool ptrace_forbids_setid(void);
// The thread is about to end, with |code| as wait4 reports it.
void ptrace_exit_event(int code);
// A signal was taken from the queue: the one to deliver instead, 0: none.
int ptrace_signal(int sig, struct siginfo *info);
// Stops for the group's stop or because of the tracer. True: it was stopped, look again.
bool ptrace_trap(void);
// A handler is set up: a step ends here. |before| it: true if there was one.
bool ptrace_handler_before(struct pt_regs *regs);
void ptrace_handler_after(void);
// With the sighand lock of |u|'s process held: is there a reason to call ptrace_trap()?
bool ptrace_trap_wanted(const struct process *p, const struct uthread *u);
// SIGCONT was sent.
void ptrace_continued_locked(struct process *p);
// A stop signal came while the group is stopped: tracees that went on stop again.
void ptrace_stop_again_locked(struct process *p);
// With the lock: |tr| goes on with signal |code| (or, with PTRACE_LISTEN, looks again).
void ptrace_release_locked(struct tracee *tr);

// ---- ptrace.c

// What a child is born with, or NULL; -ENOMEM. |*event| is to be reported (PTRACE_EVENT_*, 0:
// none).
int __must_check ptrace_clone_begin(const struct clone_request *req, struct tracee **tr,
				    unsigned *event);
// The child exists, and has not run: it is traced as the caller is.
void ptrace_clone_finish(struct tracee *tr, struct thread *child);
// The calling thread has left its process. True: its number is kept until the tracer has waited.
bool ptrace_thread_left(struct thread *t, int status);
// The calling thread ends: so does its tracing.
void ptrace_tracer_left(void);
// The calling thread, of another number so far, is its process's first and only one now.
void ptrace_became_leader(void);
// With the tree lock held: may the end of |p| be told to its parent? Else the tracer was told.
bool ptrace_may_notify_exit(struct process *p);
// For wait.c, with the tree lock held: as its consider(); |*out| is whom it is about.
int ptrace_wait_look(const struct wait_request *w, struct wait_result *r, struct tracee **out);
// Takes a zombie away. True if its process may go with it (process_tree_remove was done).
bool ptrace_reap(struct tracee *tr);
// With the tree lock held: |tr|'s tracer has no more to do with it.
void ptrace_abandon(struct tracee *tr);
// PTRACE_TRACEME; PTRACE_ATTACH and PTRACE_SEIZE.
int ptrace_trace_me(void);
int ptrace_attach(struct thread *t, bool seize, uint64_t addr, uint64_t options);
int ptrace_check_options(uint64_t options);
// Who traces |t|: a thread's number, 0: nobody.
int ptrace_tracer_tid(struct thread *t);

// ---- ptrace_regs.c: for a tracee that is stopped, by its tracer. Results as ptrace(2)'s.
int64_t ptrace_peek_user(struct thread *t, uint64_t offset, struct uptr out);
int64_t ptrace_poke_user(struct thread *t, uint64_t offset, uint64_t value);
// Registers of |type| (NT_*) from or to |buf|; |*bytes| is its size and then what was moved.
// UINT64_MAX: all.
int64_t ptrace_regset(struct thread *t, uint64_t type, struct uptr buf, uint64_t *bytes, bool set);
int64_t ptrace_arch_prctl(struct thread *t, int option, uint64_t arg);
// The calling thread's debug registers, if it has any, to the CPU; before user mode.
void ptrace_load_debug(void);
void ptrace_drop_debug(void); // exec
// With the sighand lock held: the trap flag for a single step, on or off.
void ptrace_set_step(struct tracee *tr, bool on);

// ---- access.c
// May the calling thread trace |t|, or (|look|) look at it through /proc? Linux
// ptrace_may_access(), with the real and the file system's ids respectively.
bool process_may_access(struct thread *t, bool look);
// The address space of |p| with a reference; NULL: it has ended.
struct aspace *process_get_aspace(struct process *p);
