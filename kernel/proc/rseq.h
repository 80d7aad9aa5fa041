// Restartable sequences (rseq(2)): the CPU number that a thread reads from user memory, and the
// abort of a critical section that was interrupted.
#pragma once

#include "kernel/base/ptregs.h"

// Before user mode after the thread was preempted, moved or is about to run a handler: writes the
// CPU number and sends the thread to its abort address if it is inside a critical section. 0, or
// -EFAULT, -EINVAL: the thread's memory is wrong (SIGSEGV).
int __must_check rseq_fixup(struct pt_regs *regs);
