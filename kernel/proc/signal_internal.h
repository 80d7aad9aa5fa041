// Between signal.c (queues and sending), sigcalls.c (system calls) and sigdeliver.c (delivery).
#pragma once

#include <linux/signal.h>

#include "kernel/proc/process_internal.h"

enum sig_default { SIG_ACT_TERM, SIG_ACT_CORE, SIG_ACT_IGN, SIG_ACT_STOP, SIG_ACT_CONT };
enum sig_default sig_default_action(int sig);

#define SIGSET_KILL_STOP (SIGSET_OF(SIGKILL) | SIGSET_OF(SIGSTOP))
#define SIGSET_STOPS                                                                               \
	(SIGSET_OF(SIGSTOP) | SIGSET_OF(SIGTSTP) | SIGSET_OF(SIGTTIN) | SIGSET_OF(SIGTTOU))
#define SIGSET_SYNCHRONOUS                                                                         \
	(SIGSET_OF(SIGSEGV) | SIGSET_OF(SIGBUS) | SIGSET_OF(SIGILL) | SIGSET_OF(SIGTRAP) |         \
	 SIGSET_OF(SIGFPE) | SIGSET_OF(SIGSYS))

static inline bool sig_valid(int sig)
{
	return sig >= 1 && sig <= SIGNAL_COUNT;
}

// All with the process's sighand lock held.
// Takes the next signal of |set| for the calling thread into |info|: its number, or 0.
int sig_dequeue_locked(struct process *p, struct uthread *u, uint64_t set, siginfo_t *info);
// Sets or clears the calling thread's PENDING_SIGNAL.
void sig_recalc_locked(struct process *p, struct uthread *u);
// Changes the calling thread's mask (never KILL and STOP) and what follows from it.
void sig_set_blocked_locked(struct process *p, struct uthread *u, uint64_t blocked);
void sig_drop_locked(struct process *p, uint64_t set); // removes pending ones everywhere
// Queues for |u|, or for the process if NULL, and wakes who will take it. 0 or -EAGAIN.
int sig_send_locked(struct process *p, struct uthread *u, int sig, const siginfo_t *info);

// A POSIX timer's signal, beside others of its number. False: dropped.
bool sig_send_timer_locked(struct process *p, struct uthread *u, int sig, const siginfo_t *info);
void sig_drop_timer_locked(struct process *p, int id); // takes that back
// Number |n| of those that are queued with details. False: there are not so many.
bool sig_peek_locked(const struct sigpending *p, uint64_t n, siginfo_t *info);
// What readers of a signalfd of |p| wait on; shared with other processes.
struct waitq *signal_fd_queue(const struct process *p);

// The same for the caller's own mask, taking the lock.
void sig_set_blocked(uint64_t blocked);
