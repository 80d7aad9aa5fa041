// Between process.c, exit.c, exec.c, clone.c and the signal files.
#pragma once

#include "kernel/proc/process.h"

// process.c. A process of one thread to be: limits fresh, no signal actions, not yet in any table.
struct process *__must_check process_create(struct process *parent);
// Makes |t| a thread of |p| under number |tid| (a new one if 0). -EAGAIN, -ENOMEM.
int __must_check process_add_thread(struct process *p, struct thread *t);
void process_set_program(struct process *p);
struct process *process_program(void);
struct process *process_pid1(void);
void process_init(void);
// Signal actions of its own instead of those shared with another process (exec). 0 or -ENOMEM.
int __must_check process_own_sighand(struct process *p);
// Takes a process that is in no tree out of the table; its number and the table's reference go.
void process_forget(struct process *p);

// tree.c. The lock (a mutex, RANK_PROCESS_TREE) guards parents, children, groups and sessions.
void process_tree_init(void);
void process_tree_lock(void);
void process_tree_unlock(void);
// With the lock held: makes |p| a child of its parent, in group |pgid| and session |sid|. 0 or
// -ENOMEM.
int __must_check process_tree_add(struct process *p, int pgid, int sid);
// With the lock held: takes a zombie out. The caller then calls process_forget without the lock.
void process_tree_remove(struct process *p);
// With the lock held: |p| is ending. Its children go to the next subreaper or pid 1; zombies among
// them that nobody will wait for are put on |dead| by their sibling node, for process_forget.
// Groups that lose their last tie to the session and have stopped members are hung up.
void process_tree_leave(struct process *p, struct list_node *dead);
// The thread |tid| of |p| ended while others live: PR_SET_PDEATHSIG of the children it made.
void process_tree_thread_left(struct process *p, int tid);
// With the lock held: true if no member's parent is in the session but outside of the group.
bool process_group_orphaned(int pgid, int sid, const struct process *but);

// wait.c. With the tree lock held: |p| has become a zombie; tells its parent. True if nobody will
// wait for it.
bool process_notify_exit(struct process *p);
// Tells the parent that all threads of |p| have stopped, or that they go on. Takes the tree lock.
void process_notify_stop(struct process *p);
void process_notify_continue(struct process *p);
// With the tree lock held: the same, and what a tracer is told: of a stop (CLD_*, and the signal),
// of the end with |wait_status|.
void process_notify_stop_locked(struct process *p);
void process_notify_trace(const struct tracee *tr, int code, int status);
void process_notify_trace_exit(const struct tracee *tr, int wait_status);
// With the tree lock held: what wait tells of an end.
struct wait_request;
struct wait_result;
void process_fill_exit(struct wait_result *r, int wait_status);
// With the sighand lock held, too: true if the end of |c|'s stop is there to be told.
bool process_take_continue_locked(const struct wait_request *w, struct process *c,
				  struct wait_result *r);
// The calling process has waited for its child |c|: its usage is counted, it is out of the tree.
void process_reap_locked(struct process *c);
// sigdeliver.c, with the sighand lock held: |u| stops with its group. True: it is the last one.
bool process_join_stop_locked(struct process *p, struct uthread *u);

// fork.c. A process for |child|, a thread to be, as |req| says; it is in no tree yet. 0 or -errno.
struct clone_request;
int __must_check process_fork(const struct clone_request *req, struct thread *child,
			      struct process **out);
void process_fork_undo(struct process *p);
// The calling process leaves the address space it may share with its parent (vfork): exec, exit.
void process_vfork_release(struct process *p);
// usage.c
void process_timers_init(struct process *p);
void process_cpu_limit_changed(struct process *p); // RLIMIT_CPU was set
void sigio_init(void);                             // sigio.c: the sender of fs/fasync.h
// oom.c: the handler of aspace_set_oom_handler().
bool process_oom(struct aspace *as);
// futex.c
void futex_init(void);
void futex_pi_init(void);

// exit.c. Ends all other threads of the calling process and gives the caller the process's number.
// 0 or -EAGAIN if the process is ending or another thread does the same.
int __must_check process_become_single(void);
// What a thread owes to user memory at its end (|dies|) or at exec: robust list, locks with
// priority inheritance, clear_child_tid.
void process_release_user(bool dies);
// Exchanges the calling thread's files (the reference is taken over; NULL: none) and lets go of the
// old ones. /proc looks at other threads' under the sighand lock.
void process_set_fs(struct fs_context *c);
// The files of |p|'s first thread that has any, with a reference; NULL: none.
struct fs_context *process_get_fs(struct process *p);
// True if the calling thread has to end now (exit_group, exec in another thread).
bool process_must_end(void);

// The lock moves when exec replaces shared signal actions.
static inline uint64_t sighand_lock(struct process *p)
{
	for (;;) {
		struct sighand *s = READ_ONCE(p->sighand);
		uint64_t irq = spin_lock_irqsave(&s->lock);

		if (likely(s == READ_ONCE(p->sighand)))
			return irq;
		spin_unlock_irqrestore(&s->lock, irq);
	}
}
static inline void sighand_unlock(struct process *p, uint64_t irq)
{
	spin_unlock_irqrestore(&p->sighand->lock, irq);
}
