// Between thread.c, sched.c, switch.c and switch.S.
#pragma once

#include "kernel/sched/thread.h"

// switch.S.
void sched_thread_trampoline(void);
void __noreturn sched_enter_user(struct pt_regs *regs, void (*entry)(void));
// The first code of a new thread, called by the trampoline.
void __noreturn sched_thread_first(void);
// switch.c, for switch.S: the first part takes the run queue's lock and chooses; the second one, on
// the new stack, gives the lock back, turns interrupts on, and lets go of who ran before.
struct sched_handover {
	uint64_t sp;       // the stack of who comes; 0: the caller goes on
	uint64_t *save_sp; // thread->kernel_sp of who goes
};
struct sched_handover sched_leave(void);
void sched_arrive(uint64_t *prev_sp);
void sched_switch_init(void);

// thread.c
void thread_init_boot(struct thread *t);
void thread_for_each(void (*fn)(struct thread *t, void *arg), void *arg);
