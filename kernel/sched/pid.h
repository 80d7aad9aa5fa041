// Thread and process numbers: one space, from 2 on (1 is the kernel's reaper), handed out in rising
// order and reused only after the whole range was. A number stays taken until pid_free, also when
// its thread is gone (zombies, group leaders).
#pragma once

#include "lib/compiler.h"

struct thread;

#define PID_MAX 4194304 // Linux's limit on 64 bits: numbers are smaller than this

// A new number for |t| (may be NULL). -EAGAIN: none left or out of memory. Any context.
int __must_check pid_alloc(struct thread *t);
void pid_free(int pid);
// How many numbers are taken so.
unsigned pid_count(void);
// The number stays taken but pid_find_thread no longer finds a thread.
void pid_detach(int pid);
// The number names |t| from now on (exec in a thread that is not the first).
void pid_attach(int pid, struct thread *t);
// The thread with that number and a reference to it, or NULL.
struct thread *pid_find_thread(int pid);
// A group or session goes by the number of the process that made it: while processes belong to it,
// the number is held and is not handed out again, even after pid_free. -ENOMEM only for a number
// that nobody holds yet.
int __must_check pid_hold(int pid);
void pid_drop(int pid);
// The lowest number in use that is >= |from|, or -1.
int pid_next(int from);
