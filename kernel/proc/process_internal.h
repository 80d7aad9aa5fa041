// Between process.c, exit.c, exec.c, clone.c and the signal files.
#pragma once

#include "kernel/proc/process.h"

// process.c. A process of one thread to be: limits and signal actions fresh, not yet in any table.
struct process *__must_check process_create(struct process *parent);
// Makes |t| a thread of |p| under number |tid| (a new one if 0). -EAGAIN, -ENOMEM.
int __must_check process_add_thread(struct process *p, struct thread *t);
void process_set_program(struct process *p);
struct process *process_program(void);
struct process *process_pid1(void);
void process_tree_lock(void);
void process_tree_unlock(void);
void process_init(void);
// usage.c
void process_timers_init(struct process *p);
// oom.c: the handler of aspace_set_oom_handler().
bool process_oom(struct aspace *as);
// futex.c
void futex_init(void);

// exit.c. Ends all other threads of the calling process and gives the caller the process's number.
// 0 or -EAGAIN if the process is ending or another thread does the same.
int __must_check process_become_single(void);
// What a thread owes to user memory at its end or at exec: robust list, clear_child_tid.
void process_release_user(void);
// True if the calling thread has to end now (exit_group, exec in another thread).
bool process_must_end(void);

static inline uint64_t sighand_lock(struct process *p)
{
	return spin_lock_irqsave(&p->sighand->lock);
}
static inline void sighand_unlock(struct process *p, uint64_t irq)
{
	spin_unlock_irqrestore(&p->sighand->lock, irq);
}
