// Between thread.c, sched.c and switch.S.
#pragma once

#include "kernel/sched/thread.h"

// switch.S.
void sched_thread_trampoline(void);
void __noreturn sched_enter_user(struct pt_regs *regs, void (*entry)(void));
// The first code of a new thread, called by the trampoline with the thread that ran before.
void __noreturn sched_thread_first(struct thread *prev);
// Gives the run queue's lock back after a switch and frees |prev| if it ended.
void sched_finish_switch(struct thread *prev);

// thread.c
void thread_init_boot(struct thread *t);
void thread_for_each(void (*fn)(struct thread *t, void *arg), void *arg);
