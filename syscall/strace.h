// Tracing of system calls in the shape of strace(1), to the kernel log channel. Nothing here runs
// while tracing is off.
#pragma once

#include "kernel/base/ptregs.h"

struct strace_call;

// Chooses the calls: see syscall_trace_configure. 0 or -EINVAL.
int __must_check strace_select(const char *list);
// Prints the arguments known before the call. NULL: not traced, or out of memory (then this line
// is lost). Calls that do not return are printed whole.
struct strace_call *strace_enter(uint32_t nr, const struct pt_regs *regs);
// Adds what the call gave back and writes the line; takes |call| over. NULL is fine.
void strace_leave(struct strace_call *call, int64_t result);
