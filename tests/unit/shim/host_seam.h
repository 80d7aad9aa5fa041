// What tests may ask of the host's versions of kernel/base: list tests/unit/shim/host_seam.c among
// a test's sources. Spinlocks check ranks, double locking and owners, and abort on a violation.
#pragma once

#include "lib/compiler.h"

#include <setjmp.h>

// While set, panic() jumps there instead of aborting: for tests that a check really fires.
extern _Thread_local jmp_buf *host_panic_jump;
// If set: takes the interrupts that the calling thread's CPU has pending, true if there were any.
// Called where a CPU waits with interrupts on.
extern bool (*host_interrupts)(void);
// Called once a thread when it becomes a CPU (weak: host_waitq.c has the one that does something).
void host_cpu_claimed(unsigned cpu);
// Spinlocks that this thread holds.
unsigned host_spinlocks_held(void);
// The seed of this run (OURO_TEST_SEED or the time), printed once; and numbers that follow from it.
uint64_t host_seed(void);
uint64_t host_random(void);
// A number below |n|.
uint64_t host_random_below(uint64_t n);
