// System call entry: the table generated from syscalls.def, and what watches it.
#pragma once

#include "kernel/base/ptregs.h"
#include "lib/restart.h"

#define SYSCALL_COUNT 470

struct seq;

// Called by trap.S with interrupts on; regs->orig_rax is the number, the result goes to regs->rax.
// May sleep. Results of the restart family (kernel/sched/restart.h) are left for signal_on_return.
void syscall_dispatch(struct pt_regs *regs);

// Turns tracing on. |list| as strace's -e trace=: call names separated by commas, a leading '!'
// inverts; NULL or "" is all calls. 0, or -EINVAL for a name that is not in the list. Boot only.
int __must_check syscall_trace_configure(const char *list);
// Starts counting calls by number (ouro.stats). Boot only; costs nothing while off.
void syscall_stats_enable(void);
// Writes the exit report: calls by count if counting was on, and always the unimplemented calls
// that were asked for, with how often. Any thread; does not sleep.
void syscall_report(struct seq *out);

// For strace.c and the tests.
struct syscall_info {
	const char *name;
	uint8_t nargs;
	uint8_t kinds[6]; // enum arg_kind
};
// False, and the name "unknown", for a number that is not in the list.
bool syscall_info(uint64_t nr, struct syscall_info *out);
