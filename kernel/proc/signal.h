// Signals: actions, masks, queues, delivery. Numbers, flags and frames are those of
// <asm/signal.h>, <asm/siginfo.h> and <asm/ucontext.h>. A set is a uint64_t, bit |sig| - 1.
#pragma once

#include "kernel/base/lock.h"
#include "kernel/base/ptregs.h"
#include "kernel/base/types.h"
#include "lib/list.h"
#include "lib/restart.h"

struct process;
struct thread;
struct uthread;
#define TRAP_PAGE_FAULT 14 // exception vector

struct siginfo; // <asm/siginfo.h>'s siginfo_t

#define SIGNAL_COUNT   64
#define SIGSET_OF(sig) (1ull << ((sig)-1))

// struct sigaction of <asm/signal.h>, as rt_sigaction(2) passes it.
struct sig_action {
	uint64_t handler; // SIG_DFL, SIG_IGN or an address
	uint64_t flags;   // SA_*
	uint64_t restorer;
	uint64_t mask;
};

struct sighand { // shared by CLONE_SIGHAND
	uint32_t refs;
	struct spinlock lock; // RANK_SIGHAND, interrupts off; also guards what process.h says
	struct sig_action actions[SIGNAL_COUNT]; // index sig - 1
};

struct sigpending {
	uint64_t set;
	struct list_node queue; // of struct sigqueue (signal.c), oldest first
};

struct sig_altstack { // stack_t
	uint64_t sp;
	uint32_t flags;
	uint64_t bytes;
};

// What restart_syscall(2) continues after a signal without a handler. A call that returns
// -ERESTART_RESTARTBLOCK has filled it.
struct restart_block {
	int64_t (*fn)(struct restart_block *rb);
	uint64_t arg[6];
};
struct restart_block *restart_block_current(void);
int64_t signal_restart_syscall(void); // restart_syscall(2)

// The system calls; user pointers are copied by the caller. 0 or -errno as Linux.
int __must_check signal_set_action(int sig, const struct sig_action *new_, struct sig_action *old);
int __must_check signal_procmask(int how, const uint64_t *set, uint64_t *old);
uint64_t signal_pending_set(void);     // rt_sigpending
int64_t signal_suspend(uint64_t mask); // -ERESTARTNOHAND
int64_t signal_pause(void);            // -ERESTARTNOHAND
// rt_sigtimedwait: the number and its info, -EAGAIN at |deadline_ns| (monotonic), -EINTR.
int64_t signal_timedwait(uint64_t set, struct siginfo *info, uint64_t deadline_ns);
int __must_check signal_altstack(const struct sig_altstack *new_, struct sig_altstack *old,
				 uint64_t user_sp);
int __must_check signal_kill(int pid, int sig);             // kill
int __must_check signal_tgkill(int tgid, int tid, int sig); // tgkill; tgid 0: tkill
// rt_sigqueueinfo (tid 0) and rt_tgsigqueueinfo; |info| is the user's, already copied.
int __must_check signal_queueinfo(int tgid, int tid, int sig, struct siginfo *info);
// rt_sigreturn(2): restores |regs| from the frame at the user's stack pointer. The value for rax.
int64_t signal_return(struct pt_regs *regs);

// A mask for the duration of a call (ppoll, pselect, epoll_pwait): put back before user mode, or
// after the handler that it let in.
void signal_set_temp_mask(uint64_t mask);
// Puts the mask back now unless |interrupted| (then delivery does it).
void signal_end_temp_mask(bool interrupted);
// True if a signal would end an interruptible sleep of the caller.
bool signal_is_pending(void);

// Sending from the kernel. |info| NULL: SI_KERNEL. Any context. 0 or -EAGAIN (queue limit).
int signal_send_process(struct process *p, int sig, const struct siginfo *info);
int signal_send_thread(struct thread *t, int sig, const struct siginfo *info);

// A program error (fault, trap) at |regs| from user mode: cannot be blocked or ignored. |trapno|
// and |error| are the exception vector and its error code; |addr| is si_addr (and CR2 for page
// faults). Queues the signal: it is delivered by signal_on_return before user mode.
void signal_force_fault(int sig, int code, uint64_t addr, unsigned trapno, uint64_t error,
			struct pt_regs *regs);
// The same without an address (SI_KERNEL); signal_force_fatal also takes the handler away.
void signal_force(int sig);
void signal_force_fatal(int sig);

// Before user mode whenever thread_current()->pending is not 0: reschedules, delivers signals,
// arranges call restarts. Interrupts on, no locks held. regs->orig_rax must be >= 0 exactly if this
// is the return from a system call. The caller re-checks |pending| with interrupts off afterwards.
// Does not return if the thread has to end.
void signal_on_return(struct pt_regs *regs);

// For clone, exec and exit (kernel/proc only).
struct sighand *__must_check sighand_create(void);
struct sighand *sighand_get(struct sighand *s);
void sighand_put(struct sighand *s);
struct sighand *__must_check sighand_clone(struct sighand *s);
void sigpending_init(struct sigpending *p);
void sigpending_flush(struct sigpending *p);
// The calling thread has left its process: signals meant for all go to another thread.
void signal_thread_left(struct thread *t);
// Handlers to default; ignored signals stay so. For a process that nobody else can see, or with
// its sighand lock held.
void signal_reset_handlers(struct process *p);
// With kill(2)'s check of permission, to a thread or (NULL) the process; |info| NULL: as kill(2).
int signal_send_checked(struct process *p, struct thread *t, int sig, struct siginfo *info);
int signal_send_group(int pgid, int sig, struct siginfo *info);
// As kill(2) of the calling process, without its checks.
int signal_send_user(struct process *p, int sig);
void signal_exec_reset(struct process *p); // handlers to default, alternate stack off
